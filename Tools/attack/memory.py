"""Files that try to use much memory or time: measures what the command uses for each."""
import os, shutil

import hostile_files
from trial import MEGABYTE, MEMORY_LIMIT, Attack, in_child


# Those that the gate tries.
QUICK = ("dup", "tuples", "strings", "one tensor", "transposed", "nested", "index")


def judge(attack, outcome, what, mapped):
    within = outcome.memory <= MEMORY_LIMIT + mapped
    in_time = outcome.seconds <= 10 or mapped >= MEGABYTE
    attack.judge(
        outcome, what, within and in_time, f"{outcome.memory // MEGABYTE} MB of memory in {outcome.seconds:.1f} s")


def pad(path, filling):
    """Inserts a list that nobody reads at the start of an object."""
    with open(path, "rb") as file:
        text = file.read().lstrip()
    os.chmod(path, 0o644)
    with open(path, "wb") as file:
        file.write(b'{"x":[' + filling + b"0]," + text[1:])


def run(setting):
    attack = Attack("small files that want memory or time: inspect")
    folder = setting.place("files")
    for name, make in hostile_files.CASES:
        if setting.quick and not any(word in name for word in QUICK):
            continue
        path = os.path.join(folder, name)
        in_child(make, path)
        judge(attack, setting.zoo().run("inspect", path), name, os.path.getsize(path))
        os.remove(path)
    if setting.quick:
        return
    attack = Attack("tokenizers of 16 MB to 100 MB: convert")
    for name, size, filling in (
        ("strings", 16, b'"a",'), ("escapes", 18, b'"\\n",'), ("arrays", 60, b"[],"), ("more than allowed", 100, b"0,")
    ):
        place = setting.place("checkpoint")
        shutil.copytree(os.path.join(setting.repository, "Tests/Golden/models/siglip2/checkpoints/hf"), place, dirs_exist_ok=True)
        in_child(pad, os.path.join(place, "tokenizer.json"), filling * (size * MEGABYTE // len(filling)))
        outcome = setting.zoo().run("convert", place, "-o", os.path.join(setting.place("out"), "model"))
        judge(attack, outcome, name, size * MEGABYTE)
    attack = Attack("a compressed model of 600 MB in a file of 600 kB: convert")
    path = os.path.join(folder, "ViT-B-32.pt")
    for kind in ("plain", "transposed", "shared"):
        in_child(hostile_files.compressed_model, path, kind)
        zoo = setting.zoo()
        outcome = zoo.run("convert", path, "--as", "ViT-B-32-quickgelu:openai", "--no-probe", "--quiet")
        judge(attack, outcome, kind, MEGABYTE)
        shutil.rmtree(zoo.home)
