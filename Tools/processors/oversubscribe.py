#!/usr/bin/env python3
"""More threads than processors: speed, and whether the results stay the same.

    Tools/processors/oversubscribe.py [--processors 2,8,64] [--turns N] [--only WORD] [--zoo FILE ...]

For docs/processors.md. A preloaded library (pretend.c) makes zoo believe in as many processors as are named; the first number is what the others are
compared with. They take turns, and so do the binaries if several are given. Needs a C compiler; ViT-B-16 has random weights, seed 1. Ends with 1 if
a map or an embedding depends on the number of threads.
"""
import argparse, hashlib, json, os, pathlib, shutil, statistics, subprocess, sys, tempfile, time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
BIG, SMALL = "ViT-B-16:laion2b_s34b_b88k", "ViT-Ti-8-emoji"


def run(zoo, processors, words):
    """The standard output, the seconds and the peak resident MB."""
    environment = {**os.environ, "LD_PRELOAD": os.environ["PRETEND"], "PROCESSORS": str(processors)} if processors else os.environ
    start = time.perf_counter()
    process = subprocess.Popen([str(word) for word in (zoo, *words)], stdout=subprocess.PIPE, env=environment)
    text = process.stdout.read()
    status, usage = os.wait4(process.pid, 0)[1:]
    if status:
        sys.exit(f"{processors} processors: {words} failed")
    return text, time.perf_counter() - start, usage.ru_maxrss / 1000


def bench(zoo, processors, precision, stage):
    text = run(zoo, processors, ["bench", "ViT-B-16", "--random", "--precision", precision, "--only", stage, "--prompts", 1, "--runs", 5, "--quiet", "--json"])[0]
    return {f"{precision} {found['name']}": found["median_ms"] for found in json.loads(text)["stages"] if stage in found["name"]}


def digest(folder):
    files = sorted(folder.rglob("*.npy")) + sorted(folder.rglob("*.png"))
    return hashlib.sha256(b"".join(file.name.encode() + file.read_bytes() for file in files)).hexdigest() if files else sys.exit("no results")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--processors", default="2,8,64")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--only", default="", help="only measurements whose name contains this word")
    parser.add_argument("--zoo", action="append", help="several take turns; .build/release/zoo by default")
    options = parser.parse_args()
    zoos = [os.path.abspath(zoo) for zoo in options.zoo or [os.environ.get("ZOO", ROOT / ".build/release/zoo")]]
    counts = [int(count) for count in options.processors.split(",")]
    for name in ["OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"]:
        os.environ.pop(name, None)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="zoo-processors."))
    os.environ["PRETEND"], os.environ["ZOO_HOME"] = str(folder / "pretend.so"), str(folder / "zoo")
    try:
        subprocess.run([os.environ.get("CC", "cc"), "-O2", "-shared", "-fPIC", HERE / "pretend.c", "-o", os.environ["PRETEND"]], check=True)
        run(zoos[0], 0, ["convert", ROOT / "Examples" / SMALL, "--quiet"])
        # Twice as many pictures as the most threads, and half as many.
        scenes = sorted((ROOT / "Examples/examples").glob("scene?.jpg"))
        for name, number in [("many", 2 * max(counts)), ("few", max(counts) // 2)]:
            (folder / name).mkdir()
            for index in range(number):
                shutil.copy(scenes[index % len(scenes)], folder / name / f"{index:04}.jpg")
        prompts = ["-p", "a photo of a butterfly", "-p", "a photo of a bee"]
        explain = {
            f"explain {model.split(':')[0]}, {kind}": [model, pictures, "--precision", precision]
            for model, kind, pictures, precision in [
                (BIG, "one picture", scenes[1], "f32"), (BIG, "one picture, bf16", scenes[1], "bf16"), (BIG, "one picture, int8", scenes[1], "int8"),
                (SMALL, "one picture", scenes[1], "f32"), (SMALL, f"{2 * max(counts)} pictures", folder / "many", "f32"),
                (SMALL, f"{max(counts) // 2} pictures", folder / "few", "f32"), (SMALL, f"{2 * max(counts)} pictures, int8", folder / "many", "int8"),
                (BIG, f"{max(counts) // 2} pictures", folder / "few", "f32")]}
        if any(options.only in name for name in explain):
            run(zoos[0], 0, ["bench", "ViT-B-16", "--write-checkpoint", folder / "big.safetensors", "--quiet"])
            run(zoos[0], 0, ["convert", folder / "big.safetensors", "--as", BIG, "--quiet"])
            (folder / "big.safetensors").unlink()
        times, peaks, results = {}, {}, {}
        for turn in range(options.turns):
            for zoo in zoos:
                for count in counts:
                    for precision in ["f32", "bf16", "int8"]:
                        for stage in ["image tower", "LeGrad official"]:
                            if options.only not in f"{precision} {stage}":
                                continue
                            for name, value in bench(zoo, count, precision, stage).items():
                                times.setdefault(name, {}).setdefault((zoo, count), []).append(value)
                    for name, words in explain.items():
                        if options.only not in name:
                            continue
                        out = folder / "out"
                        seconds, peak = run(zoo, count, ["explain", *words, *prompts, "-o", out, "--npy", "--quiet"])[1:]
                        times.setdefault(name, {}).setdefault((zoo, count), []).append(1000 * seconds)
                        peaks[name, zoo, count] = max(peak, peaks.get((name, zoo, count), 0))
                        results.setdefault(name, set()).add(digest(out))
                        shutil.rmtree(out)
        for name, found in times.items():
            for zoo in zoos:
                base = found[zoo, counts[0]]
                for count in counts:
                    values = found[zoo, count]
                    share = statistics.median(theirs / ours for ours, theirs in zip(values, base))
                    print(f"{name:42} {count:3} threads {statistics.median(values):9.1f} ms ({min(values):.1f} to {max(values):.1f})"
                          f"  {share:5.2f} of the speed of {counts[0]}"
                          + (f"  peak {peaks[name, zoo, count]:.0f} MB" if (name, zoo, count) in peaks else "") + (f"  {zoo}" if len(zoos) > 1 else ""))
        different = [name for name, found in results.items() if len(found) > 1]
        print(f"results differ: {different}" if different else f"results equal, bit for bit: {len(results)} of {len(results)}")
        return 1 if different else 0
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main())
