"""Drives the page of `zoo serve` in a headless Chromium with the demo models, and checks what it shows and saves.

    check_page.py ZOO [OUT]
    check_page.py ZOO --typing

OUT (out/page by default) gets screenshots of the page to look at. Exits with 1 if a check failed. --typing measures how long it takes to show
a typed prompt, with a ViT-B-16 of random weights in bf16.
"""

import json
import os
import pathlib
import shlex
import socket
import struct
import subprocess
import sys
import tempfile
import time

import walk
from browser import Browser

HERE = pathlib.Path(__file__).resolve().parent
EXAMPLES = HERE.parent.parent / "Examples"
TITLES = "[...document.querySelectorAll('.panel .title')].map((one) => one.textContent)"
IDLE = "!document.body.classList.contains('busy')"
failed = []


def check(what, holds, seen=""):
    print("ok  " if holds else "FAIL", what, "" if holds else seen)
    if not holds:
        failed.append(what)


def read_npy(path):
    data = path.read_bytes()
    assert data[:8] == b"\x93NUMPY\x01\x00", "not NPY 1.0"
    start = 10 + struct.unpack("<H", data[8:10])[0]
    header = eval(data[10:start], {})  # a literal that this page or this zoo wrote
    return header["shape"], struct.unpack(f"<{(len(data) - start) // 4}f", data[start:])


