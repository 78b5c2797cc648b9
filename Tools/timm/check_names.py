"""Compares zoo with timm under every name that it runs: one small random classifier per name, logits within 2e-5.

    python Tools/timm/check_names.py .build/debug/zoo [PART OF A NAME]

Sizes are overridden when a model is built and left out of its config.json, as in files with only weights and a name;
everything implied by the name stays timm's.
"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile

import numpy as np
import timm
import torch
from PIL import Image
from safetensors.torch import save_file

SOURCE = pathlib.Path(__file__).resolve().parents[2] / "Sources/ZooConvert/Identify/TimmNames.swift"


def runnable():
    text = re.search(r'runnable = """\n(.*?)\n    """', SOURCE.read_text(), re.S)[1]
    for line in re.sub(r"\n {6}", " ", text).splitlines():
        yield from line.split(":")[1].split()


def enliven(model, generator):
    """Small random weights everywhere, so that nothing is zero or one by accident."""
    for name, p in model.named_parameters():
        value = torch.randn(p.shape, generator=generator)
        leaf = name.split(".")[-1]
        if p.ndim >= 2 and leaf == "weight":
            value *= 1.2 / p[0].numel() ** 0.5
        elif "norm" in name and leaf == "weight":
            value = 1 + 0.3 * value
        else:
            value *= 0.3
        # First tokens are small, so that a wrong epsilon becomes visible.
        if any(part in name for part in ("patch_embed.proj", "embeds.", "pos_embed", "cls_token", "reg_token")):
            value *= 0.02
        p.data.copy_(value)
    for name, b in model.named_buffers():
        if "running_mean" in name:
            b.copy_(0.1 * torch.randn(b.shape, generator=generator))
        if "running_var" in name:
            b.copy_(0.5 + torch.rand(b.shape, generator=generator))


def main():
    zoo, part = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else ""
    generator = torch.Generator().manual_seed(14)
    worst = 0
    for name in runnable():
        if part not in name:
            continue
        with torch.device("meta"):
            full = timm.create_model(name)
        heads = full.blocks[0].attn.num_heads
        embed = full.patch_embed if hasattr(full, "patch_embed") else full.embeds
        patch = embed.patch_size[0]
        width = heads * 8
        pool_heads = full.attn_pool.num_heads if full.attn_pool is not None else 1
        while width % pool_heads:
            width += heads * 8
        arguments = dict(embed_dim=width, depth=2, num_classes=7)
        if name.startswith("naflex"):
            arguments.update(pos_embed_grid_size=(3, 3))
        else:
            arguments.update(img_size=4 * patch)
        if name == "vit_base_mci_224":
            print("skipped", name, "(its stem has one size)")
            continue
        try:
            model = timm.create_model(name, **arguments).eval()
        except Exception as error:
            print("not built", name, error)
            continue
        enliven(model, generator)
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            save_file({k: v.contiguous() for k, v in model.state_dict().items()}, folder / "model.safetensors")
            side = 4 * patch
            config = dict(
                architecture=name, num_classes=7, num_features=width, global_pool=model.global_pool,
                pretrained_cfg=dict(
                    input_size=[3, side, side], interpolation="bicubic", crop_pct=1.0, crop_mode="squash",
                    mean=[0.5] * 3, std=[0.5] * 3, num_classes=7))  # fmt: skip
            (folder / "config.json").write_text(json.dumps(config))
            pixels = np.random.default_rng(1).integers(0, 256, (side, side, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / "a.png")
            inputs = (torch.from_numpy(pixels).double() / 255 - 0.5) / 0.5
            with torch.no_grad():
                want = model.double()(inputs.permute(2, 0, 1)[None])[0].numpy()
            run = lambda *words: subprocess.run([zoo, *map(str, words)], capture_output=True, text=True)
            made = run("convert", folder, "-o", folder / "out", "--quiet", "--no-probe")
            if made.returncode:
                print("REFUSED", name, made.stderr.strip().replace(str(folder), ""))
                continue
            classes = [word for number in range(7) for word in ("--class", number)]
            told = run("explain", folder / "out", folder / "a.png", *classes, "--json", "--quiet", "-o", folder / "maps")
            prompts = json.loads(told.stdout)["images"][0]["prompts"]
            got = np.array([prompt["logit"] for prompt in prompts])
            off = np.abs(got - want).max()
            worst = max(worst, off)
            print("ok" if off < 2e-5 else "DIFFERS", name, f"{off:.1e}")
    print(f"largest difference {worst:.1e}")


main()
