#!/usr/bin/env python3
"""Makes Tests/Golden/*/*/expected/relevance.npz, and relevance.json with a tolerance for each array: LRP, partial LRP and
Transformer Attribution by both published sets of rules, on several sizes of picture.

    git clone https://github.com/hila-chefer/Transformer-Explainability original
    venv/bin/pip install einops
    PYTHONPATH=original venv/bin/python Tools/golden/make_relevance.py [CASE ...]

The modules are the original repository's own: `ViT_LRP` (rules "transformer") and `ViT_orig_LRP` (rules "original"), with the
weights of the case's checkpoint and a position table resampled as in timm. Missing parts are added: a norm before the
blocks and QuickGELU, which both pass relevance on, and tokens from a convolutional stem. The head is the bias-free linear map
from the normed class token to the dot products with the prompts. Each original model's output is compared with that of the
open_clip or timm module before anything is written. Numbers are computed in float64; `atol` = max(20 f32_noise, 4e-6 largest
value, 1e-9).

For each size and set of rules:

    lrp                                    method full: relevance of each pixel, the three colours together
    partial-lrp                            method last_layer: attention's relevance in the last block
    transformer-attribution.start{0,1}     method grad
"""
import copy
import importlib
import json
import sys

import numpy as np
import torch
from timm.layers import resample_abs_pos_embed

import make_families as families
from make_methods import EXPLAINED, Seen, Tower, load, resized
from npz import save_npz

SIZES = {"clip_gelu": ["native", "rect", "odd"], "clip_quickgelu": ["native", "rect", "odd"]}
CASES = ["clip_gelu", "clip_quickgelu", "clip_h14style", "vit_classifier", "eva01", "mobileclip_base"]
RULES = {"transformer": "baselines.ViT.ViT_LRP", "original": "baselines.ViT.ViT_orig_LRP"}


