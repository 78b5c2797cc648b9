#!/usr/bin/env python3
"""Makes Tests/Golden/*/*/expected/methods.npz, and methods.json with a tolerance for each array: the results of every explanation method except LRP's family on models and sizes that
`baselines.npz` does not cover.

    venv/bin/python Tools/golden/make_methods.py [CASE ...]

The modules are open_clip's and timm's own with the weights of the case's OpenCLIP checkpoint; gradients are torch's
autograd with respect to the attention probabilities or the blocks' outputs. GEM is written after WalBouss/GEM's
`SelfSelfAttention` and `GEMResidualBlock`, from the queries, keys and values that the model's own attention gets. As in
`make_families.py`, numbers are computed in float64, and `atol` = max(20 f32_noise, 4e-6 largest value, 1e-9).

For each size ("native", and "large" or "rect"): A = probabilities of a block, u = weights of the tokens in the embedding (the class
token alone; a mean over patches; half and half where the head sees both; the pooler's attention, the mean over its heads), s = cosine of the embedding with a prompt
(a classifier's logit), n patches.

    rollout.start{0,1}         u times the product of rownorm(mean_h A + I)
    raw_attention              u times the last block's mean_h A; the pooler's u
    gradcam.layers             relu(mean_k w_k z_ik), w = (1/n) sum over all tokens of ds/dz
    attentioncam.paper         w_h = (1/n^2) sum_ij ds/dA_hij of the last block (poolers: the mean over the keys); u sum_h w_h A_h
    attentioncam.chefer        w_h from the pooled rows, weighted by u, and patch columns; relu of the mean over heads
    chefercam.{last,all}       R <- R + mean_h relu(c dA*A) R, c the logit scale (1 for classifiers); u (R - I)
    chefercam.pooler           mean_h relu(c dA*A) of the pooler times I + rownorm(R - I), R of all blocks
    textspan.{heat,centred}    direct effects of heads, layers and patches on the unit embedding; less the mean over all prompts
    gem                        cosine of projected patches after self-self attention, last six blocks
    legrad.no_relu.layers      the official gradient (of each layer's own cosine), mean over heads and queries, signs kept
    legrad.final_score.layers  mean over heads and queries of relu(ds/dA) of every block
"""
import copy
import json
import math
import sys

import numpy as np
import open_clip
import timm
import torch
import torch.nn.functional as F
import transformers
from safetensors.torch import load_file

import make_families as families
from make_classifiers import DINOv2Classifier
from npz import save_npz

GOLDEN = families.OUT.parent
EXPLAINED = 3
SIZES = {"siglip": "rect", "clip_gelu": "rect"}
MODELS = ["clip_gelu", "clip_layerscale", "clip_h14style", "coca", "siglip", "vit_classifier"]
FAMILIES = ["clipa", "pe_core", "eva02", "eva01", "eva02_enormous", "mobileclip_base", "timm_gap", "naflex_gap",
            "naflex_siglip2", "relpos", "resnet", "vitamin"]
DINOV2 = ["hf_dinov2_registers"]
CLASSIFIERS = ["vit_classifier", *DINOV2]


class Bare(torch.nn.Module):
    """A timm trunk whose output is the embedding, or the logits."""

    def __init__(self, trunk):
        super().__init__()
        self.trunk, self.head = trunk, torch.nn.Identity()

    def forward(self, x):
        return self.trunk(x)


class Holder(torch.nn.Module):
    def __init__(self, visual):
        super().__init__()
        self.visual = visual


