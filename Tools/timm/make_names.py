"""Writes Sources/ZooConvert/Identify/TimmNames.swift: what timm's names of vision transformers imply and tensor shapes do not reveal.

Every model is built on the meta device, without weights, and its modules are inspected, so the table reflects what timm builds.
Made with timm 1.0.31:

    python Tools/timm/make_names.py > Sources/ZooConvert/Identify/TimmNames.swift
"""

import collections
import textwrap

import timm
import torch
from timm.models import _registry

MODULES = [
    "beit", "cait", "deit", "eva", "naflexvit", "vision_transformer", "vision_transformer_hybrid",
    "vision_transformer_relpos", "vision_transformer_sam", "vitamin",
]  # fmt: skip
ACTIVATIONS = {"GELU": "gelu", "GELUTanh": "gelu_tanh", "QuickGELU": "quick_gelu", "SiLU": "silu"}


def kind(module):
    return type(module).__name__ if module is not None else "Identity"


def activation(module):
    name = kind(module)
    assert name != "GELU" or getattr(module, "approximate", "none") == "none"
    return ACTIVATIONS[name]


def refusal(model):
    """Why the runtime's block function cannot run a model; None if it can."""
    if kind(model) == "VisionTransformerDistilled":
        return "it averages two heads on two class tokens"
    if kind(model) == "Beit":
        return "its attention has relative position biases"
    if kind(model) == "VisionTransformerRelPos":
        bias = model.blocks[0].attn.rel_pos
        if kind(bias) != "RelPosMlp" or bias.mode != "cr":
            return "its attention has relative position biases"
    if kind(model) == "VisionTransformerSAM":
        return "its attention has windows and relative position biases"
    if kind(model) == "Cait":
        return "it has talking-heads attention and class attention layers"
    block = model.blocks[0]
    if kind(block) in ("ParallelThingsBlock", "ParallelScalingBlock", "DiffParallelScalingBlock"):
        return "its blocks run attention and MLP in parallel"
    assert kind(block) in ("Block", "ResPostBlock", "EvaBlock", "EvaBlockPostNorm", "RelPosBlock", "ResPostRelPosBlock"), kind(block)
    attention = block.attn
    if kind(attention) == "DiffAttention":
        return "it has differential attention"
    assert kind(attention) in ("Attention", "AttentionRope", "EvaAttention", "RelPosAttention"), kind(attention)
    embedding = getattr(model, "patch_embed", None)
    if kind(embedding) == "HybridEmbed" and kind(embedding.backbone) not in ("ConvStem", "MbConvStages"):
        return "its patches come from a ResNet"
    if any("RmsNorm" in kind(module) for module in model.modules()):
        return "it has RMS norms"
    if kind(attention.q_norm) != "Identity":
        return "it norms queries and keys"
    rope = getattr(model, "rope", None)
    if rope is not None and (kind(rope) != "RotaryEmbeddingCat" or attention.rotate_half):
        return "its rotary embedding is of another kind"
    if kind(model) == "NaFlexVit":
        embeds = model.embeds
        if embeds.pos_embed_type != "learned" or embeds.pos_embed_ar_preserving:
            return "its position embedding is of another kind"
        assert embeds.pos_embed_interp_mode in ("bicubic", "bilinear") and embeds.pos_embed is not None
    elif kind(model) != "VisionTransformerRelPos" and model.pos_embed is None and kind(block.mlp) != "GeGluMlp":
        return "it has no position table"
    if "LayerNorm" not in (kind(model.norm), kind(model.fc_norm)):
        return "it has no final norm"
    return None


def facts(model):
    """What a name implies: fields of `TimmDesign`, without those that have the usual value."""
    block = model.blocks[0]
    eps = {module.eps for module in model.modules() if kind(module) == "LayerNorm"}
    assert len(eps) == 1
    rows = {"heads": block.attn.num_heads, "eps": f"{eps.pop():g}".replace("e-0", "e-"), "pool": model.global_pool}
    rows["act"] = activation(block.mlp.act)
    if kind(block) in ("ResPostBlock", "EvaBlockPostNorm", "ResPostRelPosBlock"):
        rows["norm"] = "post"
    # Eva's attention pooling always takes the prefix tokens.
    if getattr(model, "pool_include_prefix", kind(model) == "Eva" and model.attn_pool is not None):
        rows["pool_prefix"] = "yes"
    if getattr(model, "no_embed_class", False) and model.num_prefix_tokens:
        rows["positions"] = "patches"
    if kind(model) == "NaFlexVit" and model.embeds.pos_embed_interp_mode == "bilinear":
        rows["resampling"] = "bilinear"
    rope = getattr(model, "rope", None)
    if rope is not None:
        assert not rope.in_pixels and rope.grid_type == "index"
        rows["rope"] = f"{rope.temperature:g},{rope.grid_offset:g},{rope.grid_indexing}"
        if rope.ref_feat_shape:
            rows["rope"] += f",{rope.ref_feat_shape[0]},{rope.ref_feat_shape[1]}"
    if getattr(model, "attn_pool", None) is not None:
        if model.attn_pool.num_heads != block.attn.num_heads:
            rows["pool_heads"] = model.attn_pool.num_heads
        assert activation(model.attn_pool.mlp.act) == rows["act"] and model.attn_pool.pool == "token"
    usual = {"eps": "1e-6", "act": "gelu", "pool": "token"}
    return " ".join(f"{key}={value}" for key, value in rows.items() if usual.get(key) != value)


def table(rows):
    text = []
    for head, names in sorted(rows.items()):
        text += textwrap.wrap(
            f"{head}: {' '.join(names)}", 108, initial_indent="    ", subsequent_indent="      ",
            break_long_words=False, break_on_hyphens=False)  # fmt: skip
    return "\n".join(text)


def main():
    runs, refused = collections.defaultdict(list), collections.defaultdict(list)
    for name in timm.list_models():
        if _registry._model_entrypoints[name].__module__.split(".")[-1] not in MODULES:
            continue
        with torch.device("meta"):
            model = timm.create_model(name)
        reason = refusal(model)
        (refused[reason] if reason else runs[facts(model)]).append(name)
    print(f"""// Written by Tools/timm/make_names.py from timm {timm.__version__}; do not edit.

/// timm's names of vision transformers.
enum TimmNames {{
  /// `FACTS: NAMES`, an indented line continuing the one before. The facts are fields of `TimmDesign`.
  static let runnable = \"\"\"
{table(runs)}
    \"\"\"

  /// `REASON: NAMES` of models that the runtime cannot run.
  static let refused = \"\"\"
{table(refused)}
    \"\"\"
}}""")


main()
