#!/usr/bin/env python3
"""Makes Tests/Golden/families: one small random model per family, with the results of the original code.

    python3 -m venv venv
    venv/bin/pip install torch torchvision timm==1.0.31 open_clip_torch==3.3.0 transformers==5.24 safetensors
    venv/bin/python Tools/golden/make_families.py [CASE ...]

`modern_*` and `hf_modernbert` need open_clip's repository (made at 89fb801), which has these towers: PYTHONPATH=open_clip/src.

The modules are open_clip's and timm's own; only their sizes are overridden. A larger picture goes through timm's
`dynamic_img_size` or `set_input_size` (position table bicubic with antialias, rotary tables built anew) or, for open_clip's own tower, through
the same resampling of its table. Maps are torch's autograd with respect to the attention probabilities.

Expected numbers are computed in float64 (rotary tables in timm's float32) and stored as float32; `f32_noise` is the
largest difference to the same code in float32 and `atol` = max(20 f32_noise, 4e-6 largest value, 1e-9). Weights are seeded
and lively: LayerNorm gains and all biases are random, attention has 0.5 to 0.95 of the largest entropy.
"""
import copy
import json
import math
import pathlib
import sys
import tempfile

import numpy as np
import open_clip
import timm
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from timm.models import vision_transformer_hybrid as hybrid
from timm.models import vitamin
from timm.models._registry import register_model

from npz import save_npz

OUT = pathlib.Path(__file__).resolve().parents[2] / "Tests" / "Golden" / "families"
PROMPTS, EXPLAINED = 6, 3
TEXT = dict(context_length=12, vocab_size=64, width=32, heads=4, layers=2)
EVA = dict(img_size=32, patch_size=8, embed_dim=48, depth=2, num_heads=3)
MEAN, STD = [0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711]


def trunk(name, pool, proj=None, **arguments):
    """An image tower of timm with other sizes."""
    return dict(name=name, pool=pool, proj=proj, arguments=arguments)


def hf(name, kind, **config):
    """A text tower of transformers with other sizes; `name` is what open_clip's configuration calls it."""
    return dict(name=name, config=dict(model_type=kind, **config))


NATIVE = dict(image_size=32, layers=2, width=48, head_width=16, patch_size=8)
BERT = dict(vocab_size=64, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=72)
M2M = dict(vocab_size=64, d_model=32, encoder_layers=2, encoder_attention_heads=4, encoder_ffn_dim=72,
           decoder_layers=1, decoder_attention_heads=4, decoder_ffn_dim=72, max_position_embeddings=24,
           scale_embedding=True)
CONTEXT = TEXT["context_length"]

# open_clip's `ModernTextTransformer`, with its own padding, begin and end ids.
MODERN = dict(text_arch="modern", **TEXT | dict(mlp_ratio=2.6666667, vocab_size=67), variable_text=True, pad_id=65, bos_id=66, eos_id=64,
              attn_gated=True, tokenizer_type="tiktoken", tiktoken_name="r50k_base")

