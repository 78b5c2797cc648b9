#!/usr/bin/env python3
"""Makes data for the other protocols from the demo scenes, so that each can be tried on the demo models:

    python3 -m venv venv && venv/bin/pip install pillow numpy
    venv/bin/python Tools/evaluation/demo_sets.py OUT
    zoo eval points MODEL --data OUT/points --points OUT/points/points.csv --descriptions OUT/points/descriptions.csv
    zoo eval perturbation MODEL --data OUT/perturbation --names OUT/perturbation/names.csv

points        four points on and four off each object, as OpenImages' CSV
perturbation  a folder for each class, with the scenes whose largest object is of that class; the 323 emoji names are the classes
"""
import csv
import json
import pathlib
import shutil
import sys

import numpy as np
from PIL import Image

SCENES = pathlib.Path(__file__).resolve().parents[2] / "Examples/eval"


def table(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", newline="") as file:
        csv.writer(file).writerows(rows)


def main(out):
    scenes = json.loads((SCENES / "scenes.json").read_text())["scenes"]
    lines = (SCENES.parent / "emoji.tsv").read_text().splitlines()
    names = sorted({o["name"] for s in scenes for o in s["objects"]} | {line.split("\t")[1] for line in lines[1:]})
    rng = np.random.default_rng(7)
    points = ["ImageId,X,Y,Label,EstimatedYesNo".split(",")]
    for scene in scenes:
        mask = np.array(Image.open(SCENES / scene["mask"]))
        (out / "points/data").mkdir(parents=True, exist_ok=True)
        shutil.copy(SCENES / scene["image"], out / f"points/data/{scene['id']}.png")
        for thing in scene["objects"]:
            for yes in (True, False):
                places = np.argwhere((mask == thing["label"]) == yes)
                if len(places):
                    for y, x in places[rng.integers(len(places), size=4)]:
                        points.append(
                            [scene["id"], (x + 0.5) / mask.shape[1], (y + 0.5) / mask.shape[0],
                             f"/m/{names.index(thing['name'])}", "yes" if yes else "no"])
        largest = max(scene["objects"], key=lambda o: (mask == o["label"]).sum())
        folder = out / f"perturbation/n{names.index(largest['name']):08d}"
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(SCENES / scene["image"], folder / f"{scene['id']}.png")
    table(out / "points/points.csv", points)
    table(out / "points/descriptions.csv", [["LabelName", "DisplayName"]] + [[f"/m/{i}", n] for i, n in enumerate(names)])
    table(out / "perturbation/names.csv", [["wnid", "name"]] + [[f"n{i:08d}", n] for i, n in enumerate(names)])


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
