#!/usr/bin/env python3
"""Whole processes at full size, for docs/measurements.md: conversion against cp, explaining, listing. Random weights, seed 1.

    Tools/measure.py [--turns N] [ARCHITECTURE:TAG ...]

The commands run alternately, so that a slow moment of the machine affects all of them; reports medians, and fractions of cp's rate as medians over
the rounds.
"""
import argparse, os, shutil, statistics, subprocess, sys, tempfile, time

MODELS = ["ViT-B-16:laion2b_s34b_b88k", "ViT-H-14:laion2b_s32b_b79k"]


def run(*command):
    """Seconds, peak resident MB and processor seconds of a command."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    status, usage = os.wait4(process.pid, 0)[1:]
    if status:
        sys.exit(f"{' '.join(command)} failed")
    return time.perf_counter() - start, usage.ru_maxrss / 1000, usage.ru_utime + usage.ru_stime


def report(name, runs, reference=None):
    seconds = [seconds for seconds, _, _ in runs]
    middle = statistics.median(seconds)
    share = ""
    if reference:  # round by round: the disk's rate varies more between rounds than anything else
        rates = [theirs / ours for (theirs, _, _), ours in zip(reference, seconds)]
        share = f", {statistics.median(rates):.0%} of cp's rate ({min(rates):.0%} to {max(rates):.0%})"
    print(f"  {name:28} {middle:6.3f} s  ({min(seconds):.3f} to {max(seconds):.3f})"
          f"  processors {statistics.median(busy for _, _, busy in runs):.2f} s"
          f"  peak {max(memory for _, memory, _ in runs):.0f} MB{share}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("models", nargs="*", default=MODELS)
    options = parser.parse_args()
    zoo = os.path.abspath(os.environ.get("ZOO", ".build/release/zoo"))
    for name in ["OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"]:
        os.environ.pop(name, None)
    folder = tempfile.mkdtemp(prefix="zoo-measure.")
    os.environ["ZOO_HOME"] = os.path.join(folder, "zoo")
    copy, out = os.path.join(folder, "copy"), os.path.join(folder, "out")
    try:
        for model in options.models or MODELS:
            file = os.path.join(folder, f"{model.replace(':', '-')}.safetensors")
            run(zoo, "bench", model.split(":")[0], "--write-checkpoint", file, "--quiet")
            run("cat", file)
            print(f"{model}, {os.path.getsize(file) / 1e6:.0f} MB, {options.turns} turns")
            times = {"cp and sync": [], "convert --no-probe": [], "convert": []}
            for _ in range(options.turns):
                times["cp and sync"].append(run("sh", "-c", f"cp '{file}' '{copy}' && sync '{copy}'"))
                os.remove(copy)
                for name in ["convert --no-probe", "convert"]:
                    times[name].append(run(zoo, *name.split(), file, "--quiet", "--as", model))
                    run(zoo, "rm", model)
            for name, runs in times.items():
                report(name, runs, times["cp and sync"] if name != "cp and sync" else None)
            run(zoo, "convert", file, "--quiet", "--as", model)
            os.remove(file)
            for precision in ["f32", "bf16"]:
                new, seen = [], []
                for turn in range(options.turns):
                    command = [zoo, "explain", model, "Examples/examples/scene1.jpg", "-p", f"{precision} {turn}",
                               "--precision", precision, "-o", out]
                    new.append(run(*command))
                    seen.append(run(*command))
                report(f"explain {precision}, new prompt", new)
                report(f"explain {precision}, prompt seen", seen)
            run(zoo, "rm", model)
        report("zoo list", [run(zoo, "list") for _ in range(20)])
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