CASES = {
    "clipa": dict(
        vision=dict(image_size=32, layers=2, width=48, head_width=16, patch_size=8, no_ln_pre=True, pool_type="avg",
                    final_ln_after_pool=True),
        text=dict(TEXT, pool_type="last", no_causal_mask=True, hf_tokenizer_name="bert-base-uncased",
                  tokenizer_kwargs=dict(strip_sep_token=True))),
    "metaclip2": dict(
        vision=dict(image_size=32, layers=2, width=48, head_width=16, patch_size=8),
        text=dict(TEXT, pool_type="eos", eos_id=2, hf_tokenizer_name="facebook/xlm-v-base")),
    "pe_core": dict(
        custom=True, text=TEXT,
        trunk=trunk("vit_pe_core_base_patch16_224", "map", **EVA, ref_feat_shape=(4, 4), attn_pool_num_heads=8)),
    "pe_core_gigantic": dict(
        custom=True, text=TEXT,
        trunk=trunk("vit_pe_core_gigantic_patch14_448", "map", **EVA, ref_feat_shape=(4, 4), attn_pool_num_heads=8,
                    mlp_ratio=5.85)),
    "eva02": dict(
        custom=True, text=TEXT,
        # 131 hidden units: odd, as the 2730 of the large model leaves a remainder in every vector width.
        trunk=trunk("eva02_large_patch14_clip_224", "token", **EVA, ref_feat_shape=(5, 5), mlp_ratio=2.74)),
    "eva01": dict(
        custom=True, text=TEXT, trunk=trunk("eva_giant_patch14_clip_224", "token", **EVA, mlp_ratio=3.5)),
    "eva02_enormous": dict(
        # The input of its attention is not normalised.
        custom=True, text=TEXT, weights=dict(queries=0.6, stem=1.0),
        trunk=trunk("eva02_enormous_patch14_clip_224", "token", **EVA, mlp_ratio=4.5)),
    "mobileclip2_large": dict(
        custom=True, text=dict(TEXT, no_causal_mask=True), trunk=trunk("vit_large_patch14_clip_224", "token", **EVA)),
    "mobileclip_base": dict(
        custom=True, text=TEXT,
        trunk=trunk("vit_base_mci_224", "token", img_size=64, embed_dim=48, depth=2, num_heads=3)),
    "timm_gap": dict(text=TEXT, trunk=trunk("vit_medium_patch16_gap_256", "", "linear", **EVA)),
    # The position table is 3 x 3, which is not the grid of any picture.
    "naflex_siglip2": dict(
        custom=True, embed=48, logit_bias=-10,
        text=dict(TEXT, no_causal_mask=True, proj_bias=True, pool_type="last", norm_kwargs=dict(eps=1e-6),
                  act_kwargs=dict(approximate="tanh")),
        trunk=trunk("naflexvit_base_patch16_siglip", "map", "none", **EVA, pos_embed_grid_size=(3, 3))),
    "naflex_gap": dict(
        text=TEXT, trunk=trunk("naflexvit_base_patch16_gap", "avg", "linear", **EVA, pos_embed_grid_size=(3, 3))),
    # open_clip's `HFTextEncoder`: the text tower is transformers' own module.
    "hf_roberta": dict(
        custom=True, quick_gelu=True, vision=NATIVE, text=dict(hf_pooler_type="mean_pooler"),
        hf=hf("roberta-base", "roberta", max_position_embeddings=24, type_vocab_size=1, layer_norm_eps=1e-5,
              **BERT)),
    "hf_coca_roberta": dict(
        coca=dict(context_length=11, width=32, heads=4, layers=1), vision=dict(NATIVE, output_tokens=True),
        text=dict(hf_proj_type="linear", output_tokens=True, vocab_size=64),
        hf=hf("roberta-base", "roberta", max_position_embeddings=24, type_vocab_size=1, layer_norm_eps=1e-5,
              **BERT)),
    "hf_bert": dict(
        custom=True, trunk=trunk("vit_base_patch16_224", "", "linear", **EVA),
        text=dict(hf_pooler_type="cls_last_hidden_state_pooler", hf_proj_type="mlp"),
        hf=hf("bert-base-uncased", "bert", max_position_embeddings=24, type_vocab_size=2, layer_norm_eps=1e-12, **BERT)),
    "hf_nllb": dict(
        custom=True, vision=NATIVE, text=dict(hf_pooler_type="cls_pooler", hf_proj_type="linear"),
        hf=hf("facebook/nllb-200-distilled-600M", "m2m_100", **M2M)),
    "hf_nllb_siglip": dict(
        custom=True, embed=48, logit_bias=-10, trunk=trunk("vit_base_patch16_siglip_224", "map", "none", **EVA),
        text=dict(hf_pooler_type="cls_pooler", hf_proj_type="linear"),
        hf=hf("facebook/nllb-200-distilled-600M", "m2m_100", **M2M)),
    "hf_mt5": dict(
        custom=True, vision=NATIVE, text=dict(hf_pooler_type="mean_pooler"),
        hf=hf("google/mt5-base", "mt5", vocab_size=64, d_model=32, d_kv=8, d_ff=72, num_layers=2, num_decoder_layers=1,
              num_heads=4)),
    # Long prompts: local attention sees 64 tokens to each side.
    "hf_modernbert": dict(
        custom=True, vision=NATIVE, context=160,
        text=dict(hf_pooler_type="cls_pooler", hf_proj_type="linear", hf_model_config=dict(pad_token_id=1)),
        hf=hf("Alibaba-NLP/gte-modernbert-base", "modernbert", pad_token_id=1, bos_token_id=0, eos_token_id=2, cls_token_id=0,
              sep_token_id=2, **dict(BERT, num_hidden_layers=4))),
    "modern_causal": dict(
        custom=True, vision=NATIVE, text=dict(MODERN, pool_type="eos", attention_mode="causal", norm_eps=1e-6)),
    "modern_map": dict(
        custom=True,
        trunk=trunk("naflexvit_base_patch16_map", "map", "linear", **EVA, swiglu_mlp=True, mlp_ratio=2.6666667,
                    attn_pool_mlp_ratio=4.0, pos_embed_grid_size=(4, 4)),
        text=dict(MODERN, pool_type="map", attention_mode="bidirectional", norm_eps=1e-5, qk_norm=True,
                  tokenizer_kwargs=dict(clean="whitespace"))),
    # Options that no published configuration has: LayerNorm, biases, layer scale, a plain MLP, a norm of the embeddings, the mean.
    "modern_plain": dict(
        custom=True, vision=NATIVE,
        text=dict(MODERN, pool_type="mean", attention_mode="bidirectional", norm_type="layernorm", norm_eps=1e-5,
                  qk_norm=True, mlp_type="mlp", pre_norm=True, attention_bias=True, mlp_bias=True, ls_init_value=1e-2,
                  proj_bias=True, rope_temperature=100.0)),
    # The text tower of SO400M-16-SigLIP-i18n has no projection.
    "siglip_i18n": dict(
        custom=True, embed=48, logit_bias=-10, trunk=trunk("vit_base_patch16_siglip_224", "map", "none", **EVA),
        text=dict(TEXT, width=48, heads=3, no_causal_mask=True, proj_type="none", pool_type="last", norm_kwargs=dict(eps=1e-6))),
    # Convolutions over the whole picture before the blocks, and GeGLU behind two norms.
    "vitamin": dict(
        custom=True, seed=130, text=TEXT, weights=dict(queries=2.0),
        trunk=trunk("vitamin_small_224", "", "linear", img_size=64, embed_dim=48, depth=2, num_heads=3)),
    # Only the convolutions encode positions.
    "vitamin_without_positions": dict(
        custom=True, seed=131, text=TEXT,
        trunk=trunk("vitamin_xlarge_256", "", "linear", img_size=64, embed_dim=48, depth=2, num_heads=3)),
    # CLIP's ResNet: the attention pool is its only attention; a patch is 32 pixels.
    "resnet": dict(
        seed=123, quick_gelu=True, text=TEXT, weights=dict(queries=4.0, stem=1.0), grid=3,
        vision=dict(image_size=96, layers=[2, 1, 2, 1], width=4, head_width=16, patch_size=None)),
    # No position table: a bias of attention for each distance, by a small MLP in each block.
    "relpos": dict(
        seed=122, text=TEXT, trunk=trunk("vit_relpos_medium_patch16_cls_224", "", "linear", **EVA, rel_pos_dim=20)),
}


