#!/usr/bin/env python3
"""Makes Tests/Cases/evaluation: a few of the demo scenes in the usual formats of evaluation data.

    python3 -m venv venv && venv/bin/pip install pillow numpy h5py
    venv/bin/python Tools/evaluation/make_sets.py

voc         PASCAL VOC: JPEGImages, SegmentationClass (palettes, a border of 255), names.txt
export      ImageNet-Segmentation as a folder: images, masks (0 and 255), data.csv
gtsegs.mat  ImageNet-Segmentation as it is published: MATLAB v7.3; one picture is grey, one id is not ImageNet's
points      OpenImages: pictures in a folder below, points.csv, descriptions.csv (with a first line of names)
webdataset  shards as Python's tarfile writes them, in each of its formats: a picture, a text and a name of more than 100 letters
imagenet    validation pictures as class folders, with Kaggle's table, and with the devkit's list in its own order of classes
"""
import csv
import io
import json
import pathlib
import shutil
import tarfile

import h5py
import numpy as np
from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCENES, OUT = ROOT / "Examples/eval", ROOT / "Tests/Cases/evaluation"


def table(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", newline="") as file:
        csv.writer(file).writerows(rows)


def save(image, path, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path, **options)


def matlab(pictures, masks, scenes):
    """The layout of gtsegs_ijcv.mat: arrays of references, columns first, compressed in chunks."""
    with h5py.File(OUT / "gtsegs.mat", "w", userblock_size=512) as file:
        refs, value = file.create_group("#refs#"), file.create_group("value")
        columns = {"img": [], "gt": [], "target": [], "id": []}

        def add(array):
            data = refs.create_dataset(str(len(refs)), data=array, **({"compression": "gzip"} if array.size > 64 else {}))
            return data.ref

        def text(letters):
            return add(np.array([[ord(c)] for c in letters], np.uint16))

        ids = ["n02084071", "n01440764", "n02084071", "n00000000"]
        for number, (picture, mask, scene) in enumerate(zip(pictures, masks, scenes)):
            shown = np.array(picture.convert("L") if number == 1 else picture)
            label = scene["objects"][number % len(scene["objects"])]["label"]
            columns["img"].append(add(shown.T))
            cell = refs.create_dataset(str(len(refs)), (1, 1), h5py.ref_dtype)
            cell[0, 0] = add((mask == label).astype(np.uint8).T)
            columns["gt"].append(cell.ref)
            columns["target"].append(text(ids[number]))
            columns["id"].append(text(f"{ids[number]}_{number + 1}"))
        for name, entries in columns.items():
            data = value.create_dataset(name, (len(entries), 1), h5py.ref_dtype)
            for row, entry in enumerate(entries):
                data[row, 0] = entry


def shards(scenes):
    (OUT / "webdataset").mkdir()
    for number, (name, form) in enumerate((("ustar", tarfile.USTAR_FORMAT), ("gnu", tarfile.GNU_FORMAT), ("pax", tarfile.PAX_FORMAT))):
        with tarfile.open(OUT / f"webdataset/{name}.tar", "w", format=form) as archive:
            folder = tarfile.TarInfo("pictures")
            folder.type = tarfile.DIRTYPE
            archive.addfile(folder)
            for place in (number, number + 1):
                key = ("pictures/" + "long " * 20 if place > number else "") + scenes[place]["id"]
                if form == tarfile.USTAR_FORMAT:
                    key = key.replace("long " * 20, "long" * 20 + "/" + "name" * 20 + "/")
                for ending, data in (("jpg", (OUT / f"voc/JPEGImages/{scenes[place]['id']}.jpg").read_bytes()), ("txt", b"a scene")):
                    member = tarfile.TarInfo(f"{key}.{ending}")
                    member.size = len(data)
                    archive.addfile(member, io.BytesIO(data))


def main():
    shutil.rmtree(OUT, ignore_errors=True)
    scenes = [s for s in json.loads((SCENES / "scenes.json").read_text())["scenes"] if len(s["objects"]) >= 2][:4]
    names = sorted({o["name"] for s in scenes for o in s["objects"]})
    pictures = [Image.open(SCENES / s["image"]).convert("RGB") for s in scenes]
    masks = [np.array(Image.open(SCENES / s["mask"])) for s in scenes]

    (OUT / "voc").mkdir(parents=True)
    (OUT / "voc/names.txt").write_text("".join(f"{n}\n" for n in names))
    for scene, picture, mask in zip(scenes, pictures, masks):
        labels = np.zeros_like(mask)
        for thing in scene["objects"]:
            labels[mask == thing["label"]] = names.index(thing["name"]) + 1
        labels[:2] = 255
        palette = Image.fromarray(labels.astype(np.uint8), "P")
        palette.putpalette([(7 * i) % 256 for i in range(768)])
        save(picture, OUT / f"voc/JPEGImages/{scene['id']}.jpg", quality=92)
        save(palette, OUT / f"voc/SegmentationClass/{scene['id']}.png")

    # One object per picture; the ids are not ImageNet's.
    rows = [["index", "wnid", "name"]]
    for number, (scene, picture, mask) in enumerate(zip(scenes, pictures, masks)):
        thing = scene["objects"][number % len(scene["objects"])]
        rows.append([number, f"n0000000{number}", thing["name"]])
        save(picture, OUT / f"export/images/{number}.png")
        save(Image.fromarray(np.where(mask == thing["label"], 255, 0).astype(np.uint8)), OUT / f"export/masks/{number}.png")
    table(OUT / "export/data.csv", rows + [[9, "n00000009", "nothing"]])

    matlab(pictures, masks, scenes)
    shards(scenes)

    rng = np.random.default_rng(3)
    rows = ["ImageId,X,Y,Label,EstimatedYesNo,Source,YesVotes,NoVotes,UnsureVotes,TextLabel".split(",")]
    for scene, picture, mask in zip(scenes, pictures, masks):
        save(picture, OUT / f"points/validation/data/{scene['id']}.jpg", quality=92)
        for thing in scene["objects"]:
            label = f"/m/0{names.index(thing['name'])}"
            for yes in ("yes", "no"):
                places = np.argwhere((mask == thing["label"]) == (yes == "yes"))
                for y, x in places[rng.integers(len(places), size=4)]:
                    rows.append([scene["id"], (x + 0.5) / mask.shape[1], (y + 0.5) / mask.shape[0], label, yes, "ih", 1, 0, 0, ""])
            rows.append([scene["id"], 0.5, 0.5, label, "unsure", "ih", 0, 0, 1, ""])
        # A class that is not in the picture has no points on it.
        rows.append([scene["id"], 0.5, 0.5, "/m/0zz", "no", "ih", 0, 1, 0, ""])
    rows.append(["missing", 0.5, 0.5, "/m/00", "yes", "ih", 1, 0, 0, ""])
    table(OUT / "points/points.csv", rows)
    table(OUT / "points/descriptions.csv", [["LabelName", "DisplayName"]] + [[f"/m/0{i}", n] for i, n in enumerate(names)])

    # Ids whose sorted order is not that of the devkit's numbers.
    classes = names[:4]
    synsets = [f"n0{n}" for n in ("1440764", "1443537", "1484850", "1491361")]
    truth = [(i + 1) % 4 for i in range(4)]
    (OUT / "imagenet").mkdir()
    (OUT / "imagenet/LOC_synset_mapping.txt").write_text("".join(f"{s} {c}, {c} again\n" for s, c in zip(synsets, classes)))
    for index, (picture, label) in enumerate(zip(pictures, truth)):
        name = f"ILSVRC2012_val_{index + 1:08d}.JPEG"
        for place in (f"folders/{synsets[label]}", "kaggle", "devkit"):
            save(picture, OUT / f"imagenet/{place}/{name}", format="JPEG", quality=92)
    table(
        OUT / "imagenet/kaggle/LOC_val_solution.csv",
        [["ImageId", "PredictionString"]]
        # Kaggle's rows are not sorted.
        + [[f"ILSVRC2012_val_{i + 1:08d}", f"{synsets[truth[i]]} 1 2 3 4 "] for i in (2, 0, 3, 1)],
    )
    order = [2, 0, 3, 1]
    (OUT / "imagenet/devkit/map_clsloc.txt").write_text(
        "".join(f"{synsets[c]} {number + 1} {classes[c]}\n" for number, c in enumerate(order))
    )
    (OUT / "imagenet/devkit/ILSVRC2012_validation_ground_truth.txt").write_text(
        "".join(f"{order.index(t) + 1}\n" for t in truth)
    )


if __name__ == "__main__":
    main()
