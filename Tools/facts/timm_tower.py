"""timm's image towers, in the format of a manifest's `vision`."""


def activation(layer):
    if layer is None:
        return "gelu"
    known = {"gelu_tanh": "gelu_tanh", "gelu": "gelu", "quick_gelu": "quick_gelu"}
    if isinstance(layer, dict) and layer.get("approximate") == "tanh":
        return "gelu_tanh"
    return known.get(layer, str(layer))


class Timm:
    """The entry points of timm's transformers."""

    FILES = ("vision_transformer", "vision_transformer_hybrid", "vision_transformer_relpos", "eva", "deit", "vitamin")

    def __init__(self, wheel):
        names = wheel.module("timm/models/_hub.py").names
        self.files = [names["HF_SAFE_WEIGHTS_NAME"], names["HF_WEIGHTS_NAME"]]
        constants = wheel.module("timm/data/constants.py").names
        self.modules = {name: wheel.module(f"timm/models/{name}.py", constants) for name in self.FILES}

    def entry(self, name):
        for module in self.modules.values():
            if name in module.functions:
                return module, module.local(name, "model_args") or {}
        return None, None

    def configuration(self, name, tag):
        """The pretrained configuration `name.tag`, such as the size of its pictures."""
        for module in self.modules.values():
            known = module.names.get("default_cfgs")
            if isinstance(known, dict) and f"{name}.{tag}" in known:
                return known[f"{name}.{tag}"]
        return None

    def classifier(self, name):
        """A classifier with its registered tags, from timm's entry point and pretrained configurations; None for others."""
        found = {}
        for module in self.modules.values():
            known = module.names.get("default_cfgs")
            if isinstance(known, dict):
                found |= {key.split(".")[1]: c for key, c in known.items() if key.split(".")[0] == name and c["num_classes"] == 1000}
        if not found:
            return None
        size = next(iter(found.values()))["input_size"][1]
        vision = self.tower(name, size, "") | {"projection": "linear_bias"}
        return {"name": name, "embedding": 1000, "vision": vision}, {tag: self.weights(name, tag, c) for tag, c in found.items()}

    def dinov2(self, name):
        """What timm's tower of the same weights has in common with a model such as `dinov2-base` or `tipsv2-b14`."""
        size = name.split("-")[-1]
        if name.startswith("tipsv2"):
            size = {"b14": "base", "l14": "large", "so400m14": "so400m", "g14": "giant"}[size]
            entry = f"vit_{size}_patch14_reg1_tipsv2"
        else:
            entry = f"vit_{size}_patch14_{'reg4_' if 'registers' in name else ''}dinov2"
        module, arguments = self.entry(entry)
        tower = self.plain(self.modules["vision_transformer"].initial("VisionTransformer") | arguments, entry, module, 224, "token")
        if "SwiGLUPacked" in str(arguments.get("mlp_layer")):  # twice the width, the gate among it
            tower["blocks"] |= {"mlp_width": tower["blocks"]["mlp_width"] // 2, "gated": True, "activation": "silu"}
        return {"vision": {key: tower[key] for key in ("patch", "blocks", "class_token", "registers", "patch_bias", "norm_pre")}}

    def weights(self, name, tag, c):
        side, share = c["input_size"][1], c["crop_pct"]
        target = int(side / share)
        repository = c.get("hf_hub_id")
        return {
            "tag": tag, "license": c.get("license"), "classes": "imagenet-1k", "files": self.files,
            "repository": f"{repository}{name}.{tag}" if repository == "timm/" else repository,
            "preprocessing": {
                "size": [side, side], "resize_size": None if target == side else [target, target], "mean": list(c["mean"]),
                "std": list(c["std"]), "interpolation": c["interpolation"], "resize_mode": "shortest", "fill_color": 0,
            },
        }

    def tower(self, name, image, pool):
        module, arguments = self.entry(name)
        if module is None:
            return None
        if module is self.modules["eva"]:
            return self.eva(module.initial("Eva") | arguments, image, pool)
        base = self.modules["vision_transformer"].initial("VisionTransformer")
        if module is self.modules["vision_transformer_relpos"]:
            base = module.initial("VisionTransformerRelPos")
        return self.plain(base | arguments, name, module, image, pool)

    def plain(self, a, name, module, image, pool):
        width, norm = a["embed_dim"], a["norm_layer"]
        pool = a["global_pool"] if pool == "" else pool
        eps = norm["eps"] if isinstance(norm, dict) and "eps" in norm else 1e-6  # timm's LayerNorm
        mlp, act = int(width * a["mlp_ratio"]), activation(a["act_layer"])
        fc_norm = a["fc_norm"] if a["fc_norm"] is not None else pool in ("avg", "avgmax", "max")
        relative = "rel_pos_type" in a
        vision = {
            "image": [image, image], "patch": a["patch_size"],
            "blocks": {
                "width": width, "layers": a["depth"], "heads": a["num_heads"], "mlp_width": mlp, "norm_eps": eps,
                "activation": act, "layer_scale": a["init_values"] is not None,
            },
            "class_token": a["class_token"], "registers": a.get("reg_tokens", 0), "patch_bias": not a.get("pre_norm", False),
            "norm_pre": a.get("pre_norm", False),
            "positions_cover_prefix": not relative and a["class_token"] and not a.get("no_embed_class", False),
        }
        if relative:
            vision["blocks"]["relative_hidden"] = a["rel_pos_dim"] or 128  # RelPosMlp's
        if "backbone" in ast_names(module, name):
            stem = keywords(module, name, "backbone")
            vision["stem"] = {"width": stem["channels"][0], "kernels": stem["kernel_size"]}
            patch = 1
            for side in stem["kernel_size"]:
                patch *= side
            vision["patch"] = patch
        if module is self.modules["vitamin"]:
            stem = keywords(module, name, "embed_cfg")
            vision |= {
                "stem": {"widths": stem["embed_dim"][:2], "depths": stem["depths"][:2]}, "patch": 16,
                "no_positions": a["pos_embed"] == "none",
            }
            vision["blocks"] |= {"gated": True, "mlp_input_norm": True}
        vision["pooler"] = pooler(pool, a["num_heads"], mlp, act, fc_norm)
        return vision

    def eva(self, a, image, pool):
        width, norm = a["embed_dim"], a["norm_layer"]
        eps = norm["eps"] if isinstance(norm, dict) and "eps" in norm else 1e-6
        mlp = int(width * a["mlp_ratio"])
        blocks = {
            "width": width, "layers": a["depth"], "heads": a["num_heads"], "mlp_width": mlp, "norm_eps": eps,
            "activation": "silu" if a["swiglu_mlp"] else "gelu", "gated": a["swiglu_mlp"], "mlp_norm": a["scale_mlp"],
            "attention_norm": a["scale_attn_inner"], "post_norm": a["use_post_norm"], "layer_scale": a["init_values"] is not None,
        }
        if a["use_rot_pos_emb"]:
            blocks["rope"] = {
                "temperature": a["rope_temperature"], "reference_grid": a["ref_feat_shape"],
                "offset": a["rope_grid_offset"], "indexing": a["rope_grid_indexing"],
            }
        return {
            "image": [image, image], "patch": a["patch_size"], "blocks": blocks, "class_token": a["class_token"],
            "registers": a["num_reg_tokens"], "patch_bias": not a["use_pre_transformer_norm"],
            "norm_pre": a["use_pre_transformer_norm"], "positions_cover_prefix": a["class_token"] and not a["no_embed_class"],
            "pooler": pooler(pool, a["attn_pool_num_heads"] or a["num_heads"],
                             int(width * (a["attn_pool_mlp_ratio"] or a["mlp_ratio"])), "gelu", False),
        }


def pooler(pool, heads, mlp, act, norm_after):
    if pool == "map":
        return {"type": "attention", "heads": heads, "mlp_width": mlp, "activation": act}
    if pool == "token":
        return {"type": "class_token"}
    kinds = {"avg": "patch_mean", "max": "patch_max", "avgmax": "patch_avgmax"}
    return {"type": kinds.get(pool, f"timm's {pool}"), "norm_first": not norm_after}


def ast_names(module, function):
    return {getattr(t, "id", None) for node in module.functions[function].body for t in getattr(node, "targets", [])}


def keywords(module, function, variable):
    """The keywords of `variable = Class(...)` in a function."""
    for node in module.functions[function].body:
        if getattr(getattr(node, "value", None), "keywords", None) and node.targets[0].id == variable:
            return {k.arg: module.value(k.value, {}) for k in node.value.keywords if k.arg}
    return {}
