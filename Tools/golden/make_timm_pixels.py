#!/usr/bin/env python3
"""Makes Tests/Golden/classifiers/pixels.{json,npz}: the results of timm's evaluation transform for pictures, with the settings of a config.json.

    venv/bin/python Tools/golden/make_timm_pixels.py
"""
import json
import pathlib

import numpy as np
import torch
from PIL import Image
from timm.data import create_transform, resolve_data_config

from npz import save_npz

GOLDEN = pathlib.Path(__file__).resolve().parents[2] / "Tests" / "Golden"
PICTURES = ["models/clip_gelu/inputs/image_a.png", "models/clip_gelu/inputs/image_b.jpg", "images/sources/palette.png",
            "images/sources/rgba.png"]
HALF = dict(mean=[0.5] * 3, std=[0.5] * 3)
SETTINGS = [
    {},
    dict(input_size=[3, 32, 32], crop_pct=0.9, interpolation="bicubic", **HALF),
    dict(input_size=[3, 32, 32], crop_pct=0.9, interpolation="bilinear", crop_mode="center"),
    dict(input_size=[3, 32, 32], crop_pct=0.95, crop_mode="squash", **HALF),
    dict(input_size=[3, 32, 32], crop_pct=1.0, crop_mode="squash", interpolation="bilinear"),
    dict(input_size=[3, 33, 33], crop_pct=0.875, crop_mode="border", **HALF),
    dict(input_size=[3, 32, 32], crop_pct=1.0, crop_mode="border", interpolation="bilinear", **HALF),
    dict(input_size=[3, 24, 40], crop_pct=0.9, interpolation="bilinear"),
    dict(input_size=[3, 24, 40], crop_pct=1.0, crop_mode="squash"),
    dict(input_size=[3, 30, 30], crop_pct=1.0, crop_mode="center", interpolation="bicubic"),
]


def main():
    cases, arrays = [], {}
    for number, settings in enumerate(SETTINGS):
        config = resolve_data_config({}, pretrained_cfg=settings or dict(url=""))
        for picture in PICTURES if settings else PICTURES[:1]:
            image = Image.open(GOLDEN / picture).convert("RGB")
            key = f"{number}.{pathlib.Path(picture).stem}"
            want = create_transform(**config, is_training=False)(image)
            if settings:
                arrays[key] = want.numpy()
            else:  # 224 x 224: a few rows are enough
                arrays[key] = want[:, ::32].contiguous().numpy()
            cases.append(dict(key=key, picture=picture, pretrained_cfg=settings))
    save_npz(GOLDEN / "classifiers" / "pixels.npz", arrays)
    (GOLDEN / "classifiers" / "pixels.json").write_text(json.dumps(cases, indent=1) + "\n")


main()