def load(name):
    """The model's image tower with its checkpoint's weights, a variant for other sizes (None: open_clip's own tower),
    and the case's folder."""
    if name in FAMILIES:
        folder = GOLDEN / "families" / name
        weights = load_file(folder / "checkpoints/openclip/open_clip_model.safetensors")
        models = []
        for dynamic in (False, True):
            model, _ = families.build(name, dynamic=dynamic)
            model.load_state_dict(weights)
            models.append(model.eval())
        return models[0], models[1] if families.CASES[name].get("trunk") else None, folder
    if name in DINOV2:
        folder = GOLDEN / "classifiers" / name
        model = transformers.AutoModelForImageClassification.from_pretrained(folder / "checkpoints/hf").eval()
        return model, model, folder
    folder = GOLDEN / "models" / name
    if name in ("siglip", "vit_classifier"):
        arguments = dict(
            siglip=dict(img_size=40, depth=3, class_token=False, global_pool="map", num_classes=0),
            vit_classifier=dict(img_size=32, depth=4, num_classes=10))[name]
        file = "timm/model.safetensors" if name == "vit_classifier" else "openclip/open_clip_model.safetensors"
        weights = load_file(folder / "checkpoints" / file)
        start = "" if name == "vit_classifier" else "visual.trunk."
        weights = {key[len(start):]: value for key, value in weights.items() if key.startswith(start)}
        models = []
        for dynamic in (False, True):
            trunk = timm.models.vision_transformer.VisionTransformer(
                patch_size=8, embed_dim=56, num_heads=4, dynamic_img_size=dynamic, **arguments)
            trunk.load_state_dict(weights)
            models.append(Holder(Bare(trunk)).eval())
        return *models, folder
    config = json.loads((folder / "checkpoints/openclip/open_clip_config.json").read_text())["model_cfg"]
    custom = config.pop("custom_text", False)
    cls = open_clip.CoCa if name == "coca" else open_clip.CustomTextCLIP if custom else open_clip.CLIP
    model = cls(**config)
    weights = load_file(folder / "checkpoints/openclip/open_clip_model.safetensors")
    model.load_state_dict({key: value.float() for key, value in weights.items()})
    return model.eval(), None, folder


