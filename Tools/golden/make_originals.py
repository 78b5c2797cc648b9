#!/usr/bin/env python3
"""Makes `checkpoints/original/model.pt` of some families: the same weights under the names in the original code.

    venv/bin/python Tools/golden/make_originals.py

Same environment as make_families.py, whose models it reads; `longclip`, which has no counterpart in open_clip, is made from scratch. The names are those of
facebookresearch/perception_models (PE-Core), baaivision/EVA (EVA-CLIP) and apple/ml-mobileclip (MobileCLIP-B). timm's and open_clip's own
conversions must convert each file back to the model that it was made from; if the original has no bias in its head, theirs is zero.
"""
import json
import types

import open_clip
import torch
from open_clip.convert import convert_mobile_clip_state_dict
from safetensors.torch import load_file, save_file
from timm.layers.attention_pool2d import AttentionPool2d
from timm.models import byobnet, eva

from make_families import MEAN, OUT, STD, build, enliven


def block_parts(name, before, after):
    """`before` + `N.` + rest as (N, rest), or None."""
    if not name.startswith(before):
        return None
    number, rest = name[len(before):].split(".", 1)
    return f"{after}{number}.", rest


def pe_core(state):
    out = {}
    plain = {"patch_embed.proj.weight": "conv1.weight", "norm_pre.weight": "ln_pre.weight", "norm_pre.bias": "ln_pre.bias",
             "norm.weight": "ln_post.weight", "norm.bias": "ln_post.bias"}
    inner = {"norm1": "ln_1", "norm2": "ln_2", "attn.qkv": "attn.in_proj_", "attn.proj": "attn.out_proj",
             "mlp.fc1": "mlp.c_fc", "mlp.fc2": "mlp.c_proj"}
    pool = {"latent": "probe", "proj.weight": "attn.out_proj.weight", "proj.bias": "attn.out_proj.bias",
            "norm.weight": "layernorm.weight", "norm.bias": "layernorm.bias",
            "mlp.fc1.weight": "mlp.c_fc.weight", "mlp.fc1.bias": "mlp.c_fc.bias",
            "mlp.fc2.weight": "mlp.c_proj.weight", "mlp.fc2.bias": "mlp.c_proj.bias"}
    for name, value in state.items():
        if name.startswith("text."):
            out[name[len("text."):]] = value
        elif not name.startswith("visual.trunk."):
            out[name] = value
        else:
            name = name[len("visual.trunk."):]
            block = block_parts(name, "blocks.", "visual.transformer.resblocks.")
            if block:
                module, kind = block[1].rsplit(".", 1)
                new = inner[module]
                out[block[0] + new + (kind if new.endswith("_") else "." + kind)] = value
            elif name.startswith("attn_pool."):
                leaf = name[len("attn_pool."):]
                if leaf in pool:
                    out["visual.attn_pool." + pool[leaf]] = value
            elif name == "cls_token":
                out["visual.class_embedding"] = value.flatten()
            elif name == "pos_embed":
                out["visual.positional_embedding"] = value[0]
            elif name == "head.weight":
                out["visual.proj"] = value.T
            elif name != "head.bias":
                out["visual." + plain[name]] = value
    for kind in ("weight", "bias"):
        parts = [state[f"visual.trunk.attn_pool.{part}.{kind}"] for part in ("q", "kv")]
        out[f"visual.attn_pool.attn.in_proj_{kind}"] = torch.cat(parts)
    return out


