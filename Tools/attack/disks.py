"""Full disks, limits on file sizes and memory, files that shrink, standard output that cannot be written."""
import os, shutil, subprocess, time

import hub
from trial import Attack, Zoo, finish

NAME = "ViT-Ti-8-emoji"
FULL = "No space left"


class SmallDisk:
    """A tmpfs of so many kilobytes; needs root."""

    def __init__(self, setting, kilobytes):
        self.path = setting.place("disk")
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", self.path], capture_output=True)
        self.mounted = done.returncode == 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.mounted:
            subprocess.run(["umount", "-l", self.path], capture_output=True)


def files(folder):
    return sorted(os.path.relpath(os.path.join(at, name), folder) for at, _, names in os.walk(folder) for name in names)


def run(setting):
    with SmallDisk(setting, 1024) as disk:
        if disk.mounted:
            full(setting)
        else:
            setting.note("tmpfs cannot be mounted here (it needs root): full disks were left out")
    limits(setting)
    shrinking(setting)
    output(setting)


def full(setting):
    sizes = [64, 19_200] if setting.quick else [16, 64, 300, 1000, 5000, 12_000, 18_900, 19_100, 19_200, 19_300]
    attack = Attack("full disk: convert, also in place of a model")
    for size in sizes:
        with SmallDisk(setting, size) as disk:
            zoo = Zoo(setting.program, os.path.join(disk.path, "home"))
            outcome = zoo.run("convert", setting.example(NAME), "--quiet")
            said = outcome.code == 0 or outcome.code == 1 and FULL in outcome.errors
            attack.judge(outcome, f"{size} kB", said, "it is not said that the disk is full")
            attack.expect(outcome.code == 0 or files(disk.path) == [], f"{size} kB: left behind: {files(disk.path)}")
    for size in sizes:
        with SmallDisk(setting, size + 20_000) as disk:
            home = os.path.join(disk.path, "home")
            shutil.copytree(setting.with_model().home, home)
            before = files(home)
            outcome = Zoo(setting.program, home).run("convert", setting.example(NAME), "--force", "--quiet")
            said = outcome.code == 0 or outcome.code == 1 and FULL in outcome.errors
            attack.judge(outcome, f"{size} kB beside a model", said, "it is not said that the disk is full")
            attack.expect(files(home) == before, f"{size} kB: left are {files(home)}")
    attack = Attack("full disk: export and explain")
    zoo = setting.with_model()
    picture = setting.example("examples/scene1.jpg")
    for size in sizes:
        for layout in ("openclip", "transformers"):
            with SmallDisk(setting, size) as disk:
                outcome = zoo.run("export", NAME, "--layout", layout, "-o", os.path.join(disk.path, "out"), "--quiet")
                attack.judge(outcome, f"export, {size} kB", outcome.code == 0 or FULL in outcome.errors, "it is not said that the disk is full")
                attack.expect(outcome.code == 0 or files(disk.path) == [], f"export, {size} kB: left behind: {files(disk.path)}")
    for size in (8, 60) if setting.quick else (4, 8, 20, 60, 200):
        for options in (["--npy"], ["--grid"], []):
            with SmallDisk(setting, size) as disk:
                outcome = zoo.run("explain", NAME, picture, "-p", "a cat", "-p", "a rocket", "-o", disk.path, *options)
                attack.judge(outcome, f"explain {options}, {size} kB", outcome.code == 0 or FULL in outcome.errors, "it is not said that the disk is full")
                if outcome.code != 0:
                    whole = all(ends_well(os.path.join(disk.path, name)) for name in files(disk.path))
                    attack.expect(whole, f"explain, {size} kB: half-written: {files(disk.path)}")
    attack = Attack("full disk: pull")
    for behaviour in (hub.with_range, hub.unannounced):
        server, address = hub.serving(behaviour)
        for size in (1000, 2900) if setting.quick else (100, 1000, 2000, 2900, 3000):
            with SmallDisk(setting, size) as disk:
                small = Zoo(setting.program, os.path.join(disk.path, "home"))
                outcome = small.run("pull", f"{address}/model.safetensors")
                said = outcome.code == 1 and (FULL in outcome.errors or "bytes free" in outcome.errors)
                attack.judge(outcome, f"{behaviour.__name__}, {size} kB", said, "it is not said that the disk is full")
        server.shutdown()
        server.server_close()
    attack = Attack("a full zoo: its other commands")
    # The zoo itself is full: its cache cannot be written, which is not a reason to fail.
    with SmallDisk(setting, 40_000) as disk:
        home = os.path.join(disk.path, "home")
        shutil.copytree(zoo.home, home)
        with open(os.path.join(disk.path, "filler"), "wb") as filler:
            try:
                while True:
                    filler.write(bytes(1 << 16))
                    filler.flush()
            except OSError:
                pass
        outcome = Zoo(setting.program, home).run("explain", NAME, picture, "-p", "new words", "-o", setting.place("maps"))
        attack.judge(outcome, "explain, a full zoo", outcome.code == 0, "a full zoo is no reason to fail")
        for command in (["list"], ["verify"], ["doctor", "--fix"], ["du"], ["rm", NAME]):
            outcome = Zoo(setting.program, home).run(*command)
            attack.judge(outcome, f"{command}, a full zoo", outcome.code == 0, "it fails")


