#!/usr/bin/env python3
"""Writes the tensors of models that open_clip has no configuration for: Tests/Golden/reference/tensor_shapes_authors.json, by the
configurations that their authors published (Tools/facts/authors.json; MedSigLIP, DINOv2 and TIPSv2 by transformers), tensor_shapes_timm.json, timm's classifiers, and
tensor_shapes_convolutions.json, open_clip's own models whose image tower begins with convolutions over the whole picture.

    venv/bin/python Tools/golden/make_shapes.py

All are built on the meta device, by open_clip's `CLIP` and by `timm.create_model`.
"""
import json
import pathlib

import open_clip
import timm
import torch
import transformers
from transformers.core_model_loading import revert_weight_conversion

from make_text_shapes import FILE, grouped

ROOT = FILE.parents[3]
AUTHORS = json.loads((ROOT / "Tools/facts/authors.json").read_text())
CLASSIFIERS = sorted(p.stem for p in (ROOT / "Manifests/models").glob("*.json")
                     if json.loads(p.read_text())["architecture"]["family"] == "vit_classifier")


def write(name, source, models):
    rows = ",\n".join(f"{json.dumps(model)}: {json.dumps(grouped(shapes))}" for model, shapes in sorted(models.items()))
    text = f'{{"_meta": {json.dumps({"source": source})}, "tensors": {{\n{rows}\n}}}}\n'
    (FILE.parent / f"tensor_shapes_{name}.json").write_text(text)
    print(f"tensor_shapes_{name}.json: {len(models)} models, {len(text)} bytes")


def shapes(model, state=None):
    return {name: list(tensor.shape) for name, tensor in (state or model.state_dict()).items()}


def dinov2(manifest):
    """A classifier of transformers as it is saved, with the sizes from its authors' conversion to Hugging Face's format."""
    name = manifest["architecture"]["name"]
    kind = "Dinov2WithRegisters" if "registers" in name else "Dinov2"
    width, layers, heads = {"small": (384, 12, 6), "base": (768, 12, 12), "large": (1024, 24, 16),
                            "giant": (1536, 40, 24)}[name.split("-")[-1]]
    config = getattr(transformers, f"{kind}Config")(
        hidden_size=width, num_hidden_layers=layers, num_attention_heads=heads, image_size=518, patch_size=14,
        use_swiglu_ffn=width == 1536, num_labels=1000)
    model = getattr(transformers, f"{kind}ForImageClassification")(config)
    return shapes(model, revert_weight_conversion(model, model.state_dict()))


def tipsv2(manifest):
    """The same for TIPSv2, with the sizes from its authors' inference scripts."""
    width, layers, heads, mlp, text = {
        "b14": (768, 12, 12, 3072, 12), "l14": (1024, 24, 16, 4096, 12), "so400m14": (1152, 27, 16, 4304, 27),
        "g14": (1536, 40, 24, 6144, 12)}[manifest["architecture"]["name"].split("-")[-1]]
    model = transformers.Tipsv2Model(transformers.Tipsv2Config(
        text_config=dict(hidden_size=width, intermediate_size=mlp, num_hidden_layers=text, num_attention_heads=heads),
        vision_config=dict(hidden_size=width, num_hidden_layers=layers, num_attention_heads=heads, mlp_ratio=mlp / width,
                           use_swiglu_ffn=width == 1536)))
    return shapes(model, revert_weight_conversion(model, model.state_dict()))


def by_name(name):
    config = open_clip.get_model_config(name)
    custom = config.pop("custom_text", False)
    return (open_clip.CustomTextCLIP if custom else open_clip.CLIP)(**config)


def main():
    models = {}
    with torch.device("meta"):
        for group in AUTHORS:
            for name, file in group["models"].items():
                models[name] = shapes(open_clip.CLIP(**{**file["model_cfg"], "output_dict": False}))
        names = [name for name in open_clip.list_models() if name.startswith(("RN", "ViTamin")) and "quickgelu" not in name]
        # config.json of google/medsiglip-448.
        parts = dict(hidden_size=1152, intermediate_size=4304, num_hidden_layers=27, num_attention_heads=16)
        models["MedSigLIP-448"] = shapes(transformers.SiglipModel(transformers.SiglipConfig(
            text_config=dict(parts, projection_size=1152), vision_config=dict(parts, image_size=448, patch_size=14))))
        for kind, make in dict(dinov2=dinov2, tipsv2=tipsv2).items():
            for path in sorted((ROOT / "Manifests/models").glob(f"{kind}-*.json")):
                models[path.stem] = make(json.loads(path.read_text()))
        convolutions = {name: shapes(by_name(name)) for name in names}
        classifiers = {name: shapes(timm.create_model(name)) for name in CLASSIFIERS}
    write("authors", f"open_clip {open_clip.__version__} on the meta device, by Tools/facts/authors.json", models)
    write("convolutions", f"open_clip {open_clip.__version__} on the meta device, with timm {timm.__version__}", convolutions)
    write("timm", f"timm {timm.__version__} on the meta device", classifiers)


if __name__ == "__main__":
    main()
