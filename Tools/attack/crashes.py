"""Kills the command at each system call in turn: afterwards either the previous state or the new one must be there."""
import os, shutil, signal, subprocess, time

from trial import Attack, Zoo

NAME = "ViT-Ti-8-emoji"
MODEL = f"{NAME}:local"
CALLS = ["mkdir", "openat", "ftruncate", "pwrite64", "write", "fsync", "rename,renameat,renameat2", "unlink,unlinkat,rmdir"]


def traced(call, number):
    """Kills the command at its `number`th call of this kind (the kinds in a list are counted separately)."""
    return ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={number}"]


def numbers(setting, call):
    """The calls to try: all of the rare ones, some of the frequent ones."""
    if call in ("openat", "pwrite64", "write"):
        some = [1, 2, 3, 5, 8, 13, 21, 34, 55, 80, 100, 110, 120, 125, 127, 130, 140]
        return some[1::8] if setting.quick else some
    return range(1, 3) if setting.quick else range(1, 12)


def run(setting):
    if shutil.which("strace") is None:
        setting.note("strace is not installed: kills at system calls were left out")
        return
    probe = subprocess.run([*traced("fsync", 1000), "true"], capture_output=True, text=True)
    if probe.returncode != 0:
        setting.note("strace may not trace here: kills at system calls were left out")
        return
    source = setting.example(NAME)
    convert(setting, "a new model", ["convert", source, "--quiet"], hasModel=False)
    convert(setting, "a model in place of another (--force)", ["convert", source, "--force", "--quiet"], hasModel=True)
    convert(setting, "rm", ["rm", MODEL], hasModel=True, mayGo=True)
    export(setting, source)
    explain(setting)
    if not setting.quick:
        interrupts(setting, source)


def recover(attack, setting, zoo, what, needsModel):
    """What a user does after a crash: doctor --fix, verify, and the same again."""
    fixed = zoo.run("doctor", "--fix")
    attack.judge(fixed, f"{what}: doctor --fix", fixed.code == 0, "doctor fails")
    verified = zoo.run("verify")
    sound = verified.code == 0 and (not needsModel or "sound" in verified.output)
    attack.judge(verified, f"{what}: verify", sound, f"the model is lost or damaged: {verified.output.strip()[-200:]}")
    left = [name for _, folders, names in os.walk(zoo.home) for name in folders + names
            if name.startswith(".") or name.endswith(".partial") or name.endswith(".lock")]
    attack.expect(left == [], f"{what}: left behind: {left}")


def convert(setting, name, command, hasModel, mayGo=False):
    attack = Attack(f"killed at a system call: {name}")
    for call in CALLS:
        for number in numbers(setting, call):
            zoo = setting.with_model() if hasModel else setting.zoo()
            outcome = zoo.run(*command, wrapped=traced(call, number))
            killed = outcome.code == -signal.SIGKILL
            attack.expect(killed or outcome.code == 0, f"{call} {number}: exit code {outcome.code} {outcome.errors[-200:]}")
            recover(attack, setting, zoo, f"{call} {number}", needsModel=hasModel and not mayGo)
            if killed and not mayGo and number in (1, 3):
                again = zoo.run("convert", setting.example(NAME), "--force", "--quiet")
                attack.judge(again, f"{call} {number}: again", again.code == 0, "it cannot be repeated")
            shutil.rmtree(zoo.home)
            if not killed:
                break


def export(setting, source):
    attack = Attack("killed at a system call: export (--force)")
    zoo = setting.with_model()
    for call in CALLS[2:]:
        for number in list(numbers(setting, call))[:1 if setting.quick else None]:
            out = os.path.join(setting.place("export"), "out")
            before = zoo.run("export", MODEL, "--layout", "openclip", "-o", out, "--quiet")
            attack.judge(before, "export", before.code == 0, "export fails")
            outcome = zoo.run("export", MODEL, "--layout", "openclip", "-o", out, "--force", "--quiet", wrapped=traced(call, number))
            killed = outcome.code == -signal.SIGKILL
            # Either the previous export or its replacement is complete.
            back = zoo.run("convert", out, "--dry-run", "--as", "ViT-Ti-8-emoji:local")
            attack.judge(back, f"{call} {number}", back.code == 0, "the export is damaged")
            again = zoo.run("export", MODEL, "--layout", "openclip", "-o", out, "--force", "--quiet")
            attack.judge(again, f"{call} {number}: again", again.code == 0, "it cannot be repeated")
            if not killed:
                break


def explain(setting):
    attack = Attack("killed at a system call: explain")
    zoo = setting.with_model()
    picture = setting.example("examples/scene1.jpg")
    for call in ["write", "rename,renameat,renameat2", "fsync"]:
        for number in list(numbers(setting, call))[:2 if setting.quick else 6]:
            out = setting.place("maps")
            zoo.run("explain", MODEL, picture, "-p", f"prompt {number}", "-o", out, wrapped=traced(call, number))
            for name in os.listdir(out):
                if name.endswith(".png") and not name.startswith("."):
                    with open(os.path.join(out, name), "rb") as file:
                        attack.expect(file.read().endswith(b"IEND\xaeB`\x82"), f"{call} {number}: {name} is half-written")
            # The prompt cache is intact or empty.
            again = zoo.run("explain", MODEL, picture, "-p", f"prompt {number}", "-o", out, "--json")
            attack.judge(again, f"{call} {number}", again.code == 0, "it cannot be repeated")


def interrupts(setting, source):
    attack = Attack("interrupted at a random moment: convert --force")
    for step in range(60):
        zoo = setting.with_model()
        number = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)[step % 3]
        process = zoo.start("convert", source, "--force", "--quiet", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(0.006 * step)
        process.send_signal(number)
        code = process.wait(60)
        attack.expect(code in (0, -number, 128 + number), f"after {6 * step} ms: exit code {code}")
        recover(attack, setting, zoo, f"signal {number} after {6 * step} ms", needsModel=True)
        shutil.rmtree(zoo.home)
