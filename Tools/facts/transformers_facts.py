"""The defaults of transformers' configurations, which are those of a published model, in the format of manifests."""

ACTIVATIONS = {"gelu_pytorch_tanh": "gelu_tanh", "gelu": "gelu", "quick_gelu": "quick_gelu", "relu": "relu"}

# Folder, classes of the towers, and the architecture of the checkpoint that the defaults are taken from.
DEFAULTS = [
    ("clip", "CLIPVisionConfig", "CLIPTextConfig", "ViT-B-32-quickgelu"),
    ("siglip", "SiglipVisionConfig", "SiglipTextConfig", "ViT-B-16-SigLIP"),
    ("siglip2", "Siglip2VisionConfig", "Siglip2TextConfig", "ViT-B-16-SigLIP2-naflex"),
    ("vit", "ViTConfig", None, "vit_base_patch16_224"),
    ("deit", "DeiTConfig", None, "deit_base_patch16_224"),
    ("dinov2", "Dinov2Config", None, "dinov2-base"),
    ("tipsv2", "Tipsv2VisionConfig", "Tipsv2TextConfig", "tipsv2-b14"),
    ("dinov2_with_registers", "Dinov2WithRegistersConfig", None, "dinov2-with-registers-base"),
]


def architectures(wheel):
    """(name, what a manifest should have) for each model that the defaults describe."""
    for folder, vision, text, name in DEFAULTS:
        module = wheel.module(f"transformers/models/{folder}/configuration_{folder}.py")
        found = {"vision": tower(module.fields(vision))}
        if text:
            fields = module.fields(text)
            found["text"] = tower(fields) | {"vocabulary": fields["vocab_size"]}
            found["text"]["tokenizer"] = {"context_length": fields["max_position_embeddings"]}
        yield name, found


def tower(fields):
    result = {
        "blocks": {
            "width": fields["hidden_size"], "layers": fields["num_hidden_layers"], "heads": fields["num_attention_heads"],
            "mlp_width": fields.get("intermediate_size") or fields["hidden_size"] * fields["mlp_ratio"],
            "norm_eps": fields["layer_norm_eps"],
            "activation": ACTIVATIONS[fields["hidden_act"]],
        }
    }
    if "image_size" in fields:
        result["image"] = [fields["image_size"]] * 2
    if "num_register_tokens" in fields:
        result["registers"] = fields["num_register_tokens"]
    if "patch_size" in fields:
        result["patch"] = fields["patch_size"]
    return result
