#!/usr/bin/env python3
"""Exports golden models and loads them in open_clip, transformers and timm: their outputs must be the expected ones.

    swift build -c release --product zoo
    python3 -m venv /tmp/exports && /tmp/exports/bin/pip install open_clip_torch transformers timm sentencepiece
    /tmp/exports/bin/python Tools/check_exports.py .build/release/zoo

Needs no network. Prints for every export the largest difference to the expected array, in units of its tolerance; exit code 1 if one is above 1.
"""
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch

ROOT = Path(__file__).resolve().parent.parent
MODELS = ROOT / "Tests/Golden/models"
ZOO = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / ".build/release/zoo").resolve()

TANH = ["--activation", "gelu_tanh"]
ERF = ["--activation", "gelu"]
# model, checkpoint, options of convert, layout, expected file
CASES = [
    ("clip_gelu", "hf/model.safetensors", [], "openclip", "forward.npz"),
    ("clip_gelu", "openclip/open_clip_model.safetensors", [], "transformers", "forward.npz"),
    ("clip_quickgelu", "hf_old/pytorch_model.bin", [], "openclip", "forward.npz"),
    ("clip_quickgelu", "openclip/open_clip_model.safetensors", [], "transformers", "forward.npz"),
    ("clip_layerscale", "openclip/open_clip_model.safetensors", [], "openclip", "forward.npz"),
    ("clip_h14style", "openclip/open_clip_model.safetensors", [], "openclip", "forward.npz"),
    ("clip_h14style", "openclip/open_clip_model.safetensors", [], "transformers", "forward.npz"),
    ("openai_jit", "openai/ViT-tiny.pt", [], "openclip", "forward.npz"),
    ("openai_jit", "openai/ViT-tiny.pt", [], "transformers", "forward.npz"),
    ("coca", "openclip/open_clip_model.safetensors", [], "openclip", "forward.npz"),
    ("siglip", "hf_erf_sharded/model.safetensors.index.json", [], "openclip", "forward_erf.npz"),
    ("siglip", "openclip/open_clip_model.safetensors", ["--heads", "4"] + TANH, "transformers", "forward_tanh.npz"),
    ("siglip", "openclip/open_clip_model.safetensors", ["--heads", "4"] + ERF, "transformers", "forward_erf.npz"),
    ("siglip", "hf_erf_sharded/model.safetensors.index.json", [], "big-vision", "forward_erf.npz"),
    ("siglip2", "hf/model.safetensors", ["--vision-activation", "gelu"], "openclip", "forward_erf_tanh.npz"),
    ("siglip2", "hf/model.safetensors", [], "transformers", "forward_tanh_tanh.npz"),
    ("siglip2", "hf/model.safetensors", ["--vision-activation", "gelu"], "big-vision", "forward_erf_tanh.npz"),
    ("vit_classifier", "augreg_npz/vit.npz", ["--heads", "4"], "timm", "forward.npz"),
    ("vit_classifier", "timm/model.safetensors", ["--heads", "4"], "big-vision", "forward.npz"),
]


def register_tower(folder):
    """Registers the image tower of an export with timm if it has no published name."""
    config = json.loads((folder / "open_clip_config.json").read_text())
    name = config["model_cfg"]["vision_cfg"].get("timm_model_name", "")
    if not name.startswith("vit_custom"):
        return
    from functools import partial

    from timm.layers import LayerNorm
    from timm.models import register_model
    from timm.models.vision_transformer import VisionTransformer

    arguments = dict(config["timm_model_args"])
    eps = arguments.pop("norm_eps")
    arguments.pop("global_pool")

    def tower(pretrained=False, pretrained_cfg=None, pretrained_cfg_overlay=None, cache_dir=None, **options):
        return VisionTransformer(norm_layer=partial(LayerNorm, eps=eps), **{**arguments, **options})

    tower.__name__ = name
    tower.__module__ = "timm.models.vision_transformer"
    register_model(tower)


def run_open_clip(folder, weights=None):
    import open_clip

    register_tower(folder)
    if weights is None:
        model = open_clip.create_model(f"local-dir:{folder}")
    else:
        name = f"export-{folder.name}"
        config = json.loads((folder / "open_clip_config.json").read_text())["model_cfg"]
        (folder / f"{name}.json").write_text(json.dumps(config))
        open_clip.add_model_config(folder / f"{name}.json")
        model = open_clip.create_model(name, pretrained=str(weights))
    model = model.double().eval()

    def outputs(pixels, tokens):
        result = {"image_embeddings": model.encode_image(pixels), "text_embeddings": model.encode_text(tokens)}
        result["logit_scale_exp"] = model.logit_scale.exp()
        if model.logit_bias is not None:
            result["logit_bias"] = model.logit_bias
        return result

    return outputs