def original(rules, tower, seen, pixels, head):
    """The original model for pictures of this size, with the tower's weights."""
    module = importlib.import_module(RULES[rules])
    trunk, visual = tower.trunk, tower.visual
    layers, (_, heads, count, _) = len(tower.blocks), seen.attentions[0][0].shape
    width, stemmed = seen.outputs[0].shape[-1], trunk is not None and not hasattr(trunk.patch_embed.proj, "weight")
    convolution = visual.conv1 if trunk is None else trunk.patch_embed.proj
    patch = 16 if stemmed else convolution.kernel_size[0]
    parts = [dict(block.named_modules()) for block in tower.blocks]
    fc1 = [p["mlp.c_fc"] if trunk is None else p["mlp.fc1"] for p in parts]
    fc2 = [p["mlp.c_proj"] if trunk is None else p["mlp.fc2"] for p in parts]
    model = module.VisionTransformer(
        img_size=tuple(pixels.shape[-2:]), patch_size=patch, num_classes=len(head), embed_dim=width, depth=layers,
        num_heads=heads, qkv_bias=True, mlp_ratio=fc1[0].out_features / width + 1e-9)
    model.to(pixels.dtype).eval()

    class QuickGELU(module.GELU):
        def forward(self, x):
            return x * torch.sigmoid(1.702 * x)

    class FirstBlock(module.Block):
        def forward(self, x):
            return super().forward(self.before(x))

        def relprop(self, cam, **kwargs):
            return self.before.relprop(super().relprop(cam, **kwargs), **kwargs)

    class Stem(torch.nn.Module):
        def forward(self, x):
            return seen.inputs[0][:, 1:].detach()

    def fill(target, weight, bias=None):
        with torch.no_grad():
            assert target.weight.shape == weight.shape
            target.weight.copy_(weight)
            target.bias.zero_() if bias is None else target.bias.copy_(bias)

    def norm(target, source):
        fill(target, source.weight, source.bias)
        target.eps = source.eps

    with torch.no_grad():
        if stemmed:
            model.patch_embed = Stem()
            model.cls_token.copy_(seen.inputs[0][:, :1])
            model.pos_embed.zero_()
        else:
            fill(model.patch_embed.proj, convolution.weight, convolution.bias)
            model.cls_token.copy_(visual.class_embedding if trunk is None else trunk.cls_token)
            table = visual.positional_embedding[None] if trunk is None else trunk.pos_embed
            if table.shape != model.pos_embed.shape:
                grid = [side // patch for side in pixels.shape[-2:]]
                table = resample_abs_pos_embed(table, new_size=grid, num_prefix_tokens=1)
            model.pos_embed.copy_(table)
    for block, source, first, second in zip(model.blocks, tower.blocks, fc1, fc2):
        norm(block.norm1, source.ln_1 if trunk is None else source.norm1)
        norm(block.norm2, source.ln_2 if trunk is None else source.norm2)
        if trunk is None:
            fill(block.attn.qkv, source.attn.in_proj_weight, source.attn.in_proj_bias)
            fill(block.attn.proj, source.attn.out_proj.weight, source.attn.out_proj.bias)
        else:
            bias = source.attn.qkv.bias
            if bias is None:
                bias = torch.cat([source.attn.q_bias, torch.zeros_like(source.attn.q_bias), source.attn.v_bias])
            fill(block.attn.qkv, source.attn.qkv.weight, bias)
            fill(block.attn.proj, source.attn.proj.weight, source.attn.proj.bias)
        fill(block.mlp.fc1, first.weight, first.bias)
        fill(block.mlp.fc2, second.weight, second.bias)
        if trunk is None and "Quick" in type(source.mlp.gelu).__name__:
            block.mlp.act = QuickGELU()
    if trunk is None:
        first = model.blocks[0]
        first.__class__ = FirstBlock
        first.before = module.LayerNorm(width).to(pixels.dtype)
        norm(first.before, visual.ln_pre)
    norm(model.norm, visual.ln_post if trunk is None else trunk.norm)
    fill(model.head, head)
    return model


def compute(name, model, pixels, explained, dtype):
    tower = Tower(copy.deepcopy(model).to(dtype), classifier=name == "vit_classifier")
    pixels, explained = pixels.to(dtype), explained.to(dtype)
    seen = Seen(tower, pixels)
    width = seen.outputs[0].shape[-1]
    project = tower.trunk.head if tower.classifier else tower.project
    zero = torch.zeros(1, width, dtype=dtype)
    bias = project(zero)
    head = (explained @ (project(torch.eye(width, dtype=dtype)) - bias).T).detach()
    out, difference = {}, 0.0
    for rules in RULES:
        network = original(rules, tower, seen, pixels, head)
        result = network(pixels)
        wanted = (seen.embedding - bias)[0] @ explained.T
        difference = max(difference, float((result[0] - wanted).detach().abs().max()))
        maps = {}
        for prompt in range(len(explained)):
            network.zero_grad()
            result[0, prompt].backward(retain_graph=True)
            start = torch.zeros_like(result)
            start[0, prompt] = 1

            def run(key, method, **arguments):
                cam = network.relprop(start, method=method, alpha=1, **arguments)
                maps.setdefault(f"{key}.{rules}", []).append(cam.detach().reshape(cam.shape[-2:] if key == "lrp" else -1))
            if hasattr(network.patch_embed, "proj"):
                run("lrp", "full")
            run("partial-lrp", "last_layer")
            for first in (0, 1):
                run(f"transformer-attribution.start{first}", "grad", start_layer=first)
        out |= {key: torch.stack(value).double().numpy() for key, value in maps.items()}
    return out, difference


def make(name):
    model, dynamic, folder = load(name)
    pictures = np.load(folder / "expected/preprocess.npz")
    if name == "vit_classifier":
        explained = torch.eye(10)[[0, 3, 7]]
    else:
        explained = torch.from_numpy(np.load(folder / "expected/forward.npz")["text_embeddings_norm"])[:EXPLAINED]
    arrays, facts = {}, {}
    for size in SIZES.get(name, ["native", "large"]):
        pixels = torch.from_numpy(pictures[f"image_a.{size}.tensor"])[None]
        variant = model if size == "native" else resized(model, dynamic, pixels)
        wide, difference = compute(name, variant, pixels, explained, torch.float64)
        assert difference < 1e-9, f"the original model is not the case's: {difference}"
        narrow, _ = compute(name, variant, pixels, explained, torch.float32)
        for key, value in wide.items():
            noise, largest = float(np.abs(value - narrow[key]).max()), float(np.abs(value).max())
            assert np.isfinite(value).all() and largest > 0, key
            if noise > 0.02 * largest:  # meaningless in float32
                print(f"{name}: {size}.{key} is left out, relative noise {noise / largest:.1e}")
                continue
            arrays[f"{size}.{key}"] = value.astype(np.float32)
            facts[f"{size}.{key}"] = dict(
                shape=list(value.shape), dtype="float32", max_abs=largest, f32_noise=noise,
                atol=max(20 * noise, 4e-6 * largest, 1e-9))
    save_npz(folder / "expected/relevance.npz", arrays)
    lines = ",\n".join(f" {json.dumps(key)}: {json.dumps(fact)}" for key, fact in facts.items())
    (folder / "expected/relevance.json").write_text(f"{{\n{lines}\n}}\n")
    size = (folder / "expected/relevance.npz").stat().st_size
    for key, fact in facts.items():
        print(f"{name:16} {key:50} {fact['shape']} {fact['max_abs']:.2e} noise {fact['f32_noise'] / fact['max_abs']:.1e}")
    print(f"{name}: {len(arrays)} arrays, {size / 1e3:.0f} kB")


if __name__ == "__main__":
    for name in CASES:
        if not sys.argv[1:] or name in sys.argv[1:]:
            make(name)
