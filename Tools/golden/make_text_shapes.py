#!/usr/bin/env python3
"""Adds the tensors of open_clip's Hugging Face text towers to Tests/Golden/reference/tensor_shapes.json.

    venv/bin/python Tools/golden/make_text_shapes.py

open_clip builds each model on the meta device from its own configuration; the hub's configuration of the text model is recorded here, since
there is no network. gte-modernbert-base-ViT-B-32-256 needs open_clip's repository (89fb801) on PYTHONPATH. Parameter counts are compared with those of open_clip's docs/model_profile.csv (millions), which has no BiomedCLIP and no ModernBERT.
"""
import copy
import json
import pathlib
import re
import tempfile

import open_clip
import torch

FILE = pathlib.Path(__file__).resolve().parents[2] / "Tests" / "Golden" / "reference" / "tensor_shapes.json"
CONFIGS = pathlib.Path(open_clip.__file__).parent / "model_configs"


def roberta(kind, vocabulary, width=768, layers=12):
    return dict(model_type=kind, vocab_size=vocabulary, hidden_size=width, num_hidden_layers=layers,
                num_attention_heads=width // 64, intermediate_size=4 * width, max_position_embeddings=514,
                type_vocab_size=1, layer_norm_eps=1e-5)


def nllb(layers, hidden):
    return dict(model_type="m2m_100", vocab_size=256206, d_model=1024, encoder_layers=layers, encoder_ffn_dim=hidden,
                encoder_attention_heads=16, decoder_layers=1, decoder_ffn_dim=8, decoder_attention_heads=16,
                max_position_embeddings=1024, scale_embedding=True)


def mt5(width, hidden, layers):
    return dict(model_type="mt5", vocab_size=250112, d_model=width, d_kv=64, d_ff=hidden, num_layers=layers,
                num_decoder_layers=1, num_heads=width // 64)


TEXTS = {
    "roberta-base": roberta("roberta", 50265), "xlm-roberta-base": roberta("xlm-roberta", 250002),
    "xlm-roberta-large": roberta("xlm-roberta", 250002, 1024, 24),
    "facebook/nllb-200-distilled-600M": nllb(12, 4096), "facebook/nllb-200-distilled-1.3B": nllb(24, 8192),
    "google/mt5-base": mt5(768, 2048, 12), "google/mt5-xl": mt5(2048, 5120, 24),
    "Alibaba-NLP/gte-modernbert-base": dict(model_type="modernbert"),  # transformers' defaults are ModernBERT-base
    "microsoft/BiomedNLP-BiomedBERT-base-uncased-abstract": dict(
        model_type="bert", vocab_size=30522, hidden_size=768, num_hidden_layers=12, num_attention_heads=12,
        intermediate_size=3072, max_position_embeddings=512, type_vocab_size=2, layer_norm_eps=1e-12),
}
# Configurations on the hub that open_clip does not include: microsoft/BiomedCLIP-PubMedBERT_256-vit_base_patch16_224.
OTHERS = {
    "BiomedCLIP-B-16": dict(
        embed_dim=512,
        vision_cfg=dict(timm_model_name="vit_base_patch16_224", timm_model_pretrained=False, timm_pool="",
                        timm_proj="linear", image_size=224),
        text_cfg=dict(hf_model_name="microsoft/BiomedNLP-BiomedBERT-base-uncased-abstract", hf_proj_type="mlp",
                      hf_pooler_type="cls_last_hidden_state_pooler", context_length=256)),
}
# Millions of parameters: the image tower and the text tower.
PROFILE = {
    "roberta-ViT-B-32": (87.85, 124.87), "coca_roberta-ViT-B-32": (87.85, 124.45),
    "xlm-roberta-base-ViT-B-32": (87.85, 278.27), "xlm-roberta-large-ViT-H-14": (632.08, 560.94),
    "nllb-clip-base": (87.85, 414.04), "nllb-clip-base-siglip": (93.18, 414.3), "nllb-clip-large": (632.08, 767.14),
    "nllb-clip-large-siglip": (428.23, 767.27), "BiomedCLIP-B-16": (86.19, 109.71),
    "mt5-base-ViT-B-32": (87.85, 277.86), "mt5-xl-ViT-H-14": (632.08, 1674.68),
    "gte-modernbert-base-ViT-B-32-256": None,
}


def build(name):
    config = copy.deepcopy(OTHERS.get(name)) or json.loads((CONFIGS / f"{name}.json").read_text())
    config.pop("custom_text", None)
    with tempfile.TemporaryDirectory() as folder, torch.device("meta"):
        text = config["text_cfg"]
        (pathlib.Path(folder) / "config.json").write_text(json.dumps(TEXTS[text["hf_model_name"]]))
        text.update(hf_model_name=folder, hf_model_pretrained=False)
        return (open_clip.CoCa if "multimodal_cfg" in config else open_clip.CustomTextCLIP)(**config)


def grouped(shapes):
    """`{N}` for the index of a layer, as in the rest of the file."""
    groups = {}
    names = r"(^|\.)(encoder\.layer|layers|resblocks|cross_attn|blocks|block)\.\d+\."
    for name, shape in shapes.items():
        pattern = re.sub(names, r"\1\2.{N}.", name)
        if re.sub(names, r"\1\2.0.", name) not in shapes:  # Tensors missing from the first layer are listed separately.
            pattern = name
        groups.setdefault(pattern, []).append(shape)
    return {k: dict(shape=v[0], count=len(v)) if "{N}" in k else v[0] for k, v in groups.items()}


def main():
    file = json.loads(FILE.read_text())
    for name, profile in PROFILE.items():
        model = build(name)
        for tower, millions in zip((model.visual, model.text), profile or ()):
            count = sum(p.numel() for p in tower.parameters()) / 1e6
            assert abs(count - millions) < 0.006, (name, count, millions)
        shapes = {k: list(v.shape) for k, v in model.state_dict().items()}
        file["tensors"][name] = grouped(shapes)
        print(name, len(shapes), sum(p.numel() for n, p in model.named_parameters() if "text_decoder" not in n))
    FILE.write_text(json.dumps(file))


if __name__ == "__main__":
    main()