def run_transformers(folder):
    from transformers import AutoModel

    model, info = AutoModel.from_pretrained(folder, dtype=torch.float64, output_loading_info=True)
    assert not any(info[key] for key in ("missing_keys", "unexpected_keys", "mismatched_keys")), info
    model.eval()

    def outputs(pixels, tokens):
        result = model(input_ids=tokens, pixel_values=pixels)
        found = {"logits": result.logits_per_image}
        found["image_embeddings_norm"] = result.image_embeds / result.image_embeds.norm(dim=-1, keepdim=True)
        found["text_embeddings_norm"] = result.text_embeds / result.text_embeds.norm(dim=-1, keepdim=True)
        return found

    return outputs


def run_timm(folder, weights=None):
    import timm

    if weights is None:
        model = timm.create_model(f"local-dir:{folder}", pretrained=True)
    else:
        config = json.loads((folder / "config.json").read_text())
        model = timm.create_model(
            config["architecture"], num_classes=config["num_classes"], checkpoint_path=str(weights),
            **config["model_args"])
    model = model.double().eval()
    return lambda pixels, tokens: {"logits": model(pixels)}


def check_tokenizer(folder, model):
    """How many prompts get the golden ids from the exported tokenizer: Hugging Face's does not repair text as open_clip's does."""
    case = json.loads((MODELS / model / "case.json").read_text())
    if "prompts" not in case or not (folder / "vocab.json").exists():
        return None
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    length = json.loads((folder / "tokenizer_config.json").read_text())["model_max_length"]
    expected = np.load(MODELS / model / "expected" / "forward.npz")["token_ids"]
    same = 0
    for prompt, ids in zip(case["prompts"], expected):
        found = tokenizer(prompt, truncation=True, max_length=length)["input_ids"]
        same += list(found) == list(ids[: len(found)])
    return f"{same}/{len(expected)} prompts have the golden ids"


def main():
    worst = 0.0
    with tempfile.TemporaryDirectory() as scratch:
        scratch = Path(scratch)
        environment = dict(os.environ, ZOO_HOME=str(scratch / "home"))
        for index, (model, checkpoint, options, layout, expected_file) in enumerate(CASES):
            converted, exported = scratch / f"model{index}", scratch / f"export{index}"
            case = json.loads((MODELS / model / "case.json").read_text())
            source = MODELS / model / "checkpoints" / checkpoint
            tokenizer = (case.get("tokenizer") or {}).get("folder")
            if tokenizer:
                options = options + ["--tokenizer", str((MODELS / model / tokenizer).resolve())]
            for arguments in (
                ["convert", str(source), "-o", str(converted), "--quiet"] + options,
                ["export", str(converted), "--layout", layout, "-o", str(exported), "--quiet"],
            ):
                subprocess.run([ZOO] + arguments, check=True, stdout=subprocess.DEVNULL, env=environment)
            npz = exported / "model.npz"
            if layout == "transformers":
                run = run_transformers(exported)
            elif model == "vit_classifier":
                run = run_timm(exported, npz if npz.exists() else None)
            else:
                run = run_open_clip(exported, npz if npz.exists() else None)
            expected = np.load(MODELS / model / "expected" / expected_file)
            tokens = torch.from_numpy(expected["token_ids"]).long() if "token_ids" in expected else None
            with torch.no_grad():
                found = run(torch.from_numpy(expected["pixel_values"]).double(), tokens)
            share = 0.0
            for key, value in found.items():
                difference = np.abs(value.detach().numpy() - expected[key]).max()
                share = max(share, difference / case["expected"][expected_file][key]["atol"])
            worst = max(worst, share)
            ids = check_tokenizer(exported, model) if layout == "transformers" else None
            print(f"{'ok ' if share <= 1 else 'BAD'} {model:16} {checkpoint:45} -> {layout:12} "
                  f"{share:8.4f} of the tolerance ({', '.join(found)}){'; ' + ids if ids else ''}", flush=True)
    print(f"{len(CASES)} exports, worst {worst:.4f} of the tolerance")
    sys.exit(0 if worst <= 1 else 1)


main()
