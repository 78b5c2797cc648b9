#!/usr/bin/env python3
"""Makes Tests/Golden/models/*/expected/text_relevance.npz, and text_relevance.json with a tolerance for each array: CheferCAM on
the text tower, the relevance of each token of a prompt for its cosine with a picture.

    git clone https://github.com/hila-chefer/Transformer-MM-Explainability original
    PYTHONPATH=original venv/bin/python Tools/golden/make_text_relevance.py [CASE ...]

For clip_quickgelu the model and its attention are the original repository's own (`CLIP/clip/model.py`), and the relevance is the
code of its notebook `CLIP_explainability.ipynb`. For the others the same rule is applied to open_clip's text towers, with torch's
autograd with respect to the attention probabilities. Numbers are computed in float64; `atol` = max(20 f32_noise, 4e-6 largest
value, 1e-9).

    {last,all}.prompt{p}    R <- R + mean_h relu(dA * A) R over the last block or all, of the logit of prompt p and image a; the row
                            of the pooled token, the prompt's own tokens, divided by their sum (zeros where that is 0)
"""
import json
import sys

import numpy as np
import open_clip
import torch
from safetensors.torch import load_file

import make_families as families
from npz import save_npz

GOLDEN = families.OUT.parent / "models"
CASES = {"clip_gelu": "forward", "clip_quickgelu": "forward", "clip_h14style": "forward", "clip_layerscale": "forward",
         "siglip": "forward_erf", "siglip2": "forward_erf_tanh"}


def rule(probabilities, score, start):
    """The notebook's loop over the blocks of a tower, for one prompt."""
    relevance = torch.eye(probabilities[0].shape[-1], dtype=probabilities[0].dtype)
    for p in probabilities[start:]:
        (grad,) = torch.autograd.grad(score, [p], retain_graph=True)
        cam = (grad * p).reshape(-1, *p.shape[-2:]).detach().clamp(min=0).mean(0)
        relevance = relevance + cam @ relevance
    return relevance


class Original:
    """The original repository's CLIP."""

    def __init__(self, folder, case, dtype):
        from CLIP.clip.model import CLIP, LayerNorm

        LayerNorm.forward = torch.nn.LayerNorm.forward  # theirs rounds to float32
        sizes = case["architecture"]
        vision, text = sizes["vision"], sizes["text"]
        model = CLIP(sizes["embed_dim"], vision["image_size"][0], vision["layers"], vision["width"], vision["patch_size"],
                     text["context_length"], text["vocab_size"], text["width"], text["heads"], text["layers"])
        for tower, heads in ((model.visual.transformer, vision["heads"]), (model.transformer, text["heads"])):
            for block in tower.resblocks:
                block.attn.num_heads, block.attn.head_dim = heads, tower.width // heads
        model.load_state_dict(load_file(folder / "checkpoints/openclip/open_clip_model.safetensors"))
        self.model = model.to(dtype).eval()

    def run(self, pixels, ids):
        score = self.model(pixels, ids)[0][0, 0]
        return score, [block.attn_probs for block in self.model.transformer.resblocks]


class OpenCLIP:
    """open_clip's text tower with a picture's embedding."""

    def __init__(self, folder, case, dtype, embedding):
        config = json.loads((folder / "checkpoints/openclip/open_clip_config.json").read_text())["model_cfg"]
        weights = load_file(folder / "checkpoints/openclip/open_clip_model.safetensors")
        custom = config.pop("custom_text", False)
        if "timm_model_name" in config["vision_cfg"]:  # the image tower takes no part
            config["vision_cfg"] = dict(layers=1, width=32, head_width=16, patch_size=16, image_size=32)
            weights = {key: value for key, value in weights.items() if not key.startswith("visual.")}
        model = (open_clip.CustomTextCLIP if custom else open_clip.CLIP)(**config)
        missing, unexpected = model.load_state_dict({key: value.float() for key, value in weights.items()}, strict=False)
        assert not unexpected and all(key.startswith("visual.") for key in missing), (missing, unexpected)
        self.model, self.embedding = model.to(dtype).eval(), embedding.to(dtype)

    def run(self, pixels, ids):
        families.RECORD = []
        text = self.model.encode_text(ids, normalize=True)
        probabilities, families.RECORD = families.RECORD, None
        return self.model.logit_scale.exp() * (text[0] @ self.embedding), probabilities


def own_tokens(case, ids):
    """The pooled token, and the places of the prompt's own."""
    if case["architecture"]["text"]["pooling"] == "argmax":
        place = int(ids.argmax())
        return place, range(1, place)
    ends = {case["tokenizer"]["pad_id"], case["tokenizer"]["eos_id"]}
    length = next((index for index, token in enumerate(ids.tolist()) if token in ends), len(ids))
    return len(ids) - 1, range(0, min(length, len(ids) - 1))


def make(name):
    folder = GOLDEN / name
    case, forward = json.loads((folder / "case.json").read_text()), np.load(folder / f"expected/{CASES[name]}.npz")
    pixels = torch.from_numpy(np.load(folder / "expected/preprocess.npz")["image_a.native.tensor"])[None]
    tokens = torch.from_numpy(forward["token_ids"]).long()
    embedding = torch.from_numpy(forward["image_embeddings_norm"][0])
    found = {}
    for dtype in (torch.float64, torch.float32):
        model = Original(folder, case, dtype) if name == "clip_quickgelu" else OpenCLIP(folder, case, dtype, embedding)
        bias, found[dtype] = float(model.model.state_dict().get("logit_bias", torch.zeros(()))), {}
        for prompt, ids in enumerate(tokens):
            score, probabilities = model.run(pixels.to(dtype), ids[None])
            assert abs(float(score.detach()) + bias - forward["logits"][0, prompt]) < 1e-4, (name, prompt)
            place, own = own_tokens(case, ids)
            for key, start in (("last", -1), ("all", 0)):
                row = rule(probabilities, score, start % len(probabilities))[place, list(own)]
                found[dtype][f"{key}.prompt{prompt}"] = (row / max(row.sum(), 1e-30)).double().numpy()
    arrays, facts = {}, {}
    for key, value in found[torch.float64].items():
        noise, largest = float(np.abs(value - found[torch.float32][key]).max()), float(np.abs(value).max())
        assert np.isfinite(value).all(), key
        arrays[key] = value.astype(np.float32)
        facts[key] = dict(shape=list(value.shape), dtype="float32", max_abs=largest, f32_noise=noise,
                          atol=max(20 * noise, 4e-6 * largest, 1e-9))
    save_npz(folder / "expected/text_relevance.npz", arrays)
    lines = ",\n".join(f" {json.dumps(key)}: {json.dumps(fact)}" for key, fact in facts.items())
    (folder / "expected/text_relevance.json").write_text(f"{{\n{lines}\n}}\n")
    zeros = sum(not value.any() for value in arrays.values())
    print(f"{name}: {len(arrays)} arrays, {zeros} of zeros, noise {max(fact['f32_noise'] for fact in facts.values()):.1e}")


if __name__ == "__main__":
    for name in CASES:
        if not sys.argv[1:] or name in sys.argv[1:]:
            make(name)