def ends_well(path):
    with open(path, "rb") as file:
        data = file.read()
    return data.endswith(b"IEND\xaeB`\x82") if path.endswith(".png") else len(data) > 0


def limits(setting):
    attack = Attack("limits of the shell: ulimit -f, -v, -n")
    zoo = setting.with_model()
    picture = setting.example("examples/scene1.jpg")
    commands = [
        ["list"], ["verify"], ["convert", setting.example("ViT-Ti-8-SigLIP-emoji"), "--force", "--quiet"],
        ["explain", NAME, picture, "-p", "a cat", "-o", setting.place("maps")], ["export", NAME, "--layout", "openclip", "-o", setting.place("out"), "--force"],
    ]
    values = [f"-v {size}" for size in range(150_000, 1_500_000, 450_000 if setting.quick else 50_000)]
    values += ["-f 8", "-f 4096", "-n 8", "-n 24"] if setting.quick else ["-f 0", "-f 8", "-f 4096"] + [f"-n {count}" for count in range(3, 33)]
    for value in values:
        for command in commands:
            outcome = zoo.run(*command, timeout=60, wrapped=["sh", "-c", f"ulimit {value}; exec \"$@\"", "sh"])
            # Below these limits the system's loader itself ends the process, with 127.
            if outcome.code == 127:
                attack.tried += 1
                continue
            attack.judge(outcome, f"ulimit {value}: {command[0]}", outcome.code == 0 or "zoo: " in outcome.errors, "no sentence")
    verified = zoo.run("verify")
    attack.judge(verified, "verify afterwards", verified.code == 0, "something is damaged")


def shrinking(setting):
    attack = Attack("a source that shrinks while it is read: convert, verify")
    for step in range(4 if setting.quick else 40):
        place = setting.place("source")
        path = os.path.join(place, "open_clip_model.safetensors")
        shutil.copytree(setting.example(NAME), place, dirs_exist_ok=True)
        os.chmod(path, 0o644)
        zoo = setting.zoo()
        process = zoo.start("convert", place, "--quiet", "--as", f"{NAME}:local")
        time.sleep(0.004 * step)
        os.truncate(path, 4096 * (step % 7))
        start = time.monotonic()
        outcome = finish(process, start)
        said = outcome.code == 0 or "zoo: " in outcome.errors
        attack.judge(outcome, f"after {4 * step} ms", said, "no sentence")
        verified = zoo.run("doctor", "--fix")
        attack.judge(verified, "doctor --fix", verified.code == 0, "doctor fails")
        verified = zoo.run("verify")
        attack.judge(verified, "verify", verified.code == 0, "a damaged model was published")
        shutil.rmtree(place)
        shutil.rmtree(zoo.home)


def output(setting):
    attack = Attack("standard output and error full or closed")
    zoo = setting.with_model()
    commands = [["list"], ["list", "--json"], ["show", NAME], ["verify"], ["--help"], ["doctor"], ["list", "--nonsense"]]
    for command in commands[1::3] if setting.quick else commands:
        for ending in ("> /dev/full", "2> /dev/full", ">&-", "2>&-", "<&- >&- 2>&-", "| true", "> /dev/full 2>&1"):
            outcome = zoo.run(*command, wrapped=["bash", "-c", f"set -o pipefail; \"$@\" {ending}", "bash"])
            attack.tried += 1
            if outcome.code not in (0, 1, 2, 64, 141):
                attack.failures.append(f"{command} {ending}: exit code {outcome.code} after {outcome.seconds:.0f} s")
            if ending == "> /dev/full" and outcome.code == 0:
                attack.failures.append(f"{command} {ending}: lost output is said to be done")
