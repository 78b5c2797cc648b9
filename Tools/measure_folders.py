#!/usr/bin/env python3
"""Compares folders of pictures with the passes alone, for docs/measurements.md: `zoo explain`, `zoo score` and `zoo embed`. Random weights, seed 1.

    Tools/measure_folders.py [--turns N] [--pictures N] [--size WxH] [--photos N] [--precision P] [--only WORD] [--processes N] [MODEL]

Needs numpy and Pillow, which make JPEGs (quality 90) of noise with the spectrum of photographs. The passes alone are measured with the same
command on as many pictures of the model's size, 224x224, as uncompressed PNGs (reading one takes less than 0.2 ms); `explain` then writes only
raw values. The commands take turns, so that a slow moment of the machine affects all of them. Results are medians; the share is the median over
the turns. MODEL is a registered ARCHITECTURE:TAG or a folder of Examples.
"""
import argparse, multiprocessing, os, pathlib, shutil, statistics, subprocess, sys, tempfile, time

import numpy
from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parents[1]


def photograph(random, width, height):
    """Each channel is noise whose amplitude falls with the frequency, as in photographs; most of it is shared by all three."""
    fall = numpy.hypot(numpy.fft.fftfreq(height)[:, None], numpy.fft.rfftfreq(width)[None]) * max(width, height)
    fall = numpy.maximum(fall, 1) ** -1.2

    def plane():
        values = numpy.fft.irfft2(fall * numpy.fft.rfft2(random.standard_normal((height, width), dtype=numpy.float32)), (height, width))
        return values / values.std()
    common = plane()
    channels = [128 + 50 * common + 15 * plane() for _ in range(3)]
    return Image.fromarray(numpy.clip(numpy.stack(channels, -1), 0, 255).astype(numpy.uint8))


def make(folder, twins, sizes):
    random = numpy.random.default_rng(1)
    made = {}
    for number, (width, height) in enumerate(sizes):
        # A photograph takes a second to make: eight of each size, mirrored and turned upside down, are enough.
        some = made.setdefault((width, height), [])
        if len(some) < 8:
            some.append(photograph(random, width, height))
        picture = some[number % len(some)]
        if number // 8 % 2:
            picture = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        if number // 16 % 2:
            picture = picture.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
        picture.save(folder / f"{number:04}.jpg", quality=90)
        picture.crop((0, 0, 224, 224)).save(twins / f"{number:04}.png", compress_level=0)


def run(*commands):
    """The seconds until all commands have ended, and the sums of their processor seconds and peak resident MB."""
    start, busy, memory = time.perf_counter(), 0, 0
    processes = [subprocess.Popen([str(word) for word in command], stdout=subprocess.DEVNULL) for command in commands]
    for process in processes:
        status, usage = os.wait4(process.pid, 0)[1:]
        if status:
            sys.exit(f"{process.args} failed")
        busy, memory = busy + usage.ru_utime + usage.ru_stime, memory + usage.ru_maxrss / 1000
    return time.perf_counter() - start, busy, memory


