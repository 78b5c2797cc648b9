"""Commands that use the same model concurrently: no false alarms, no lost models, one sentence each."""
import os, shutil, subprocess, time

from trial import Attack, finish

NAME = "ViT-Ti-8-emoji"


def together(zoo, *commands):
    start = time.monotonic()
    return [finish(process, start) for process in [zoo.start(*command) for command in commands]]


def run(setting):
    picture, source = setting.example("examples/scene1.jpg"), setting.example(NAME)
    times = 3 if setting.quick else 20

    attack = Attack("two rm of one model at once")
    for _ in range(times):
        zoo = setting.with_model()
        outcomes = together(zoo, ["rm", NAME], ["rm", NAME])
        codes = sorted(outcome.code for outcome in outcomes)
        for outcome in outcomes:
            lines = [line for line in outcome.errors.splitlines() if line.startswith("zoo: ")]
            attack.judge(outcome, "rm", codes[0] == 0 and codes[1] in (0, 2) and len(lines) <= 1, f"codes {codes}")
        shutil.rmtree(zoo.home)

    attack = Attack("verify, list, doctor, du during rm")
    for _ in range(times):
        zoo = setting.with_model()
        outcomes = together(zoo, ["verify"], ["rm", NAME], ["list", "--installed"], ["doctor"], ["du"])
        for outcome in outcomes:
            alarm = any(word in outcome.output for word in ("damaged", "missing", "cannot be read"))
            attack.judge(outcome, "during rm", outcome.code == 0 and not alarm, f"a false alarm: {outcome.output[-300:]}")
        shutil.rmtree(zoo.home)

    attack = Attack("verify and explain during convert --force")
    for _ in range(times):
        zoo = setting.with_model()
        maps = setting.place("maps")
        outcomes = together(
            zoo, ["convert", source, "--force", "--quiet"], ["verify"], ["explain", NAME, picture, "-p", "a cat", "-o", maps],
            ["convert", source, "--force", "--quiet"])
        for outcome in outcomes:
            attack.judge(outcome, "at once", outcome.code == 0, f"exit code {outcome.code}: {outcome.output[-300:]}")
        left = [name for name in os.listdir(os.path.join(zoo.home, "models", NAME)) if name.startswith(".")]
        attack.expect(left == [], f"left behind: {left}")
        shutil.rmtree(zoo.home)