def eva_clip(state):
    inner = {"attn.norm": "attn.inner_attn_ln", "mlp.norm": "mlp.ffn_ln", "mlp.fc1_g": "mlp.w1", "mlp.fc1_x": "mlp.w2"}
    gated = "visual.trunk.blocks.0.mlp.fc1_g.weight" in state
    if gated:
        inner["mlp.fc2"] = "mlp.w3"
    out = {}
    for name, value in state.items():
        block = block_parts(name, "visual.trunk.blocks.", "visual.blocks.")
        if block:
            module, kind = block[1].rsplit(".", 1)
            if module in ("attn.q_proj", "attn.v_proj") and kind == "bias":
                out[f"{block[0]}attn.{module[5]}_bias"] = value
            else:
                out[f"{block[0]}{inner.get(module, module)}.{kind}"] = value
        else:
            out[name.replace("visual.trunk.", "visual.")] = value
    if gated:
        # The rotary tables, which the modules share and the files repeat.
        table = torch.linspace(-1, 1, 16 * 16).reshape(16, 16)
        for module in ["visual.rope"] + [f"visual.blocks.{n}.attn.rope" for n in range(2)]:
            out[f"{module}.freqs_cos"], out[f"{module}.freqs_sin"] = table, -table
    return out


def mobileclip(state):
    image = {"norm1": "pre_norm_mha.0", "attn.qkv": "pre_norm_mha.1.qkv_proj", "attn.proj": "pre_norm_mha.1.out_proj",
             "norm2": "pre_norm_ffn.0", "mlp.fc1": "pre_norm_ffn.1", "mlp.fc2": "pre_norm_ffn.4"}
    text = {"ln_1.": "pre_norm_mha.0.", "attn.in_proj_": "pre_norm_mha.1.qkv_proj.",
            "attn.out_proj.": "pre_norm_mha.1.out_proj.", "ln_2.": "pre_norm_ffn.0.", "mlp.c_fc.": "pre_norm_ffn.1.",
            "mlp.c_proj.": "pre_norm_ffn.4."}
    plain = {"token_embedding.weight": "embedding_layer.weight", "ln_final.weight": "final_layer_norm.weight",
             "ln_final.bias": "final_layer_norm.bias", "text_projection": "projection_layer"}
    out = {}
    for name, value in state.items():
        towers = name.startswith("visual.trunk."), name.startswith("text.")
        if not any(towers):
            out[name] = value
        elif towers[0]:
            name, prefix = name[len("visual.trunk."):], "image_encoder.model."
            block = block_parts(name, "blocks.", f"{prefix}transformer.")
            stem = block_parts(name, "patch_embed.backbone.", f"{prefix}patch_emb.")
            if block:
                module, kind = block[1].rsplit(".", 1)
                out[f"{block[0]}{image[module]}.{kind}"] = value
            elif stem:
                module, kind = stem[1].rsplit(".", 1)
                out[f"{stem[0]}block.{dict(conv='conv', bn='norm')[module]}.{kind}"] = value
            elif name == "pos_embed":
                out[f"{prefix}pos_embed.pos_embed.pos_embed"] = value[None]
            elif name == "head.weight":
                out[f"{prefix}classifier.proj"] = value.T
            elif name != "head.bias":
                out[prefix + name.replace("norm.", "post_transformer_norm.")] = value
        else:
            name, prefix = name[len("text."):], "text_encoder."
            block = block_parts(name, "transformer.resblocks.", f"{prefix}transformer.")
            if block:
                before = next(key for key in text if block[1].startswith(key))
                out[block[0] + text[before] + block[1][len(before):]] = value
            elif name == "positional_embedding":
                out[f"{prefix}positional_embedding.pos_embed.pos_embed"] = value[None, None]
            else:
                out[prefix + plain[name]] = value
    return out


FAMILIES = {"pe_core": pe_core, "pe_core_gigantic": pe_core, "eva01": eva_clip, "eva02": eva_clip,
            "mobileclip_base": mobileclip}


def back(name, original, model):
    """The image tower, and for MobileCLIP the whole model, as timm and open_clip read the original file."""
    if FAMILIES[name] is mobileclip:
        return convert_mobile_clip_state_dict(model, dict(original), fastvit=False)
    tower = eva.checkpoint_filter_fn(dict(original), model.visual.trunk)
    return {f"visual.trunk.{key}": value for key, value in tower.items()}


def save(folder, tensors):
    """In a fixed order, each with its own memory, as written by training code."""
    path = folder / "checkpoints" / "original"
    path.mkdir(parents=True, exist_ok=True)
    torch.save({key: tensors[key].clone().contiguous() for key in sorted(tensors)}, path / "model.pt")
    return (path / "model.pt").stat().st_size


