#!/usr/bin/env python3
"""How often the flag `absent` is right on Examples/eval: 323 names for each of 150 scenes.

    Tools/measure_absent.py --zoo .build/release/zoo ViT-Ti-8-emoji ViT-Ti-8-SigLIP-emoji

The scenes of both halves were looked at when the rule was chosen; the figures in docs/explaining.md are those of the odd ones.
"""
import argparse
import json
import pathlib
import subprocess
import tempfile

examples = pathlib.Path(__file__).parent.parent / "Examples"


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--zoo", default="zoo")
    options.add_argument("models", nargs="+")
    options = options.parse_args()
    names = [line.split("\t")[1] for line in (examples / "emoji.tsv").read_text().splitlines()[1:]]
    scenes = json.loads((examples / "eval/scenes.json").read_text())["scenes"]
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as prompts:
        prompts.write("\n".join(f"a photo of a {name}" for name in names))
        prompts.flush()
        for model in options.models:
            call = [options.zoo, "score", model, str(examples / "eval/images"), "--prompts", prompts.name, "--json"]
            report = json.loads(subprocess.run(call, check=True, capture_output=True).stdout)
            flags = {pathlib.Path(picture["image"]).stem: [prompt["absent"] for prompt in picture["prompts"]]
                     for picture in report["images"]}
            for half in ("even", "odd"):
                print(model, half, *measure(scenes, names, flags, half))


def measure(scenes, names, flags, half):
    kept = present = flagged = absent = 0
    for scene in scenes:
        if int(scene["id"]) % 2 != (half == "odd"):
            continue
        here = {thing["name"] for thing in scene["objects"]}
        # Other names for objects that are there count as neither.
        aliases = {alias for thing in scene["objects"] for alias in thing["aliases"]}
        for name, flag in zip(names, flags[scene["id"]]):
            if name in here:
                present, kept = present + 1, kept + (not flag)
            elif name not in aliases:
                absent, flagged = absent + 1, flagged + flag
    return (f"{present} present names, {100 * kept / present:.1f} % not flagged;",
            f"{absent} absent names, {100 * flagged / absent:.1f} % flagged")


main()
