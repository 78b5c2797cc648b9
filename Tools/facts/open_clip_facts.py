"""open_clip's configurations and its table of weights, in the format of manifests."""

import json
import os

from timm_tower import Timm

# The default of torch.nn.LayerNorm and torch.nn.BatchNorm2d.
EPS = 1e-5


class OpenCLIP:
    def __init__(self, wheel, timm: Timm):
        self.timm = timm
        constants = wheel.module("open_clip/constants.py").names
        self.table = wheel.module("open_clip/pretrained.py", constants).names["_PRETRAINED"]
        quick = {f"{model}-quickgelu": {t: w for t, w in tags.items() if w.get("quick_gelu")} for model, tags in self.table.items()}
        self.table = self.table | {model: tags for model, tags in quick.items() if tags}  # as the end of pretrained.py
        model = wheel.module("open_clip/model.py")
        self.vision, self.text = model.fields("CLIPVisionCfg"), model.fields("CLIPTextCfg")
        folder = "open_clip/model_configs/"
        self.models = {
            f[len(folder):-5]: json.loads(wheel.text(f)) for f in wheel.files if f.startswith(folder) and f.endswith(".json")
        }

    def architecture(self, name, file=None):
        """From open_clip's own configuration, or from one in its format."""
        file = file or self.models[name]
        quick = file.get("quick_gelu", False)
        return {
            "name": name, "embedding": file["embed_dim"], "logit_bias": "init_logit_bias" in file,
            "vision": self.vision_tower(self.vision | file["vision_cfg"], file["embed_dim"], quick),
            "text": self.text_tower(self.text | file["text_cfg"], quick),
        }

    def vision_tower(self, c, embedding, quick):
        if c["timm_model_name"]:
            vision = self.timm.tower(c["timm_model_name"], c["image_size"], c["timm_pool"])
            if vision is None:
                return {"timm": c["timm_model_name"]}
            linear = "linear_bias" if c["timm_proj_bias"] else "linear"
            vision["projection"] = {None: "linear_bias", "none": "none", "linear": linear}.get(c["timm_proj"], c["timm_proj"])
            return vision
        if isinstance(c["layers"], list):
            return resnet(c)
        pooler = {"type": "class_token"}
        if c["attentional_pool"]:
            pooler = {"type": "coca", "heads": c["attn_pooler_heads"], "queries": c["attn_pooler_queries"], "width": embedding}
        elif c["pool_type"] == "avg":
            pooler = {"type": "patch_mean", "norm_first": not c["final_ln_after_pool"]}
        blocks = native_blocks(c, c["width"] // c["head_width"], quick)
        return {
            "image": [c["image_size"]] * 2, "patch": c["patch_size"], "blocks": blocks, "class_token": True,
            "registers": 0, "patch_bias": False, "norm_pre": not c["no_ln_pre"], "pooler": pooler,
            "projection": "linear", "positions_cover_prefix": True,
        }

    def text_tower(self, c, quick):
        options = c["tokenizer_kwargs"] or {}
        source = c["hf_tokenizer_name"]
        tokenizer = {"kind": "clip_bpe", "context_length": c["context_length"], "clean": options.get("clean", "lower"), "pad_id": 0}
        if source:
            tokenizer = {
                "kind": "wordpiece" if source.startswith("bert-") else "tokenizer_json", "source": source,
                "context_length": c["context_length"], "clean": options.get("clean", "whitespace"),
                "strip_separator": options.get("strip_sep_token", False),
            }
        if c["hf_model_name"]:
            return {
                "pooling": {"cls_pooler": "first", "mean_pooler": "mean"}[c["hf_pooler_type"]],
                "projection": c["hf_proj_type"], "tokenizer": tokenizer,
            }
        pooling = "class_token" if c["embed_cls"] else c["pool_type"]
        return {
            "blocks": native_blocks(c, c["heads"], quick), "vocabulary": c["vocab_size"], "causal": not c["no_causal_mask"],
            "pooling": f"eos:{c['eos_id']}" if pooling == "eos" else pooling,
            "projection": "none" if c["proj_type"] == "none" else "linear_bias" if c["proj_bias"] else "linear",
            "tokenizer": tokenizer,
        }

    def authors(self, name, file):
        """An architecture and its preprocessing, from the authors' configuration."""
        config = file["model_cfg"]
        size, pictures = config["vision_cfg"]["image_size"], file.get("preprocess_cfg")
        return self.architecture(name, config), pictures and {"size": [size, size], "fill_color": 0} | pictures

    def weights(self, name):
        """The tags of an architecture."""
        file, size = self.models[name], self.models[name]["vision_cfg"].get("image_size", self.vision["image_size"])
        result = {}
        for tag, c in self.table.get(name, {}).items():
            repository, files = hub(c["hf_hub"])
            quick = c.get("quick_gelu", False) and not file.get("quick_gelu", False)
            result[tag] = {
                "tag": tag, "repository": repository, "files": files, "url": c["url"], "sha256_prefix": digest(c["url"]),
                "activation": {"vision": "quick_gelu", "text": "quick_gelu"} if quick else None,
                "preprocessing": {
                    "size": [size, size], "mean": list(c["mean"]), "std": list(c["std"]), "interpolation": c["interpolation"],
                    "resize_mode": c["resize_mode"], "fill_color": 0,
                },
            }
        return result


def resnet(c):
    """`ModifiedResNet`: its last stage has 8 times the channels of its first, and four times that at its end."""
    width = 32 * c["width"]
    heads = width // c["head_width"]
    return {
        "image": [c["image_size"]] * 2, "patch": 32, "stem": {"width": c["width"], "bottlenecks": c["layers"]},
        "blocks": {"width": width, "layers": 0, "heads": heads, "mlp_width": 0, "norm_eps": EPS, "activation": "relu"},
        "no_final_norm": True, "pooler": {"type": "mean_query", "heads": heads}, "projection": "linear_bias",
        "positions_cover_prefix": True,
    }


def native_blocks(c, heads, quick):
    act = "quick_gelu" if quick else "gelu"
    if (c["act_kwargs"] or {}).get("approximate") == "tanh":
        act = "gelu_tanh"
    return {
        "width": c["width"], "layers": c["layers"], "heads": heads, "mlp_width": int(c["width"] * c["mlp_ratio"]),
        "norm_eps": (c["norm_kwargs"] or {}).get("eps", EPS), "activation": act, "layer_scale": c["ls_init_value"] is not None,
    }


def hub(place):
    """Repository and files of `owner/name/` or `owner/name/file`; `/` alone means the usual files."""
    if not place:
        return None, None
    repository, file = os.path.split(place)
    return repository, [file] if file else ["open_clip_model.safetensors", "open_clip_pytorch_model.bin"]


def digest(url):
    """The digest that open_clip's downloader verifies."""
    if "openaipublic" in url:
        return url.split("/")[-2]
    if "mlfoundations" in url:
        return os.path.splitext(url.split("/")[-1])[0].split("-")[-1]
    return None
