"""Small files of the formats that the package trait MoreFormats reads, and animated WebP, with the pixels that Pillow reads.

    pip install pillow==13.0.0 pillow-heif==1.8.1 tifffile imagecodecs==2026.3.6 numpy
    python Tools/golden/make_formats.py Tests/Cases/formats

expected.tsv: name, width, height, EXIF orientation, the largest allowed difference of a value, SHA-256 of the RGB bytes. Files
with a tolerance have their RGB values in a PNG beside them. GIF files that are in the folder already are kept.
"""
import glob
import hashlib
import os
import sys

import imagecodecs
import numpy as np
import pillow_heif
import tifffile
from PIL import Image, ImageOps

pillow_heif.register_heif_opener()
os.chdir(sys.argv[1])
noise = Image.effect_noise((7, 5), 160)
picture = Image.merge("RGB", [noise, ImageOps.flip(noise), ImageOps.mirror(noise)]).resize((41, 29), Image.BICUBIC)
alpha = picture.convert("RGBA")
alpha.putalpha(Image.linear_gradient("L").resize(picture.size))
grey16 = Image.fromarray(np.asarray(picture.convert("L")).astype(np.uint16) * 3)
modes = {
    "1": picture.convert("1"), "L": picture.convert("L"), "LA": alpha.convert("LA"), "I16": grey16,
    "P": picture.quantize(60), "RGB": picture, "RGBA": alpha, "CMYK": picture.convert("CMYK"),
}
for mode, image in modes.items():
    image.save(f"{mode}.tif")
    image.save(f"{mode}_lzw.tif", compression="tiff_lzw")
modes["1"].save("1_group4.tif", compression="group4")
for compression in ("jpeg", "packbits", "tiff_adobe_deflate", "zstd"):
    picture.save(f"RGB_{compression}.tif", compression=compression)
for orientation in range(2, 9):
    picture.save(f"orientation_{orientation}.tif", compression="tiff_lzw", tiffinfo={274: orientation})
picture.save("big.tif", big_tiff=True)
picture.save("strips.tif", compression="tiff_lzw", strip_size=400)

rgb, rgba = np.asarray(picture), np.asarray(alpha)
planes = np.moveaxis(rgb, 2, 0).copy()
for name, values, how in [
    ("tiled", rgb, {"tile": (16, 16), "compression": "zlib"}),
    ("planar", planes, {"planarconfig": "separate", "compression": "lzw"}),
    ("planar_tiled", planes, {"planarconfig": "separate", "tile": (16, 16)}),
    ("big_endian", rgb, {"byteorder": ">"}),
    ("predictor", rgb, {"compression": "lzw", "predictor": 2}),
    ("RGB16", rgb.astype(np.uint16) * 257 + 3, {}),
    ("RGB16_big_endian", rgb.astype(np.uint16) * 257 + 3, {"byteorder": ">", "compression": "lzw"}),
    ("RGBA16", rgba.astype(np.uint16) * 257 + 3, {"extrasamples": ["unassalpha"]}),
    ("premultiplied", rgba, {"extrasamples": ["assocalpha"]}),
    ("unspecified", rgba, {"extrasamples": ["unspecified"]}),
    ("white_is_zero", np.asarray(modes["L"]), {"photometric": "miniswhite"}),
    ("I16_big_endian", np.asarray(grey16), {"photometric": "minisblack", "byteorder": ">", "compression": "lzw"}),
    ("YCbCr_jpeg", rgb, {"photometric": "ycbcr", "compression": "jpeg", "subsampling": (2, 2)}),
]:
    tifffile.imwrite(f"{name}.tif", values, **{"photometric": "rgb", **how})

picture.quantize(60).save("interlaced.gif", interlace=1)
picture.convert("L").save("grey.gif")
picture.save("animated.gif", save_all=True, append_images=[ImageOps.flip(picture)])

hole = alpha.copy()
hole.paste((0, 0, 0, 0), (0, 0, 41, 9))
hole.paste((0, 0, 0, 0), (0, 0, 12, 29))
picture.save("animated.webp", save_all=True, append_images=[ImageOps.flip(picture)], quality=60)
alpha.save("animated_alpha.webp", save_all=True, append_images=[ImageOps.flip(alpha)], lossless=True)
hole.save("animated_offset.webp", save_all=True, append_images=[alpha], quality=70, minimize_size=True)

for chroma in ("4:2:0", "4:2:2", "4:4:4"):
    picture.save(f"{chroma.replace(':', '')}.avif", quality=80, subsampling=chroma)
picture.save("limited.avif", quality=80, range="limited")
picture.convert("L").save("grey.avif", quality=80)
alpha.save("alpha.avif", quality=80)
for name, values in (("", rgb), ("_alpha", rgba)):
    for bits in (10, 12):
        for chroma in ("420", "422", "444"):
            deep = values.astype(np.uint16) << (bits - 8)
            deep[..., 0] += np.arange(41, dtype=np.uint16) % 4
            data = imagecodecs.avif_encode(deep, level=85, bitspersample=bits, pixelformat=chroma)
            open(f"{chroma}_{bits}{name}.avif", "wb").write(data)
for matrix in (0, 9, 12):  # GBR, BT.2020, by the primaries
    data = imagecodecs.avif_encode(
        rgb.astype(np.uint16) * 4, level=85, bitspersample=10, pixelformat="444", matrix=matrix, primaries=9)
    open(f"matrix_{matrix}.avif", "wb").write(data)
for orientation in range(2, 9):
    exif = Image.Exif()
    exif[274] = orientation
    picture.save(f"orientation_{orientation}.avif", quality=50, exif=exif.tobytes())

even = picture.resize((40, 28))
for chroma in (422, 444):
    even.save(f"{chroma}.heic", quality=80, chroma=chroma)
even.convert("L").save("grey.heic", quality=80)
exif = Image.Exif()
exif[274] = 6
even.save("420.heic", quality=80, chroma=420)
even.save("turned.heic", quality=80, chroma=420, exif=exif.tobytes())
alpha.resize((40, 28)).save("alpha.heic", quality=80)

with open("expected.tsv", "w") as table:
    for name in sorted(glob.glob("*.*")):
        if name.endswith(".tsv"):
            continue
        image = Image.open(name)
        image.load()
        values = image.convert("RGB")
        orientation = image.getexif().get(274, 1)
        digest = hashlib.sha256(values.tobytes()).hexdigest()
        print(name, *image.size, orientation, digest, sep="\t", file=table)
