"""Pictures of 48 million pixels in small files: measures the memory that each needs beyond that of a small picture."""
import gzip, os

from trial import MEGABYTE, Attack

PIXELS = 8000 * 6000
# Each has a single colour, so that its file is small; made with Pillow 13, pillow-heif and imagecodecs. Bytes of a decoded pixel: three values
# for RGB, four with alpha or in CMYK, of two bytes if they have more than 8 bits.
SIZES = {
    "baseline.jpg": 3, "progressive.jpg": 3, "cmyk.jpg": 4, "grey.jpg": 3, "rgb.png": 3, "rgb16.png": 6, "palette.gif": 3,
    "lossy.webp": 3, "lossless.webp": 4, "lzw.tif": 3, "420.heic": 3, "444.heic": 4, "444.avif": 3, "deep.avif": 6,
}
QUICK = ("progressive.jpg", "cmyk.jpg", "palette.gif", "lossless.webp")


def run(setting):
    attack = Attack("48-megapixel pictures, at most three times the decoded size")
    zoo, place = setting.with_model(), setting.place("pictures")
    folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "pictures")

    def score(path):
        return zoo.run("score", "ViT-Ti-8-emoji", path, "-p", "x", "--json")

    small = os.path.join(setting.repository, "Tests/Cases/formats/animated.webp")
    start = score(small)
    attack.judge(start, "a small picture", start.code == 0, "not read")
    for name in QUICK if setting.quick else SIZES:
        path = os.path.join(place, name)
        with gzip.open(os.path.join(folder, name + ".gz")) as source, open(path, "wb") as target:
            target.write(source.read())
        outcome = score(path)
        if "which this zoo does not read" in outcome.output + outcome.errors:
            setting.note(f"{name} was left out: this build does not read it")
        else:
            taken = outcome.memory - start.memory - os.path.getsize(path)
            attack.judge(
                outcome, name, outcome.code == 0 and taken <= 3 * SIZES[name] * PIXELS,
                f"{taken / MEGABYTE:.0f} MB, {taken / PIXELS / SIZES[name]:.2f} times its size")
        os.remove(path)
