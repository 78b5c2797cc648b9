#!/usr/bin/env python3
"""Pictures per second for each method, for docs/measurements.md: the output of `zoo eval segmentation --method all`, and `zoo embed`. Random weights.

    Tools/evaluation/throughput.py [--turns N] [--pictures N] [ARCHITECTURE:TAG]

The pictures are the demo scenes, with one object in question for each. Both precisions run alternately; reports medians.
"""
import argparse
import csv
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCENES = ROOT / "Examples/eval"


def export(count, folder):
    """The first scenes in the format of an ImageNet-Segmentation export: one object each."""
    scenes = json.loads((SCENES / "scenes.json").read_text())["scenes"][:count]
    for part in ["images", "masks"]:
        (folder / part).mkdir(parents=True)
    with open(folder / "data.csv", "w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["index", "name"])
        for number, scene in enumerate(scenes):
            shutil.copy(SCENES / scene["image"], folder / f"images/{number}.png")
            shutil.copy(SCENES / scene["mask"], folder / f"masks/{number}.png")
            table.writerow([number, scene["objects"][0]["name"]])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--pictures", type=int, default=16)
    parser.add_argument("model", nargs="?", default="ViT-B-16:laion2b_s34b_b88k")
    options = parser.parse_args()
    zoo = os.path.abspath(os.environ.get("ZOO", ROOT / ".build/release/zoo"))
    for name in ["OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"]:
        os.environ.pop(name, None)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="zoo-throughput."))
    os.environ["ZOO_HOME"] = str(folder / "zoo")
    try:
        file, data = folder / "model.safetensors", folder / "data"
        subprocess.run([zoo, "bench", options.model.split(":")[0], "--write-checkpoint", file, "--quiet"], check=True, stdout=subprocess.DEVNULL)
        subprocess.run([zoo, "convert", file, "--quiet", "--as", options.model], check=True, stdout=subprocess.DEVNULL)
        export(options.pictures, data)
        rates = {}
        for turn in range(options.turns + 1):
            for precision in ["f32", "bf16"]:
                shutil.rmtree(folder / "embeddings", ignore_errors=True)
                embed = subprocess.run(
                    [zoo, "embed", options.model, data / "images", "-o", folder / "embeddings", "--precision", precision, "--json", "--quiet"],
                    check=True, capture_output=True)
                run = subprocess.run(
                    [zoo, "eval", "segmentation", options.model, "--data", data, "--method", "all", "--precision", precision, "--json", "--quiet"],
                    check=True, capture_output=True)
                if turn == 0:  # embeds the class names, and warms the page cache
                    continue
                rates.setdefault("forward pass (zoo embed)", {}).setdefault(precision, []).append(json.loads(embed.stdout)["per_second"])
                for method in json.loads(run.stdout)["methods"]:
                    rates.setdefault(method["name"], {}).setdefault(precision, []).append(method["pictures_per_second"])
        print(f"{options.model}, {options.pictures} pictures, {options.turns} turns: pictures a second, median (least to most)")
        for name, found in sorted(rates.items(), key=lambda row: -statistics.median(row[1]["f32"])):
            print(f"  {name:30}" + "".join(
                f"  {precision} {statistics.median(values):5.1f} ({min(values):.1f} to {max(values):.1f})" for precision, values in found.items()))
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
