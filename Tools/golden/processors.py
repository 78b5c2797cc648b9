"""Results of the Pillow image processors of transformers for small pictures, for Tests/Cases/processors/cases.json.

Needs transformers 5.24 and Pillow 13:  python3 Tools/golden/processors.py
Each case: the settings in the format of a preprocessor_config.json, the picture, and SHA-256 of the uint8 picture after resize and crop
([height, width, 3]) and of the float32 tensor ([3, height, width], little-endian). `synthetic` pictures follow the formula below.
"""
import hashlib
import json
import os

import numpy as np
import transformers
from PIL import Image

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCES = os.path.join(HERE, "../../Tests/Golden/images/sources")
# Pictures with a transparent colour, made here.
MADE = os.path.join(HERE, "../../Tests/Cases/processors")
OUT = os.path.join(HERE, "../../Tests/Cases/processors/cases.json")


def synthetic(width, height):
    y, x, c = np.mgrid[:height, :width, :3]
    return Image.fromarray(((31 * x + 17 * y + 101 * c + 7 * ((x * y) >> 3)) & 255).astype(np.uint8))


def sides(height, width):
    return {"height": height, "width": width}


def grid():
    shapes = [(40, 30), (30, 40), (33, 32), (47, 61), (20, 26), (64, 64), (97, 13), (31, 90)]
    for number, shape in enumerate(shapes):
        # The centre crop, whose half pixels round down, after every filter.
        for resample in [0, 1, 2, 3, 4, 5]:
            yield {"image_processor_type": "CLIPImageProcessor", "size": {"shortest_edge": 16}, "crop_size": sides(16, 16),
                   "resample": resample}, shape
        yield {"size": {"shortest_edge": 23}, "crop_size": sides(16, 16)}, shape
        yield {"size": {"shortest_edge": 12}, "crop_size": sides(17, 16)}, shape
        yield {"size": sides(20, 27), "crop_size": sides(16, 16)}, shape
        yield {"size": sides(10, 30), "crop_size": sides(15, 16)}, shape
        yield {"size": 21, "crop_size": 16}, shape
        yield {"do_resize": False, "crop_size": sides(24, 25)}, shape
        yield {"image_processor_type": "SiglipImageProcessor", "size": sides(16, 24), "resample": number % 6}, shape
        yield {"image_processor_type": "SiglipImageProcessor", "size": sides(16, 16), "crop_size": None}, shape
        yield {"do_resize": None, "resample": None, "crop_size": sides(24, 25)}, shape
        yield {"image_processor_type": "ViTImageProcessorFast", "size": 18}, shape
        yield {"image_processor_type": "DeiTImageProcessor", "size": 20, "crop_size": 16}, shape
        yield {"feature_extractor_type": "CLIPFeatureExtractor", "size": 16, "crop_size": 16, "do_convert_rgb": None}, shape
    small = {"size": {"shortest_edge": 16}, "crop_size": sides(16, 16)}
    for extra in [{"do_normalize": False}, {"do_rescale": False}, {"do_rescale": False, "do_normalize": False},
                  {"rescale_factor": 1 / 127.5}, {"rescale_factor": 0.00392156862745098}, {"rescale_factor": 1},
                  {"image_mean": 0.4, "image_std": [0.2, 0.3, 0.4]}, {"do_convert_rgb": False}, {"do_pad": False},
                  {"do_normalize": None}, {"do_rescale": None}, {"do_resize": None}]:
        yield small | extra, (40, 30)
    for name in sorted(os.listdir(SOURCES)):
        if name.endswith((".png", ".jpg", ".webp", ".gif")):
            yield small, name
            yield {"image_processor_type": "SiglipImageProcessor", "size": sides(16, 16)}, name


def transparent():
    rgb = synthetic(31, 24)
    grey, index = rgb.convert("L"), rgb.convert("P", palette=Image.Palette.ADAPTIVE, colors=16)
    grey.save(os.path.join(MADE, "grey_trns.png"), transparency=grey.getpixel((3, 4)))
    grey.point(lambda v: 255 * (v > 127)).convert("1").save(os.path.join(MADE, "bilevel_trns.png"), transparency=255)
    index.save(os.path.join(MADE, "palette_trns.gif"), transparency=index.getpixel((3, 4)))
    return ["grey_trns.png", "bilevel_trns.png", "palette_trns.gif"]


def processor(settings):
    name = settings.get("image_processor_type", "CLIPImageProcessor").replace("Fast", "")
    return getattr(transformers, name + "Pil")(**{k: v for k, v in settings.items() if not k.endswith("_type")})


def digest(array):
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


cases = []
made = [({"size": {"shortest_edge": 16}, "crop_size": sides(16, 16)}, name) for name in transparent()]
for settings, shape in list(grid()) + made:
    if isinstance(shape, str):
        folder = SOURCES if os.path.exists(os.path.join(SOURCES, shape)) else MADE
        image, source = Image.open(os.path.join(folder, shape)), {"source": shape}
    else:
        image, source = synthetic(shape[1], shape[0]), {"height": shape[0], "width": shape[1]}
    try:
        image.load()
        tensor = np.asarray(processor(settings)(image, return_tensors="np")["pixel_values"][0])
        plain = processor(settings | {"do_rescale": False, "do_normalize": False})
        picture = np.asarray(plain(image, return_tensors="np")["pixel_values"][0])
    except Exception as error:
        print("left out:", shape, type(error).__name__, str(error)[:100])
        continue
    assert picture.dtype == np.uint8, picture.dtype
    tensor = tensor.astype(np.float32)
    cases.append({
        "settings": settings, "picture": source, "size": list(picture.shape[1:]),
        "pixels": digest(picture.transpose(1, 2, 0)), "tensor": digest(tensor.astype("<f4")),
        "first": [float(v) for v in tensor[:, 0, 0]]})
with open(OUT, "w") as file:
    file.write("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")
print(len(cases), os.path.getsize(OUT))