def rename(name):
    folder = OUT / name
    state = load_file(folder / "checkpoints" / "openclip" / "open_clip_model.safetensors")
    original = FAMILIES[name](state)
    model, _ = build(name)
    read = back(name, original, model)
    for key, value in state.items():
        if key == "visual.trunk.head.bias" and FAMILIES[name] is not eva_clip:
            assert not read[key].any()
        elif key in read:
            assert torch.equal(read[key].reshape(value.shape), value), key
        else:
            assert FAMILIES[name] is not mobileclip and not key.startswith("visual."), key
    print(f"{name:20} {save(folder, original) / 1e6:.2f} MB, {len(original)} tensors, read back by timm")


def longclip():
    """Long-CLIP adds two position tables, one masked to the first 20 rows and the other to the rest."""
    folder, heads = OUT / "longclip", dict(image_size=32, layers=2, width=48, head_width=16, patch_size=8)
    text = dict(context_length=248, vocab_size=64, width=32, heads=4, layers=2)
    model = enliven(open_clip.CLIP(embed_dim=40, vision_cfg=dict(heads), text_cfg=dict(text), quick_gelu=True), seed=150)
    state = model.state_dict()
    mask = (torch.arange(248) < 20)[:, None].float()
    noise = torch.randn(248, 32, generator=torch.Generator().manual_seed(151))
    original = dict(state)
    original["positional_embedding"] = torch.where(mask > 0, state["positional_embedding"], noise)
    original["positional_embedding_res"] = torch.where(mask > 0, noise, state["positional_embedding"])
    added = original["positional_embedding"] * mask + original["positional_embedding_res"] * (1 - mask)
    assert torch.equal(added, state["positional_embedding"])
    openclip = folder / "checkpoints" / "openclip"
    openclip.mkdir(parents=True, exist_ok=True)
    save_file({k: v.contiguous() for k, v in state.items()}, openclip / "open_clip_model.safetensors",
              metadata=dict(format="pt"))
    config = dict(model_cfg=dict(embed_dim=40, quick_gelu=True, vision_cfg=heads, text_cfg=text),
                  preprocess_cfg=dict(mean=MEAN, std=STD, interpolation="bicubic", resize_mode="shortest"))
    (openclip / "open_clip_config.json").write_text(json.dumps(config, indent=1) + "\n")
    print(f"{'longclip':20} {save(folder, original) / 1e6:.2f} MB, {len(original)} tensors")


def resnet():
    """A TorchScript archive, like OpenAI's published models, and the image tower alone under timm's names (`ByobNet`)."""
    folder = OUT / "resnet"
    model, _ = build("resnet")
    model.load_state_dict(load_file(folder / "checkpoints" / "openclip" / "open_clip_model.safetensors"))
    pixels, ids = torch.zeros(1, 3, 96, 96), torch.zeros(1, 12, dtype=torch.long)
    (folder / "checkpoints" / "openai").mkdir(parents=True, exist_ok=True)
    archive = folder / "checkpoints" / "openai" / "model.pt"
    with torch.no_grad():
        torch.jit.trace_module(model, dict(encode_image=pixels, encode_text=ids)).save(archive)
    # timm's own conversion only looks at the head.
    head = AttentionPool2d(128, feat_size=3, out_features=40, head_dim=16, qkv_separate=True)
    state = byobnet.checkpoint_filter_fn(model.state_dict(), types.SimpleNamespace(head=head))
    assert {f"head.{name}" for name in head.state_dict()} == {name for name in state if name.startswith("head.")}
    (folder / "checkpoints" / "timm").mkdir(exist_ok=True)
    save_file({k: v.contiguous() for k, v in state.items()}, folder / "checkpoints" / "timm" / "model.safetensors",
              metadata=dict(format="pt"))
    print(f"{'resnet':20} {archive.stat().st_size / 1e6:.2f} MB, {len(state)} tensors of the image tower")


if __name__ == "__main__":
    for family in FAMILIES:
        rename(family)
    longclip()
    resnet()