# ---------------------------------------------------------------------------------------------------------- the models

def timm_trunk(base, pretrained=False, **arguments):
    """timm's own entry point, or its parts if that fixes the sizes of a stem."""
    if base.startswith("vitamin"):
        sizes = vitamin.VitCfg(embed_dim=(8, 16, 48), depths=(1, 2, 1), stem_width=8)
        extra = dict(pos_embed="none") if "xlarge" in base else {}
        return vitamin._create_vitamin(
            base, embed_cfg=sizes, mlp_layer=vitamin.GeGluMlp, mlp_ratio=2.0, class_token=False, global_pool="avg", **extra,
            **arguments)
    if base != "vit_base_mci_224":
        return timm.create_model(base, **arguments)
    width = arguments["embed_dim"]
    stem = hybrid.ConvStem(channels=(width // 4, width // 4, width), stride=(4, 2, 2), kernel_size=(4, 2, 2), padding=0,
                           act_layer=torch.nn.GELU)
    return hybrid._create_vision_transformer_hybrid(
        base, backbone=stem, embed_args=dict(proj=False), no_embed_class=True, **arguments)


def build(name, dynamic=False):
    """The model and its configuration, with timm's initial weights."""
    case, spec = CASES[name], CASES[name].get("trunk")
    vision = dict(case.get("vision", {}))
    if spec:
        entry = f"golden_{name}{'_dynamic' if dynamic else ''}"

        def create(pretrained=False, **kwargs):
            kwargs.pop("pretrained_cfg", None), kwargs.pop("pretrained_cfg_overlay", None), kwargs.pop("cache_dir", None)
            fixed = "naflex" in spec["name"] or "relpos" in spec["name"]
            extra = dict(dynamic_img_size=True) if dynamic and not fixed else {}
            return timm_trunk(spec["name"], **{**spec["arguments"], **extra, **kwargs})
        create.__name__, create.__module__ = entry, "timm.models.eva"
        register_model(create)
        vision = dict(image_size=spec["arguments"]["img_size"], timm_model_name=entry, timm_model_pretrained=False,
                      timm_pool=spec["pool"], timm_proj=spec["proj"])
    cls = open_clip.CustomTextCLIP if case.get("custom") else open_clip.CLIP
    extra = {} if case.get("logit_bias") is None else dict(init_logit_bias=case["logit_bias"])
    if case.get("quick_gelu"):
        extra["quick_gelu"] = True
    if case.get("coca"):
        cls, extra["multimodal_cfg"] = open_clip.CoCa, case["coca"]
    embed, text = case.get("embed", 40), dict(case["text"])
    with tempfile.TemporaryDirectory() as folder:
        if case.get("hf"):
            (pathlib.Path(folder) / "config.json").write_text(json.dumps(case["hf"]["config"]))
            text.update(hf_model_name=folder, hf_model_pretrained=False)
        model = cls(embed_dim=embed, vision_cfg=copy.deepcopy(vision), text_cfg=copy.deepcopy(text),
                    **copy.deepcopy(extra))
    if dynamic and spec and "relpos" in spec["name"]:
        patch = spec["arguments"]["img_size"] // 4
        model.visual.trunk.set_input_size((5 * patch, 7 * patch))
    if case.get("hf"):
        text.update(hf_model_name=case["hf"]["name"], hf_tokenizer_name=case["hf"]["name"], context_length=case.get("context", CONTEXT))
        del text["hf_model_pretrained"]
    config = dict(
        model_cfg=dict(embed_dim=embed, vision_cfg=vision, text_cfg=text, **extra),
        preprocess_cfg=dict(mean=MEAN, std=STD, interpolation="bicubic", resize_mode="shortest"))
    if case.get("custom"):
        config["model_cfg"]["custom_text"] = True
    if spec:
        vision["timm_model_name"] = spec["name"]
        if "text_arch" in case["text"]:
            vision["timm_model_kwargs"] = spec["arguments"]
        else:
            config["timm_model_args"] = spec["arguments"]
    return model.eval(), config


STEM = ("class_embedding", "cls_token", "positional_embedding", "pos_embed", "token_embedding", "conv1.weight",
        "patch_embed.proj", "patch_embed.backbone.2")


def enliven(model, seed, queries=1.0, stem=0.05):
    """Random weights that preserve the scale of what they multiply; nothing is zero or one by accident.

    `queries` scales those of queries and keys. `stem` scales everything that computes the first tokens: if they are small, a
    wrong epsilon of the first norm becomes visible.
    """
    g = torch.Generator().manual_seed(seed)
    normal = lambda p: torch.randn(p.shape, generator=g)
    uniform = lambda p: torch.rand(p.shape, generator=g)
    for name, p in model.named_parameters():
        leaf = name.split(".")[-1]
        norm = any("norm" in part.lower() or part.startswith(("ln_", "bn")) for part in name.split(".")[:-1])
        if name == "logit_scale":
            value = torch.full(p.shape, math.log(20.0))
        elif norm and leaf == "weight":
            value = 0.6 + 0.8 * uniform(p)
        elif "gamma" in name or "lambda1" in name:
            value = 0.5 + 0.5 * uniform(p)
        elif "relative_attention_bias" in name:
            value = normal(p)
        elif leaf in ("cls_token", "class_embedding", "pos_embed", "positional_embedding", "latent") or "token_emb" in name:
            value = 0.5 * normal(p)
        elif p.ndim >= 2:
            fan = p.shape[0] if leaf in ("proj", "text_projection") else p[0].numel()
            value = 1.2 * normal(p) / math.sqrt(fan)
            if "attnpool.q_proj" in name:
                value *= queries
            if "SelfAttention.q" in name:  # T5 does not scale its products
                value *= 0.35
            if "qkv" in name or "in_proj" in name:
                value[: 2 * p.shape[0] // 3] *= queries
        else:
            value = 0.15 * normal(p)
        if any(part in name for part in STEM):
            value *= stem
        with torch.no_grad():
            p.copy_(value)
    for name, b in model.named_buffers():
        if "running_mean" in name:
            b.copy_(0.2 * normal(b))
        if "running_var" in name:
            b.copy_(0.5 + uniform(b))
    return model


# ------------------------------------------------------------------------------------------------- looking at attention

RECORD = None


def explicit_attention(q, k, v, attn_mask=None, dropout_p=0.0, is_causal=False, scale=None, **_):
    """Explicit attention, so that autograd has access to its probabilities."""
    scores = q @ k.transpose(-2, -1) * (q.shape[-1] ** -0.5 if scale is None else scale)
    if is_causal:
        scores = scores.masked_fill(torch.ones_like(scores, dtype=torch.bool).triu(1), -math.inf)
    if attn_mask is not None:
        scores = scores.masked_fill(~attn_mask, -math.inf) if attn_mask.dtype == torch.bool else scores + attn_mask
    p = scores.softmax(-1)
    if RECORD is not None:
        RECORD.append(p)
    return p @ v


fused_attention, F.scaled_dot_product_attention = F.scaled_dot_product_attention, explicit_attention
torch.backends.mha.set_fastpath_enabled(False)


def attention_pool(pool, features):
    """open_clip's `AttentionPool2d`, with the same modules, explicitly, so that autograd has access to its probabilities. [batch, queries, width]"""
    x = features.flatten(2).transpose(1, 2)
    x = torch.cat([x.mean(1, keepdim=True), x], 1) + pool.positional_embedding
    q, k, v = (part(x).unflatten(-1, (pool.num_heads, -1)).transpose(1, 2) for part in (pool.q_proj, pool.k_proj, pool.v_proj))
    return x, pool.c_proj(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))


class ResNet:
    """An image tower whose only attention is its pool: the output of the convolutions takes the place of a layer."""

    def __init__(self, model):
        self.visual, self.pooler = model.visual, model.visual.attnpool

    def features(self, pixels):
        x = self.visual.stem(pixels)
        for stage in (self.visual.layer1, self.visual.layer2, self.visual.layer3, self.visual.layer4):
            x = stage(x)
        return x

    def run(self, pixels):
        """As `Tower.run`; the pool sees its tokens with their positions."""
        global RECORD
        z = self.features(pixels)
        RECORD = []
        x, embedding = attention_pool(self.pooler, z)
        probabilities, RECORD = RECORD, None
        # Only the first query is pooled.
        return embedding[:, 0], x, [z], [probabilities[0][:, :, :1]]

    def own(self, z):
        return attention_pool(self.pooler, z)[1][:, 0]

    official = own


def tower_of(model):
    return ResNet(model) if hasattr(model.visual, "attnpool") else Tower(model)


class Tower:
    """The image tower with uniform names for its parts."""

    def __init__(self, model):
        self.visual, trunk = model.visual, getattr(model.visual, "trunk", None)
        self.trunk = trunk
        self.blocks = trunk.blocks if trunk is not None else model.visual.transformer.resblocks
        self.prefix = trunk.num_prefix_tokens if trunk is not None else 1
        self.pooler = getattr(trunk, "attn_pool", None)

    def run(self, pixels):
        """Embedding, tokens before the blocks, tokens after each, probabilities of each."""
        global RECORD
        seen, hooks = [], []
        hooks.append(self.blocks[0].register_forward_pre_hook(lambda _, args: seen.append(args[0])))
        hooks += [b.register_forward_hook(lambda _, __, out: seen.append(out)) for b in self.blocks]
        RECORD = []
        embedding = self.visual(pixels)
        if isinstance(embedding, tuple):  # CoCa gives its tokens as well
            embedding = embedding[0]
        probabilities, RECORD = RECORD[: len(self.blocks)], None
        for hook in hooks:
            hook.remove()
        return embedding, seen[0], seen[1:], probabilities

    def norm(self, x):
        if self.trunk is None:
            return self.visual.ln_post(x)
        return self.trunk.fc_norm(self.trunk.norm(x))

    def seen(self, z):
        """The tokens that a pooler attends to."""
        return z if getattr(self.trunk, "pool_include_prefix", True) else z[:, self.prefix:]

    def project(self, x):
        return x @ self.visual.proj if self.trunk is None else self.visual.head(self.trunk.head(x))

    def official(self, z):
        """The authors' code: the mean of all tokens through norm and projection, or the pooler on raw tokens."""
        return self.project(self.pooler(self.seen(z))) if self.pooler is not None else self.project(self.norm(z.mean(1)))

    def own(self, z):
        """The model's own readout."""
        if self.pooler is not None:
            return self.project(self.pooler(self.seen(self.trunk.norm(z))))
        if self.trunk is None:
            pooled = z[:, 1:].mean(1) if self.visual.pool_type == "avg" else z[:, 0]
            return self.project(self.norm(pooled))
        z = self.trunk.norm(z)
        pooled = z[:, self.prefix:].mean(1) if self.trunk.global_pool == "avg" else z[:, 0]
        return self.project(self.trunk.fc_norm(pooled))


def maps(tower, pixels, texts, readout, score, grid):
    """[layers, prompts, grid]: mean over heads and queries of the positive part of the score's gradient."""
    global RECORD
    _, _, tokens, probabilities = tower.run(pixels)
    result = []
    for z, p in zip(tokens, probabilities):
        RECORD = []
        e = readout(z)
        if tower.pooler is not None:
            p = RECORD[0]
        RECORD, first = None, isinstance(tower, ResNet)
        for t in texts:
            s = (F.normalize(e, dim=-1) if score == "cosine" else e)[0] @ t
            (g,) = torch.autograd.grad(s, p, retain_graph=True)
            g = g[:, :, :1] if first else g
            result.append(g[0].clamp(min=0).mean((0, 1))[-grid[0] * grid[1]:].reshape(grid))
    return torch.stack(result).reshape(len(tokens), len(texts), *grid)


# ------------------------------------------------------------------------------------------------------------- a case

def framed_ids(g, first, last, pad, context, vocabulary):
    """Prompts with their own special tokens, padded at the end."""
    ids = torch.full((PROMPTS, context), pad)
    for row in range(PROMPTS):
        n = 4 + row if row < PROMPTS - 1 else context
        ids[row, :n] = torch.randint(4, vocabulary, (n,), generator=g)
        ids[row, 0], ids[row, n - 1] = first, last
    return ids


def hf_token_ids(config, g, context):
    """Prompts with the special tokens of transformers' tokenizers, one of them with a padding token inside."""
    first, last, pad = {"roberta": (0, 2, 1), "bert": (2, 3, 0), "m2m_100": (60, 2, 1),
                        "mt5": (4, 1, 0), "modernbert": (0, 2, 1)}[config["model_type"]]
    ids = torch.full((PROMPTS, context), pad)
    for row in range(PROMPTS):
        n = 4 + row if row < PROMPTS - 1 else context
        if context > CONTEXT:
            n = context - 7 * row
        ids[row, :n] = torch.randint(4, config["vocab_size"] - 4, (n,), generator=g)
        ids[row, 0], ids[row, n - 1] = first, last
    ids[2, 2] = pad
    return ids


def token_ids(name, g):
    if "hf" in CASES[name]:
        return hf_token_ids(CASES[name]["hf"]["config"], g, CASES[name].get("context", CONTEXT))
    text = CASES[name]["text"]
    if "text_arch" in text:
        return framed_ids(g, text["bos_id"], text["eos_id"], text["pad_id"], CONTEXT, 64)
    length, vocabulary = text["context_length"], text["vocab_size"]
    ids = torch.zeros(PROMPTS, length, dtype=torch.long)
    for row in range(PROMPTS):
        n = 4 + row if row < PROMPTS - 1 else length
        body = torch.randint(3, vocabulary - 2, (n,), generator=g)
        kind = text.get("pool_type", "argmax")
        if kind == "argmax":
            body[0], body[-1] = vocabulary - 2, vocabulary - 1
        elif kind == "eos":
            ids[row] = 1
            body[0] = 0
            if row < PROMPTS - 1:  # the last prompt has no end: its first position is pooled
                body[-1] = 2
        ids[row, :n] = body
    return ids


def large_native(model, grid):
    """open_clip's own tower for another grid: its table resampled as in LeGrad and timm."""
    model = copy.deepcopy(model)
    owner = getattr(model.visual, "attnpool", model.visual)
    table = owner.positional_embedding.detach()
    side = math.isqrt(len(table) - 1)
    image = table[1:].reshape(1, side, side, -1).permute(0, 3, 1, 2)
    image = F.interpolate(image, size=grid, mode="bicubic", antialias=True, align_corners=False)
    owner.positional_embedding = torch.nn.Parameter(
        torch.cat([table[:1], image.permute(0, 2, 3, 1).reshape(grid[0] * grid[1], -1)]))
    return model


def text_layers(model, prompt):
    """The blocks of the text tower, and which tokens of a prompt are not masked padding."""
    encoder = model.text if hasattr(model, "text") else model
    if hasattr(encoder, "text_projection") and hasattr(encoder, "blocks"):  # ModernTextTransformer
        return encoder.blocks, (prompt != encoder.pad_id) | torch.tensor(encoder.cfg.attention_mode == "causal")
    if not hasattr(encoder, "pooler"):
        return encoder.transformer.resblocks, torch.ones(len(prompt), dtype=torch.bool)
    tower = encoder.transformer
    layers = (tower.encoder.layer if hasattr(tower, "encoder") else tower.layers if hasattr(tower, "layers")
              else tower.block)
    return layers, prompt != encoder.config.pad_token_id


def compute(name, model, dynamic, inputs, dtype):
    """All expected arrays in one precision."""
    model = copy.deepcopy(model).to(dtype)
    tower = tower_of(model)
    forward, heat = {}, {}
    ids = inputs["ids"]
    with torch.no_grad():
        pixels = inputs["pixels"].to(dtype)
        image, tokens_in, blocks, probabilities = tower.run(pixels)
        forward["image0.tokens_in"] = tokens_in[0]
        for layer, z in enumerate([] if isinstance(tower, ResNet) else blocks):
            forward[f"image0.block{layer}"] = z[0]
        entropy = [float(-(p * p.log()).sum(-1).mean() / math.log(p.shape[-1])) for p in probabilities]
        F.scaled_dot_product_attention = fused_attention
        original = model.encode_image(pixels, normalize=False)
        F.scaled_dot_product_attention = explicit_attention
        assert (original - image).abs().max() < 1e-4, "the attention is not the model's"
        assert (tower.own(blocks[-1]) - image).abs().max() < 1e-4, "the readout is not the model's"
        text_blocks, real = text_layers(model, ids[0])
        seen = []
        hooks = [text_blocks[0].register_forward_pre_hook(lambda _, args: seen.append(args[0]))]
        hooks += [b.register_forward_hook(lambda _, __, out: seen.append(out[0] if isinstance(out, tuple) else out))
                  for b in text_blocks]
        text = model.encode_text(ids, normalize=False)
        for hook in hooks:
            hook.remove()
        forward["text.prompt0.tokens_in"] = seen[0][0][real]
        for layer, z in enumerate(seen[1:]):
            forward[f"text.prompt0.block{layer}"] = z[0][real]
        forward["image_embeddings"], forward["text_embeddings"] = image, text
        images, texts = F.normalize(image, dim=-1), F.normalize(text, dim=-1)
        forward["image_embeddings_norm"], forward["text_embeddings_norm"] = images, texts
        forward["logit_scale_exp"] = model.logit_scale.exp()
        bias = model.logit_bias if getattr(model, "logit_bias", None) is not None else torch.zeros((), dtype=dtype)
        forward["logits"] = model.logit_scale.exp() * images @ texts.T + bias
        if "logit_bias" in dict(model.named_parameters()):
            forward["logit_bias"] = bias
    explained = texts[:EXPLAINED].detach()
    heat["text_embeddings_norm"] = explained
    for size in ("native", "large"):
        pixels = inputs[size].to(dtype)
        grid = tuple(side // inputs["patch"] for side in pixels.shape[-2:])
        if size == "large":
            tower = tower_of(large_native(model, grid) if dynamic is None else copy.deepcopy(dynamic).to(dtype))
        heat[f"{size}.official.layers"] = maps(tower, pixels, explained, tower.official, "cosine", grid)
        heat[f"{size}.paper.layers"] = maps(tower, pixels, explained, tower.own, "dot", grid)
        heat[f"{size}.paper_cosine.layers"] = maps(tower, pixels, explained, tower.own, "cosine", grid)
        heat[f"{size}.image_embedding"] = tower.run(pixels)[0].detach()[0]
    arrays = lambda d: {k: v.detach().double().numpy() for k, v in d.items()}
    return arrays(forward), arrays(heat), entropy


def make(name, seed):
    model, config = build(name)
    enliven(model, seed, **CASES[name].get("weights", {}))
    spec = CASES[name].get("trunk")
    dynamic = None
    if spec:
        dynamic, _ = build(name, dynamic=True)
        dynamic.load_state_dict(model.state_dict())
    g = torch.Generator().manual_seed(seed + 1000)
    side = spec["arguments"]["img_size"] if spec else CASES[name]["vision"]["image_size"]
    patch = side // CASES[name].get("grid", 4)
    # Blobs over noise, so that patches differ in more than their noise.
    picture = lambda h, w, n: F.interpolate(
        torch.randn(n, 3, 5, 5, generator=g), size=(h, w), mode="bicubic") + 0.3 * torch.randn(n, 3, h, w, generator=g)
    pixels = picture(side, side, 2)
    # The larger grid is a rectangle, so that rows and columns cannot be mistaken for each other.
    inputs = dict(pixels=pixels, native=pixels[:1], large=picture(5 * patch, 7 * patch, 1), patch=patch,
                  ids=token_ids(name, g))

    wide = compute(name, model, dynamic, inputs, torch.float64)
    narrow = compute(name, model, dynamic, inputs, torch.float32)
    folder = OUT / name
    (folder / "expected").mkdir(parents=True, exist_ok=True)
    (folder / "checkpoints" / "openclip").mkdir(parents=True, exist_ok=True)
    expected = {}
    for file, (want, other) in {"forward.npz": (wide[0], narrow[0]), "heatmaps.npz": (wide[1], narrow[1])}.items():
        facts, arrays = {}, {}
        for key, value in want.items():
            noise, largest = float(np.abs(value - other[key]).max()), float(np.abs(value).max())
            assert np.isfinite(value).all() and largest > 0, key
            arrays[key] = value.astype(np.float32)
            facts[key] = dict(shape=list(value.shape), dtype="float32", max_abs=largest, f32_noise=noise,
                              atol=max(20 * noise, 4e-6 * largest, 1e-9))
        if file == "forward.npz":
            arrays["pixel_values"], arrays["token_ids"] = pixels.numpy(), inputs["ids"].numpy()
        save_npz(folder / "expected" / file, arrays)
        expected[file] = facts
    save_npz(folder / "expected" / "preprocess.npz",
             {f"image_a.{size}.tensor": inputs[size][0].numpy() for size in ("native", "large")})
    save_file({k: v.contiguous() for k, v in model.state_dict().items()},
              folder / "checkpoints" / "openclip" / "open_clip_model.safetensors", metadata=dict(format="pt"))
    (folder / "checkpoints" / "openclip" / "open_clip_config.json").write_text(json.dumps(config, indent=1) + "\n")
    case = dict(
        case=name, family=spec["name"] if spec else name, seed=seed,
        made_with=dict(open_clip=open_clip.__version__, timm=timm.__version__, torch=torch.__version__.split("+")[0]),
        checkpoints=[dict(path="checkpoints/openclip/open_clip_model.safetensors", container="safetensors",
                          dtype="F32", expected="forward.npz")],
        checks=dict(attention_entropy=[round(e, 3) for e in wide[2]],
                    text_cosine_std=float(np.std(wide[0]["text_embeddings_norm"] @ wide[0]["text_embeddings_norm"].T))),
        expected=expected)
    (folder / "case.json").write_text(json.dumps(case, indent=1) + "\n")
    assert all(0.5 < e < 0.95 for e in wide[2]), f"attention is not lively: {wide[2]}"
    size = sum(f.stat().st_size for f in folder.rglob("*") if f.is_file())
    noise = max(f["f32_noise"] / f["max_abs"] for file in expected.values() for f in file.values())
    print(f"{name:20} {size / 1e6:.2f} MB, entropy {case['checks']['attention_entropy']}, relative noise {noise:.1e}")


if __name__ == "__main__":
    for index, name in enumerate(CASES):
        if not sys.argv[1:] or name in sys.argv[1:]:
            make(name, seed=CASES[name].get("seed", 100 + index))