def parts(command, folder, out, count):
    """The command for each of several single-threaded processes, each with every COUNTth picture and its own output."""
    files = sorted(folder.iterdir())
    for part in range(count):
        words = [[*files[part::count]] if word == folder else [f"{out}{part}"] if word == out else [word] for word in command]
        yield [*(word for some in words for word in some), "--threads", 1]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--pictures", type=int, default=200)
    parser.add_argument("--size", default="640x480")
    parser.add_argument("--photos", type=int, default=0, help="how many of the pictures have 4000x3000 pixels")
    parser.add_argument("--precision", default="f32")
    parser.add_argument("--only", default="", help="only commands that contain this word")
    parser.add_argument("--processes", type=int, default=0, help="also so many processes of one thread, each with a part of the pictures")
    parser.add_argument("--zoo", action="append", help="several take turns; .build/release/zoo by default")
    parser.add_argument("model", nargs="?", default="ViT-B-16:laion2b_s34b_b88k")
    options = parser.parse_args()
    zoos = [os.path.abspath(zoo) for zoo in options.zoo or [os.environ.get("ZOO", ROOT / ".build/release/zoo")]]
    for name in ["OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"]:
        os.environ.pop(name, None)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="zoo-folders."))
    os.environ["ZOO_HOME"] = str(folder / "zoo")
    pictures, twins, out = folder / "pictures", folder / "twins", folder / "out"
    try:
        pictures.mkdir()
        twins.mkdir()
        size = tuple(int(side) for side in options.size.split("x"))
        count, photos = options.pictures, options.photos
        # The photographs are spread among the others.
        # In a process of its own: the peak memory of a command would include that of this script.
        maker = multiprocessing.Process(target=make, args=(pictures, twins, [(4000, 3000) if photos and n * photos // count != (n + 1) * photos // count else size for n in range(count)]))
        maker.start()
        maker.join()
        model, file = options.model, folder / "model.safetensors"
        if (ROOT / "Examples" / model).is_dir():
            subprocess.run([zoos[0], "convert", ROOT / "Examples" / model, "--quiet"], check=True, stdout=subprocess.DEVNULL)
        else:
            subprocess.run([zoos[0], "bench", model.split(":")[0], "--write-checkpoint", file, "--quiet"], check=True, stdout=subprocess.DEVNULL)
            subprocess.run([zoos[0], "convert", file, "--quiet", "--as", model], check=True, stdout=subprocess.DEVNULL)
            file.unlink()
        common, prompt = ["--quiet", "--precision", options.precision], ["-p", "a photo of a cat"]
        commands = {
            "explain": (["explain", model, pictures, *prompt, "-o", out, "--json", *common],
                        ["explain", model, twins, *prompt, "-o", out, "--json", "--no-overlays", "--npy", *common]),
            "score": (["score", model, pictures, *prompt, "--json", *common], ["score", model, twins, *prompt, "--json", *common]),
            "embed": (["embed", model, pictures, "-o", out, *common], ["embed", model, twins, "-o", out, *common]),
        }
        print(f"{model}, {options.precision}, {count} pictures, {photos} of them 4000x3000, the others {options.size}, "
              f"{sum(f.stat().st_size for f in pictures.iterdir()) / count / 1e3:.0f} kB each; {options.turns} turns")
        kinds = ["folder", "passes alone"]
        if options.processes:
            kinds.append(f"{options.processes} processes")
        for name, both in commands.items():
            if options.only not in name:
                continue
            times = {}
            for turn in range(options.turns + 1):
                for zoo in zoos:
                    for kind, command in zip(kinds, [*both, both[0]]):
                        for path in folder.glob("out*"):
                            shutil.rmtree(path)
                        if turn == 0:  # warms the page cache, and keeps the prompt's embedding
                            command = [sorted(twins.iterdir())[0] if word in (pictures, twins) else word for word in command]
                        calls = parts(command, pictures, out, options.processes) if turn and "processes" in kind else [command]
                        found = run(*([zoo, *call] for call in calls))
                        if turn:
                            times.setdefault((zoo, kind), []).append(found)
            for zoo in zoos:
                alone = [seconds for seconds, _, _ in times[zoo, "passes alone"]]
                for kind in kinds:
                    runs = times[zoo, kind]
                    seconds = [seconds for seconds, _, _ in runs]
                    share = statistics.median(ours / theirs for ours, theirs in zip(seconds, alone))
                    print(f"  {name + ', ' + kind:24} {1000 * statistics.median(seconds) / count:7.2f} ms a picture "
                          f"({1000 * min(seconds) / count:.2f} to {1000 * max(seconds) / count:.2f})"
                          f"  processors {1000 * statistics.median(busy for _, busy, _ in runs) / count:.1f} ms"
                          f"  peak {max(memory for _, _, memory in runs):.0f} MB"
                          + (f"  {share - 1:+.1%}" if kind != "passes alone" else "")
                          + (f"  {zoo}" if len(zoos) > 1 else ""), flush=True)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
