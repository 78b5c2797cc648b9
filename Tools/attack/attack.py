#!/usr/bin/env python3
"""Attacks the built command, and prints what was tried and the results; exit code 1 if an attack succeeded.

    Tools/attack/attack.py .build/release/zoo            (about ten minutes; `make attack`)
    Tools/attack/attack.py .build/release/zoo --quick    (under three; part of the gate)
    Tools/attack/attack.py .build/release/zoo --only kills

Attacks that the system does not allow (tmpfs needs root, kills need strace) are skipped with a message.
"""
import argparse, os, shutil, sys, tempfile, time

import crashes, disks, hub, json_attacks, memory, pictures, races, serve
from trial import Attack, Zoo

SECTIONS = {
    "memory": memory.run, "pictures": pictures.run, "json": json_attacks.run, "kills": crashes.run, "disks": disks.run, "races": races.run,
    "hub": hub.run, "serve": serve.run,
}


class Setting:
    """The setting of an attack: its own folders, and how long it may take."""

    def __init__(self, program, folder, quick):
        self.program, self.folder, self.quick = program, folder, quick
        self.repository = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
        self.count = 0
        self.remarks = []

    def example(self, name):
        return os.path.join(self.repository, "Examples", name)

    def place(self, name):
        """A new folder."""
        self.count += 1
        path = os.path.join(self.folder, f"{self.count}-{name}")
        os.makedirs(path)
        return path

    def zoo(self, name="home"):
        return Zoo(self.program, self.place(name))

    def with_model(self):
        """A zoo with the demo model, copied from one that was converted once."""
        template = os.path.join(self.folder, "template")
        if not os.path.exists(template):
            outcome = Zoo(self.program, template).run("convert", self.example("ViT-Ti-8-emoji"))
            if outcome.code != 0:
                sys.exit(f"the demo model cannot be converted: {outcome.errors}")
        home = self.place("home")
        shutil.copytree(template, home, dirs_exist_ok=True)
        return Zoo(self.program, home)

    def note(self, text):
        if text not in self.remarks:
            self.remarks.append(text)

    def clear(self):
        """Removes what attacks have left behind, except the template."""
        for name in os.listdir(self.folder):
            if name != "template":
                shutil.rmtree(os.path.join(self.folder, name), ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", action="append", choices=SECTIONS)
    options = parser.parse_args()
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="zoo-attack-") as folder:
        setting = Setting(os.path.abspath(options.program), folder, options.quick)
        for name in options.only or SECTIONS:
            began = time.monotonic()
            SECTIONS[name](setting)
            setting.clear()
            print(f"{name}: {time.monotonic() - began:.0f} s", flush=True)
        survived = Attack.table()
        for remark in setting.remarks:
            print(remark)
        print(f"{time.monotonic() - start:.0f} s")
    sys.exit(0 if survived else 1)


main()