def resized(model, dynamic, pixels):
    """The result of `load`, for pictures of another size."""
    if dynamic is not None:
        return dynamic
    patch = 32 if hasattr(model.visual, "attnpool") else model.visual.patch_size[0]
    return families.large_native(model, tuple(side // patch for side in pixels.shape[-2:]))


def watch(run):
    """The result of a call, and the queries, keys, values and probabilities of each attention in it."""
    attentions = []

    def attend(q, k, v, attn_mask=None, dropout_p=0.0, is_causal=False, scale=None, **_):
        assert not is_causal
        scores = q @ k.transpose(-2, -1) * (q.shape[-1] ** -0.5 if scale is None else scale)
        p = (scores if attn_mask is None else scores + attn_mask).softmax(-1)
        attentions.append((q, k, v, p))
        return p @ v

    former, F.scaled_dot_product_attention = F.scaled_dot_product_attention, attend
    out = run()
    F.scaled_dot_product_attention = former
    return out, attentions


class Seen:
    """The records of one run of a tower: embedding, block outputs, and the operands and probabilities of each attention."""

    def __init__(self, tower, pixels):
        hooks = []
        self.inputs, self.outputs, self.normed = [], [], []
        for block in tower.blocks:
            hooks.append(block.register_forward_pre_hook(lambda _, args: self.inputs.append(args[0])))
            hooks.append(block.register_forward_hook(lambda _, __, out: self.outputs.append(out)))
            hooks.append(getattr(block, "attn", getattr(block, "attention", None)).register_forward_pre_hook(
                lambda _, args, kwargs: self.normed.append(args[0] if args else kwargs["query"]), with_kwargs=True))
        out, attentions = watch(lambda: tower.visual(pixels))
        for hook in hooks:
            hook.remove()
        self.embedding = out[0] if isinstance(out, tuple) else getattr(out, "logits", out)
        self.attentions = attentions[: len(tower.blocks)]
        self.probabilities = [a[3] for a in self.attentions]
        # CoCa pools the first query.
        self.whole_pooler = attentions[len(tower.blocks)][3] if len(attentions) > len(tower.blocks) else None
        self.pooler = None if self.whole_pooler is None else self.whole_pooler[:, :, :1]


class Tower(families.Tower):
    """With CoCa's pooler, and what methods use."""

    def __init__(self, model, classifier):
        super().__init__(model)
        self.classifier = classifier
        self.coca = self.trunk is None and self.visual.attn_pool is not None

    def weights(self, seen):
        """u, [tokens]."""
        if seen.pooler is not None:
            return seen.pooler[0, :, 0].mean(0)
        u = torch.zeros(seen.outputs[0].shape[1], dtype=seen.embedding.dtype)
        average = self.trunk.global_pool == "avg" if self.trunk is not None else self.visual.pool_type == "avg"
        if average:
            u[self.prefix:] = 1 / (len(u) - self.prefix)
        else:
            u[0] = 1
        return u

    def own_score(self, z, t):
        """The official score of a layer: what the authors' code differentiates."""
        if self.coca:
            return self.visual.attn_pool(z)[0, 0] @ self.visual.proj @ t
        if isinstance(self.visual, Bare):
            e = self.trunk.attn_pool(z) if self.pooler is not None else self.trunk.head(self.trunk.norm(z.mean(1)))
        else:
            e = self.official(z)
        return (e if self.classifier else F.normalize(e, dim=-1))[0] @ t

    def branch(self, layer, mixed):
        """What an attention's mixed values [1, tokens, width] add to the stream."""
        block = self.blocks[layer]
        if self.trunk is None:
            out, scale = block.attn.out_proj(mixed), block.ls_1
        else:
            inner = getattr(block.attn, "norm", torch.nn.Identity())
            out = block.attn.proj(inner(mixed))
            scale = getattr(block, "ls1", torch.nn.Identity())
            gamma = getattr(block, "gamma_1", None)
            if gamma is not None:
                scale = lambda x: x * gamma
        return scale(out)

    def final_norm(self, z):
        return self.visual.ln_post(z) if self.trunk is None else self.trunk.fc_norm(self.trunk.norm(z))


class DINOv2Tower(DINOv2Classifier):
    """A head on the class token and the mean of the patches: each has half of the weight."""
    classifier, coca = True, False

    def weights(self, seen):
        u = torch.zeros(seen.outputs[0].shape[1], dtype=seen.embedding.dtype)
        u[0], u[self.prefix:] = 0.5, 0.5 / (len(u) - self.prefix)
        return u

    def own_score(self, z, t):
        return self.own(z)[0] @ t


def textspan(tower, seen, texts):
    """[texts, tokens]: direct effects on the unit embedding, summed over heads and layers."""
    z, norm = seen.outputs[-1][0, 0], tower.visual.ln_post if tower.trunk is None else tower.trunk.norm
    mean, deviation = z.mean(), (z.var(unbiased=False) + norm.eps).sqrt()
    length = seen.embedding[0].norm()
    layers, (_, heads, count, narrow) = len(tower.blocks), seen.attentions[0][0].shape
    parts = (2 * layers + 1) * count * heads
    width = z.shape[0]
    project = (lambda x: x @ tower.visual.proj) if tower.trunk is None else (
        lambda x: F.linear(x, tower.trunk.head.weight if hasattr(tower.trunk.head, "weight") else torch.eye(width, dtype=x.dtype)))
    if tower.trunk is not None and hasattr(tower.visual.head, "proj"):
        project = lambda x: F.linear(x, tower.visual.head.proj.weight)
    zero = torch.zeros(1, 1, width, dtype=z.dtype)
    total = torch.zeros(count, len(texts), dtype=z.dtype)
    for layer, (_, _, v, p) in enumerate(seen.attentions):
        bias = tower.branch(layer, zero)[0, 0] / (count * heads)
        for head in range(heads):
            values = torch.zeros(1, count, width, dtype=z.dtype)
            values[0, :, head * narrow:(head + 1) * narrow] = p[0, head, 0][:, None] * v[0, head]
            q = tower.branch(layer, values)[0] - tower.branch(layer, zero)[0] + bias
            effect = norm.weight * (q - mean / parts) / deviation + norm.bias / parts
            total += project(effect) @ texts.T / length
    return total.T


def gem(tower, seen, texts, depth=6):
    first = max(0, len(tower.blocks) - depth)
    stream = seen.inputs[first]
    for layer in range(first, len(tower.blocks)):
        q, k, v, _ = seen.attentions[layer]
        heat = seen.normed[layer].norm(dim=-1).mean() * q.shape[-1] ** -0.5
        out = 0
        for x in (v, k, q):
            x = F.normalize(x, dim=-1)
            x = (x @ x.transpose(-2, -1) * heat).softmax(-1) @ x
            x = F.normalize(x, dim=-1)
            out = out + (x @ x.transpose(-2, -1) * heat).softmax(-1) @ v
        mixed = (out / 3).transpose(1, 2).reshape(stream.shape)
        stream = stream + tower.branch(layer, mixed)
    e = tower.project(tower.final_norm(stream))
    return (F.normalize(e, dim=-1)[0, tower.prefix:] @ texts.T).T


def compute(name, model, pixels, texts, explained, scale, dtype):
    copied = copy.deepcopy(model).to(dtype)
    tower = DINOv2Tower(copied) if name in DINOV2 else Tower(copied, classifier=name in CLASSIFIERS)
    texts, explained, pixels = texts.to(dtype), explained.to(dtype), pixels.to(dtype)
    seen = Seen(tower, pixels)
    e, prefix, count = seen.embedding, tower.prefix, seen.outputs[0].shape[1]
    n, layers, u = count - prefix, len(tower.blocks), tower.weights(seen)
    patches = lambda row: row[..., prefix:]
    eye = torch.eye(count, dtype=dtype)
    divide = lambda m: m / m.sum(-1, keepdim=True)
    out = {}
    for start in (0, 1):
        r = eye
        for p in seen.probabilities[start:]:
            r = divide(p[0].mean(0) + eye) @ r
        out[f"rollout.start{start}"] = patches(u @ r)
    last = seen.probabilities[-1][0]
    pooled = seen.pooler is not None
    out["raw_attention"] = patches(u if pooled else u @ last.mean(0))
    rows = {key: [] for key in ("gradcam.layers", "attentioncam.paper", "attentioncam.chefer", "chefercam.last", "chefercam.all",
                                "chefercam.pooler", "legrad.no_relu.layers", "legrad.final_score.layers")}
    for t in explained:
        s = (e if tower.classifier else F.normalize(e, dim=-1))[0] @ t
        grads = torch.autograd.grad(s, seen.probabilities, retain_graph=True, allow_unused=True)
        grads = [torch.zeros_like(p) if g is None else g for g, p in zip(grads, seen.probabilities)]
        at_tokens = torch.autograd.grad(s, seen.outputs, retain_graph=True)
        rows["gradcam.layers"].append(torch.stack([
            patches(((g[0].sum(0) / n) * z[0]).mean(-1).clamp(min=0)) for g, z in zip(at_tokens, seen.outputs)]))
        rows["legrad.final_score.layers"].append(torch.stack([patches(g[0].clamp(min=0).mean((0, 1))) for g in grads]))
        own = []
        for layer, z in enumerate(seen.outputs):
            if pooled:
                score, caught = watch(lambda: tower.own_score(z, t))
                (g,) = torch.autograd.grad(score, caught[0][3], retain_graph=True)
                g = g[:, :, :1]
            else:
                (g,) = torch.autograd.grad(tower.own_score(z, t), seen.probabilities[layer], retain_graph=True)
            own.append(patches(g[0].mean((0, 1))))
        rows["legrad.no_relu.layers"].append(torch.stack(own))

        def relevance(first, factor):
            r = eye
            for g, p in zip(grads[first:], seen.probabilities[first:]):
                r = r + (factor * g[0] * p[0]).clamp(min=0).mean(0) @ r
            return r - eye
        if pooled:
            (g,) = torch.autograd.grad(s, seen.whole_pooler, retain_graph=True)
            g, p = g[0, :, 0], seen.pooler[0, :, 0]
            rows["attentioncam.paper"].append(patches((g.mean(-1, keepdim=True) * p).sum(0)))
            own = (scale * g * p).clamp(min=0).mean(0)
            rest = relevance(0, scale)
            rows["chefercam.pooler"].append(patches(own @ (eye + divide(rest))))
        else:
            g, p = grads[-1][0], last
            rows["attentioncam.paper"].append(patches(u @ ((g.sum((1, 2)) / n**2)[:, None, None] * p).sum(0)))
            w = (u @ g)[:, prefix:].mean(-1)
            rows["attentioncam.chefer"].append(patches((u @ (w[:, None, None] * p).mean(0)).clamp(min=0)))
            rows["chefercam.last"].append(patches(u @ relevance(layers - 1, scale)))
            rows["chefercam.all"].append(patches(u @ relevance(0, scale)))
    out |= {key: torch.stack(value) for key, value in rows.items() if value}
    class_token = not pooled and float(u[0]) == 1
    plain_branches = tower.trunk is None or name in ("vit_classifier", "mobileclip_base", "eva01", "relpos")
    if class_token and plain_branches and not tower.classifier:
        heat = patches(textspan(tower, seen, texts))
        out["textspan.heat"], out["textspan.centred"] = heat[:EXPLAINED], (heat - heat.mean(0))[:EXPLAINED]
    if not pooled and not tower.classifier and name != "eva02_enormous":
        out["gem"] = gem(tower, seen, explained)
    return {key: value.detach().double().numpy() for key, value in out.items()}, float((own_check(tower, seen) - e).detach().abs().max())


def compute_resnet(model, pixels, explained, scale, dtype):
    """The same of CLIP's ResNet: its pool is the only attention, its features are the only layer."""
    tower = families.ResNet(copy.deepcopy(model).to(dtype))
    explained, pixels = explained.to(dtype), pixels.to(dtype)
    features = tower.features(pixels)
    patches = lambda row: row[..., 1:]
    (_, embedding), attentions = watch(lambda: families.attention_pool(tower.pooler, features))
    e, whole = embedding[:, 0], attentions[0][3]
    p, n = whole[0, :, 0], features[0, 0].numel()
    rows = {key: [] for key in ("gradcam.layers", "attentioncam.paper", "attentioncam.chefer", "chefercam.pooler",
                                "legrad.no_relu.layers", "legrad.final_score.layers")}
    for t in explained:
        s = F.normalize(e, dim=-1)[0] @ t
        at_features, g = torch.autograd.grad(s, (features, whole), retain_graph=True)
        w = at_features[0].flatten(1).sum(-1) / n
        rows["gradcam.layers"].append((w[:, None] * features[0].flatten(1)).mean(0).clamp(min=0)[None])
        g = g[0, :, 0]
        weighted = g.mean(-1, keepdim=True) * p
        rows["attentioncam.paper"].append(patches(weighted.sum(0)))
        rows["attentioncam.chefer"].append(patches(weighted.mean(0).clamp(min=0)))
        rows["chefercam.pooler"].append(patches((scale * g * p).clamp(min=0).mean(0)))
        rows["legrad.no_relu.layers"].append(patches(g.mean(0))[None])
        rows["legrad.final_score.layers"].append(patches(g.clamp(min=0).mean(0))[None])
    out = {key: torch.stack(value) for key, value in rows.items()} | {"raw_attention": patches(p.mean(0))}
    difference = float((model.to(dtype).encode_image(pixels) - e).detach().abs().max())
    return {key: value.detach().double().numpy() for key, value in out.items()}, difference


def own_check(tower, seen):
    """Recomputes the embedding from the last tokens, with the parts that the methods use."""
    z = seen.outputs[-1]
    if tower.coca:
        return tower.visual.ln_post(tower.visual.attn_pool(z))[:, 0] @ tower.visual.proj
    if isinstance(tower.visual, Bare):
        return tower.trunk.forward_head(tower.trunk.norm(z))
    return tower.own(z)


def make(name):
    model, dynamic, folder = load(name)
    forward = None if name in CLASSIFIERS else np.load(
        folder / "expected" / ("forward_erf.npz" if name == "siglip" else "forward.npz"))
    pictures = np.load(folder / "expected" / "preprocess.npz")
    if forward is None:
        explained = torch.eye(10)[[0, 3, 7]]
        texts, scale = explained, 1.0
    else:
        texts = torch.from_numpy(forward["text_embeddings_norm"])
        explained, scale = texts[:EXPLAINED], float(forward["logit_scale_exp"].ravel()[0])
    arrays, facts = {}, {}
    for size in ("native", SIZES.get(name, "large")):
        pixels = torch.from_numpy(pictures[f"image_a.{size}.tensor"])[None]
        variant = model if size == "native" else resized(model, dynamic, pixels)
        def run(dtype):
            if name == "resnet":
                return compute_resnet(variant, pixels, explained, scale, dtype)
            return compute(name, variant, pixels, texts, explained, scale, dtype)
        wide, difference = run(torch.float64)
        assert difference < 1e-9, f"the readout is not the model's: {difference}"
        narrow, _ = run(torch.float32)
        for key, value in wide.items():
            noise, largest = float(np.abs(value - narrow[key]).max()), float(np.abs(value).max())
            assert np.isfinite(value).all() and largest > 0, key
            arrays[f"{size}.{key}"] = value.astype(np.float32)
            facts[f"{size}.{key}"] = dict(
                shape=list(value.shape), dtype="float32", max_abs=largest, f32_noise=noise,
                atol=max(20 * noise, 4e-6 * largest, 1e-9))
    save_npz(folder / "expected" / "methods.npz", arrays)
    lines = ",\n".join(f" {json.dumps(key)}: {json.dumps(fact)}" for key, fact in facts.items())
    (folder / "expected" / "methods.json").write_text(f"{{\n{lines}\n}}\n")
    size = (folder / "expected" / "methods.npz").stat().st_size
    noise = max(fact["f32_noise"] / fact["max_abs"] for fact in facts.values())
    print(f"{name:20} {len(arrays)} arrays, {size / 1e3:.0f} kB, relative noise {noise:.1e}")


if __name__ == "__main__":
    for name in MODELS + FAMILIES + DINOV2:
        if not sys.argv[1:] or name in sys.argv[1:]:
            make(name)
