#!/usr/bin/env python3
"""Makes Tests/Golden/classifiers: small random classifiers as saved by timm and transformers, with their logits and
autograd's maps.

    venv/bin/python Tools/golden/make_classifiers.py [CASE ...]

Like `make_families.py`, parts of which it uses: float64, seeded lively weights, maps from torch's autograd with respect to the
attention probabilities, for the classes 0, 3 and 7.
"""
import copy
import json
import shutil
import sys

import numpy as np
import timm
import torch
import transformers
from timm.models import save_for_hf

import make_families as families
from npz import save_npz

OUT = families.OUT.parent / "classifiers"
CLASSES, EXPLAINED = 10, (0, 3, 7)
SMALL = dict(img_size=32, patch_size=8, embed_dim=48, depth=2, num_heads=3, num_classes=CLASSES)

CASES = {
    "timm_max": ("vit_base_patch16_224", dict(SMALL, global_pool="max")),
    "timm_max_norm_first": ("vit_base_patch16_224", dict(SMALL, global_pool="max", fc_norm=False)),
    "timm_avgmax": ("deit3_base_patch16_224", dict(SMALL, global_pool="avgmax")),
    "timm_avgmax_norm_first": ("vit_base_patch16_224", dict(SMALL, global_pool="avgmax", fc_norm=False)),
    "timm_map": ("vit_base_patch16_siglip_224", dict(SMALL)),
    "timm_rpn_max": ("vit_base_patch16_rpn_224", dict(SMALL, global_pool="max")),
    "timm_mean_of_all": ("vit_base_patch16_reg4_gap_256", dict(SMALL, pool_include_prefix=True)),
    # The gate and the value are one matrix.
    "timm_eva02": ("eva02_tiny_patch14_224", dict(SMALL, ref_feat_shape=(5, 5))),
}

# After those of Hugging Face: the seeds depend on the order.
LATER = {"timm_deit3": ("deit3_base_patch16_224", dict(SMALL))}
# The position table is for pictures of 40 pixels, which are cut to 32.
DINO = dict(hidden_size=48, num_hidden_layers=2, num_attention_heads=3, image_size=40, patch_size=8)

TINY = dict(hidden_size=48, num_hidden_layers=2, num_attention_heads=3, intermediate_size=96, image_size=32, patch_size=8)
LABELS = dict(id2label={number: f"kind {number}" for number in range(CLASSES)})
HUGGING_FACE = {
    "hf_vit": lambda: transformers.ViTForImageClassification(transformers.ViTConfig(**TINY, **LABELS)),
    "hf_vit_without_qkv_bias": lambda: transformers.ViTForImageClassification(
        transformers.ViTConfig(**TINY, **LABELS, qkv_bias=False, hidden_act="gelu_pytorch_tanh", layer_norm_eps=1e-3)),
    "hf_deit": lambda: transformers.DeiTForImageClassification(transformers.DeiTConfig(**TINY, **LABELS)),
    "hf_clip": lambda: transformers.CLIPForImageClassification(
        transformers.CLIPConfig(vision_config=TINY, **LABELS)),
}
DINOV2 = {
    "hf_dinov2": lambda: transformers.Dinov2ForImageClassification(transformers.Dinov2Config(**DINO, **LABELS)),
    "hf_dinov2_swiglu": lambda: transformers.Dinov2ForImageClassification(
        transformers.Dinov2Config(**DINO, **LABELS, use_swiglu_ffn=True)),
    "hf_dinov2_registers": lambda: transformers.Dinov2WithRegistersForImageClassification(
        transformers.Dinov2WithRegistersConfig(**DINO, **LABELS, num_register_tokens=4)),
    "hf_dinov2_registers_swiglu": lambda: transformers.Dinov2WithRegistersForImageClassification(
        transformers.Dinov2WithRegistersConfig(**DINO, **LABELS, num_register_tokens=4, use_swiglu_ffn=True)),
}
PROCESSORS = {
    name: lambda: transformers.BitImageProcessorPil(
        size=dict(shortest_edge=36), crop_size=dict(height=32, width=32), resample=3,
        image_mean=[0.485, 0.456, 0.406], image_std=[0.229, 0.224, 0.225]) for name in DINOV2
} | {
    "hf_vit": lambda: transformers.ViTImageProcessorPil(size=dict(height=32, width=32)),
    "hf_deit": lambda: transformers.DeiTImageProcessorPil(size=dict(height=36, width=36),
                                                          crop_size=dict(height=32, width=32)),
}


class HuggingFaceClassifier(families.Tower):
    pooler = trunk = None

    def __init__(self, model):
        self.model = model
        self.clip = getattr(model, "vision_model", None)
        self.base = self.clip or getattr(model, "vit", None) or model.deit
        self.blocks = self.clip.encoder.layers if self.clip else self.base.layers
        self.prefix = 2 if hasattr(model, "deit") else 1

    def visual(self, pixels):
        return self.model(pixels, interpolate_pos_encoding=True).logits

    def norm(self, x):
        return x if self.clip else self.base.layernorm(x)

    def project(self, x):
        return self.model.classifier(x)

    def own(self, z):
        return self.project(z[:, 1:].mean(1) if self.clip else self.norm(z)[:, 0])


