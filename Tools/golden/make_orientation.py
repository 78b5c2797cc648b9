"""Pictures whose orientation is in unusual tags, and how Pillow interprets them.

Writes Tests/Cases/orientation/*.{jpg,png,webp} and expected.tsv: file, orientation (1 if Pillow does not turn it).
"""

import io
import struct
import sys
from pathlib import Path

from PIL import Image, ImageOps, PngImagePlugin

out = Path(sys.argv[1])
picture = Image.frombytes("RGB", (6, 4), bytes((i * 37) % 256 for i in range(6 * 4 * 3)))


def tiff(order, kind, value, tag=0x0112):
    big = ">" if order == b"MM" else "<"
    size = {1: "Bxxx", 3: "Hxx", 4: "I", 6: "bxxx", 8: "hxx", 9: "i"}[kind]
    return order + struct.pack(big + "HIHHHI", 42, 8, 1, tag, kind, 1) + struct.pack(big + size, value) + b"\0" * 4


def exif(*arguments):
    return b"Exif\0\0" + tiff(*arguments)


def xmp(text):
    body = f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description {text}</x:xmpmeta>'
    return body.encode()


attribute = xmp('tiff:Orientation="6"/>')
element = xmp("><tiff:Orientation>3</tiff:Orientation></rdf:Description>")


def jpeg(exif=None, xmp=None):
    data = io.BytesIO()
    picture.save(data, "JPEG", quality=95, **({"exif": exif} if exif else {}), **({"xmp": xmp} if xmp else {}))
    return data.getvalue()


def png(xmp=None):
    data, info = io.BytesIO(), PngImagePlugin.PngInfo()
    if xmp:
        info.add_itxt("XML:com.adobe.xmp", xmp.decode())
    picture.save(data, "PNG", pnginfo=info)
    return data.getvalue()


def webp(xmp=None, exif=None):
    data = io.BytesIO()
    picture.save(data, "WEBP", lossless=True, **({"exif": exif} if exif else {}), **({"xmp": xmp} if xmp else {}))
    return data.getvalue()


files = {
    "short_big.jpg": jpeg(exif(b"MM", 3, 6)),
    "long_big.jpg": jpeg(exif(b"MM", 4, 6)),
    "long_little.jpg": jpeg(exif(b"II", 4, 8)),
    "long_large.jpg": jpeg(exif(b"II", 4, 0x10006)),
    "signed_long.jpg": jpeg(exif(b"MM", 9, 3)),
    "signed_short.jpg": jpeg(exif(b"MM", 8, 5)),
    "byte.jpg": jpeg(exif(b"II", 1, 6)),
    "invalid_before_xmp.jpg": jpeg(exif(b"II", 3, 9), attribute),
    "exif_before_xmp.jpg": jpeg(exif(b"II", 3, 8), attribute),
    "other_exif_before_xmp.jpg": jpeg(exif(b"II", 3, 2, 0x0128), attribute),
    "attribute.jpg": jpeg(xmp=attribute),
    "element.jpg": jpeg(xmp=element),
    "attribute.png": png(attribute),
    "element.png": png(element),
    "attribute.webp": webp(attribute),
    "element.webp": webp(element),
    "long_big.webp": webp(exif=exif(b"MM", 4, 7)),
}
lines = []
for name, data in files.items():
    (out / name).write_bytes(data)
    with Image.open(out / name) as image:
        image.load()
        turned = ImageOps.exif_transpose(image).tobytes()
        orientation = image.getexif().get(0x0112, 1)
        orientation = orientation if orientation in range(2, 9) else 1
        assert orientation != 1 or turned == image.tobytes(), name
    lines.append(f"{name}\t{orientation}\n")
(out / "expected.tsv").write_text("".join(lines))