class Check:
    def __init__(self, zoo, home, out, options=()):
        self.zoo, self.home, self.out = zoo, home, out
        self.saved = out / "saved"
        self.saved.mkdir(parents=True, exist_ok=True)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.address = f"http://127.0.0.1:{port}/"
        self.server = subprocess.Popen([zoo, "serve", "--port", str(port), "--quiet", *options], env=self.environment)
        self.browser = Browser(self.saved.resolve())
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            time.sleep(0.1)
        raise SystemExit("the server did not start")

    @property
    def environment(self):
        return {**os.environ, "ZOO_HOME": str(self.home)}

    def close(self):
        self.browser.close()
        self.server.terminate()
        check("the server ends when asked to", self.server.wait(30) == 0)

    def start(self, settings="", panels=0):
        self.browser.open(f"{self.address}?{time.monotonic()}#{settings}")
        self.browser.wait("document.querySelectorAll('#examples img').length && document.getElementById('model').value")
        self.browser.wait(f"{TITLES}.length >= {panels} && {IDLE}")

    def save(self, kind, ending):
        for old in self.saved.iterdir():  # Chromium may write a second file of the same name over the first
            old.unlink()
        self.browser.run(f"document.getElementById('save-{kind}').click()")
        for _ in range(100):
            new = [path for path in self.saved.iterdir() if path.suffix == ending]
            if new:
                return new[0]
            time.sleep(0.1)
        raise SystemExit(f"nothing was saved as {kind}")

    def typing(self):
        browser = self.browser
        self.start("model=ViT-Ti-8-emoji:local")
        browser.choose_file("#file", EXAMPLES / "examples/scene2.jpg")
        browser.wait(f"document.querySelector('#panels canvas') && {IDLE}")
        browser.run("document.getElementById('prompt').focus()")
        browser.type("a photo of a bee")
        browser.wait(f"{TITLES}[0] === 'a photo of a bee'")
        browser.press("Enter")
        browser.type("a photo of a snail,")
        browser.wait(f"document.querySelectorAll('.chip:not(.live)').length === 2 && {IDLE}")
        scores = browser.run("[...document.querySelectorAll('.chip .scores')].map((one) => one.textContent)")
        check("prompts have their similarities and shares", all("similarity 0." in one and "share" in one for one in scores), scores)

    def keyboard(self):
        browser = self.browser
        browser.run("document.querySelector('.chip .show').focus()")
        browser.press("Enter")
        browser.wait(f"{TITLES}[0] === 'a photo of a bee'")
        browser.run("document.querySelector('#panels canvas').focus()")
        for key in ("ArrowLeft", "ArrowUp"):
            browser.press(key)
        text = browser.run("document.querySelector('.readout').textContent")
        check("arrow keys move over the patches", text.startswith("Row 8, column 8: "), text)
        browser.press("Enter")
        browser.wait(f"document.querySelectorAll('#patch tbody tr').length === 2 && {IDLE}")
        cell = browser.run("document.querySelector('#patch td').textContent")
        check("a patch has its own similarities", cell not in ("", "—"), cell)

    def layers(self):
        browser = self.browser
        browser.run("document.getElementById('layers-box').open = true")
        time.sleep(0.3)
        browser.wait(IDLE)
        requests = "performance.getEntriesByName(new URL('v1/explain', document.baseURI).href).length"
        pixels = "document.querySelector('#panels canvas').toDataURL()"
        count, before = browser.run(requests), browser.run(pixels)
        browser.run("(() => { const first = document.getElementById('first'); first.value = 4; first.dispatchEvent(new Event('input')); })()")
        check("layers are summed in the browser", browser.run(requests) == count and browser.run(pixels) != before)
        check("the address keeps the layers", "layers=4-5" in browser.run("location.hash"), browser.run("location.hash"))

    def command(self):
        """The command shown by the page computes the same raw map."""
        for settings in (
            "model=ViT-Ti-8-emoji:local", "model=ViT-Ti-8-emoji:local&layers=2-4", "model=ViT-Ti-8-SigLIP-emoji:local",
            "model=ViT-Ti-8-SigLIP-emoji:local&layers=3-3", "model=ViT-Ti-8-emoji:local&method=textspan",
            "model=ViT-Ti-8-emoji:local&method=gradcam&layers=0-2",
        ):
            self.start(f"{settings}&p=a+photo+of+a+bee&p=a+photo+of+a+snail&example=Scene+2", panels=1)
            shape, values = read_npy(self.save("npy", ".npy"))
            call = shlex.split(self.browser.run("document.getElementById('command').textContent"))
            with tempfile.TemporaryDirectory() as folder:
                subprocess.run(
                    [self.zoo, *call[1:], "--npy", "-o", folder, "--quiet"], check=True, env=self.environment,
                    cwd=EXAMPLES / "examples", stdout=subprocess.DEVNULL)
                maps = [read_npy(path) for path in pathlib.Path(folder).glob("*bee*.npy")]
            differences = [
                max(abs(a - b) for a, b in zip(values, other)) for own, other in maps if tuple(own) == tuple(shape)]
            check(f"the command makes the same map: {settings}",
                  bool(differences) and min(differences) <= 1e-5 * max(map(abs, values)), differences)

    def comparing(self):
        browser = self.browser
        self.start("model=ViT-Ti-8-emoji:local&more-model=ViT-Ti-8-SigLIP-emoji:local&more-method=gradcam&contour=yes"
                   "&p=a+photo+of+a+bee&p=a+photo+of+a+snail&example=Scene+2", panels=4)
        check("two models and two methods stand side by side", browser.run(f"{TITLES}.length") == 4)
        text = self.save("svg", ".svg").read_text()
        check("the figure has them all", text.count("<image") == 4 and text.count("<path") == 8)
        answers = json.loads(self.save("json", ".json").read_text())
        check("the answers are those of two models", [one["model"] for one in answers] == [
            "ViT-Ti-8-emoji:local", "ViT-Ti-8-SigLIP-emoji:local"])
        check("the overlay is a PNG", self.save("png", ".png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n")
        browser.run("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        browser.run("document.querySelector('#panels canvas').focus()")
        browser.press("Enter")
        time.sleep(0.5)
        browser.wait(IDLE)
        for width in (1280, 390):
            for dark in (False, True):
                browser.window(width, 900, dark)
                where = f"{width} pixels, {'dark' if dark else 'light'}"
                hard = browser.run((HERE / "contrast.js").read_text().split("\n", 1)[1])
                check(f"everything can be read: {where}", hard == [], hard)
                check(f"nothing needs scrolling sideways: {where}", browser.run("document.documentElement.scrollWidth") <= width)
                check(f"everything has a name: {where}", browser.nameless() == [], browser.nameless())
                browser.picture(self.out / f"page-{width}-{'dark' if dark else 'light'}.png")
        browser.window(1280, 900)
        check("no errors are shown", browser.run("document.getElementById('errors').hidden"))
        complaints = browser.complaints()
        check("the console is silent: nothing breaks the Content-Security-Policy", complaints == [], complaints)

    def speed(self, model="ViT-Ti-8-emoji:local"):
        """From the last keystroke to the painted map, for new and for repeated prompts."""
        browser = self.browser
        self.start(f"model={model}&p=a+photo+of+a+bee&example=Scene+2", panels=1)
        browser.run("document.getElementById('prompt').focus()")
        for kind in ("new", "seen before"):
            times = []
            for letter in "abcdefghij":
                browser.run("document.getElementById('prompt').addEventListener('input', () => performance.mark('typed'), {once: true, capture: true});"
                            "performance.clearMarks()")
                browser.type(letter, 0)
                browser.wait("performance.getEntriesByName('painted').length")
                times.append(browser.run(
                    "performance.getEntriesByName('painted')[0].startTime - performance.getEntriesByName('typed')[0].startTime"))
                browser.press("Escape")
                time.sleep(0.6)
                browser.wait(IDLE)
            print(f"     keystroke to painted map, prompts {kind}: median {sorted(times)[5]:.0f} ms of 10")


def typing(zoo):
    with tempfile.TemporaryDirectory() as home:
        file, model = f"{home}/model.safetensors", "ViT-B-16:laion2b_s34b_b88k"
        for call in (["bench", "ViT-B-16", "--write-checkpoint", file], ["convert", file, "--as", model]):
            subprocess.run([zoo, *call, "--quiet"], check=True, env={**os.environ, "ZOO_HOME": home}, stdout=subprocess.DEVNULL)
        run = Check(zoo, home, pathlib.Path(home), ["--precision", "bf16"])
        try:
            run.browser.window(1280, 900)
            print(model)
            run.speed(model)
            print("     the last answer:", run.browser.run("document.querySelector('footer').textContent").strip())
        finally:
            run.close()


def main():
    zoo = str(pathlib.Path(sys.argv[1]).resolve())
    if "--typing" in sys.argv:
        typing(zoo)
        sys.exit(bool(failed))
    out = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else "out/page")
    with tempfile.TemporaryDirectory() as home:
        for model in ("ViT-Ti-8-emoji", "ViT-Ti-8-SigLIP-emoji"):
            subprocess.run(
                [zoo, "convert", str(EXAMPLES / model), "--quiet"], check=True, env={**os.environ, "ZOO_HOME": home},
                stdout=subprocess.DEVNULL)
        run = Check(zoo, home, out)
        try:
            run.browser.window(1280, 900)
            for part in (run.typing, run.keyboard, run.layers, run.command, run.comparing, run.speed):
                part()
            walk.sources(run, check, EXAMPLES / "examples")
            walk.two_pictures(run, check, EXAMPLES / "examples")
            for part in (walk.pointer, walk.layers, walk.keyboard_alone, walk.models, walk.network):
                part(run, check)
        finally:
            run.close()
    print(f"{len(failed)} failed; look at the pictures in {out}" if failed else f"All held; look at the pictures in {out}.")
    sys.exit(bool(failed))


main()