class DINOv2Classifier(families.Tower):
    pooler = trunk = None

    def __init__(self, model):
        self.visual = self.model = model
        self.base = model.base_model
        self.blocks, self.prefix = self.base.encoder.layer, 1 + getattr(model.config, "num_register_tokens", 0)

    def own(self, z):
        z = self.base.layernorm(z)
        return self.model.classifier(torch.cat([z[:, 0], z[:, self.prefix:].mean(1)], dim=1))

    # No mean of all tokens could represent the two vectors that the head uses.
    official = own


class Classifier(families.Tower):
    def __init__(self, model):
        self.visual = self.trunk = model
        self.blocks, self.prefix = model.blocks, model.num_prefix_tokens
        self.pooler = model.attn_pool

    def project(self, x):
        return self.trunk.head(x)

    def own(self, z):
        return self.trunk.forward_head(self.trunk.norm(z))


def compute(model, dynamic, inputs, dtype, kind):
    forward, heat = {}, {}
    tower = kind(copy.deepcopy(model).to(dtype))
    with torch.no_grad():
        logits, tokens, blocks, probabilities = tower.run(inputs["pixels"].to(dtype))
        logits = getattr(logits, "logits", logits)
        entropy = [float(-(p * p.log()).sum(-1).mean() / np.log(p.shape[-1])) for p in probabilities]
        forward["logits"], forward["image0.tokens_in"] = logits, tokens[0]
        for layer, z in enumerate(blocks):
            forward[f"image0.block{layer}"] = z[0]
        assert (tower.own(blocks[-1]) - logits).abs().max() < 1e-5
    classes = torch.eye(CLASSES, dtype=dtype)[list(EXPLAINED)]
    for size, source in dict(native=model, large=dynamic).items():
        tower, pixels = kind(copy.deepcopy(source).to(dtype)), inputs[size].to(dtype)
        grid = tuple(side // 8 for side in pixels.shape[-2:])
        heat[f"{size}.official.layers"] = families.maps(tower, pixels, classes, tower.official, "dot", grid)
        heat[f"{size}.paper.layers"] = families.maps(tower, pixels, classes, tower.own, "dot", grid)
        logits = tower.run(pixels)[0]
        heat[f"{size}.image_embedding"] = getattr(logits, "logits", logits).detach()[0]
    return [{k: v.detach().double().numpy() for k, v in d.items()} for d in (forward, heat)] + [entropy]


def make(name, seed):
    is_timm = name in CASES or name in LATER
    if is_timm:
        architecture, arguments = (CASES | LATER)[name]
        # If norms follow the branches, the input of attention is not normalised.
        lively = dict(queries=0.6, stem=1.0) if "rpn" in architecture else {}
        model = families.enliven(timm.create_model(architecture, **arguments).eval(), seed, **lively)
        dynamic, kind = timm.create_model(architecture, **arguments, dynamic_img_size=True).eval(), Classifier
        dynamic.load_state_dict(model.state_dict())
    else:
        model = dynamic = families.enliven((HUGGING_FACE | DINOV2)[name]().eval(), seed)
        architecture, kind = type(model).__name__, DINOv2Classifier if name in DINOV2 else HuggingFaceClassifier
    g = torch.Generator().manual_seed(seed + 1000)
    picture = lambda h, w, n: torch.nn.functional.interpolate(
        torch.randn(n, 3, 5, 5, generator=g), size=(h, w), mode="bicubic") + 0.3 * torch.randn(n, 3, h, w, generator=g)
    pixels = picture(32, 32, 2)
    inputs = dict(pixels=pixels, native=pixels[:1], large=picture(40, 56, 1))
    wide, narrow = (compute(model, dynamic, inputs, dtype, kind) for dtype in (torch.float64, torch.float32))
    folder = OUT / name
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "expected").mkdir(parents=True)
    expected = {}
    for file, want, other in zip(("forward.npz", "heatmaps.npz"), wide, narrow):
        facts, arrays = {}, {}
        for key, value in want.items():
            noise, largest = float(np.abs(value - other[key]).max()), float(np.abs(value).max())
            assert np.isfinite(value).all() and largest > 0, key
            arrays[key] = value.astype(np.float32)
            facts[key] = dict(shape=list(value.shape), dtype="float32", max_abs=largest, f32_noise=noise,
                              atol=max(20 * noise, 4e-6 * largest, 1e-9))
        if file == "forward.npz":
            arrays["pixel_values"] = pixels.numpy()
        save_npz(folder / "expected" / file, arrays)
        expected[file] = facts
    save_npz(folder / "expected" / "preprocess.npz",
             {f"image_a.{size}.tensor": inputs[size][0].numpy() for size in ("native", "large")})
    if is_timm:
        save_for_hf(model, str(folder / "checkpoints" / "timm"), safe_serialization=True)
    else:
        model.save_pretrained(folder / "checkpoints" / "hf")
        PROCESSORS.get(name, PROCESSORS["hf_vit"])().save_pretrained(folder / "checkpoints" / "hf")
    case = dict(case=name, family=architecture, seed=seed,
                made_with=dict(timm=timm.__version__, transformers=transformers.__version__, torch=torch.__version__.split("+")[0]),
                checks=dict(attention_entropy=[round(e, 3) for e in wide[2]]), expected=expected)
    (folder / "case.json").write_text(json.dumps(case, indent=1) + "\n")
    assert all(0.5 < e < 0.97 for e in wide[2]), f"attention is not lively: {wide[2]}"


if __name__ == "__main__":
    for number, name in enumerate([*CASES, *HUGGING_FACE, *LATER, *DINOV2]):
        if not sys.argv[1:] or name in sys.argv[1:]:
            make(name, 500 + number)
            print(name)
