#!/usr/bin/env python3
"""Fuzzes `zoo serve` with schemathesis: requests generated from the served OpenAPI document, and requests that violate it.

    Tools/serve/fuzz.py ZOO [--examples 300] [--seed 1]

Every answer must be described by the document, none may be a 5xx, and requests that violate the document must be rejected. Some requests are given the
installed model, a picture and a picture's id, so that they get further. Converts the demo model into a separate zoo; installs
schemathesis from PyPI if it is missing.
"""
import argparse
import base64
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
VERSION = "4.32.5"

HOOKS = '''
import base64, hashlib, pathlib, re
import schemathesis

picture = pathlib.Path({picture!r}).read_bytes()
METHODS = ["legrad", "gradcam", "rollout", "chefercam:start-layer=0", "legrad:layers=last:2", "gem"]

def is_text(value):
    return isinstance(value, str) and bool(value.strip()) and len(value) <= 200

@schemathesis.hook
def map_body(context, body):
    """Most of what would fail for an unknown model, picture or method alone is given what there is; what breaks the document stays."""
    if not isinstance(body, dict):
        return body
    seed = hashlib.sha256(repr(sorted(body, key=str)).encode() + repr(body).encode()).digest()
    if is_text(body.get("model")) and seed[0] < 224:
        body["model"] = {model!r}
    if isinstance(body.get("image"), str) and body["image"] and seed[1] < 192:
        data = bytearray(picture)
        if seed[2] < 128:
            for at in range(8):
                data[int.from_bytes(seed[8 + at:10 + at], "big") * 7 % len(data)] = seed[at]
        body["image"] = base64.b64encode(data).decode()
    if isinstance(body.get("picture"), str) and re.fullmatch("[0-9a-f]{{64}}", body["picture"]) and seed[3] < 192:
        body["picture"] = hashlib.sha256(picture).hexdigest()
    methods = body.get("methods")
    if isinstance(methods, list) and 0 < len(methods) <= 8 and all(map(is_text, methods)) and seed[4] < 192:
        body["methods"] = [METHODS[value % len(METHODS)] for value in seed[5:5 + len(methods)]]
    return body
'''


def schemathesis(folder):
    """The program, installed in a separate folder if it is missing."""
    try:
        subprocess.run(["schemathesis", "--version"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return "schemathesis"
    except (OSError, subprocess.CalledProcessError):
        subprocess.run([sys.executable, "-m", "venv", f"{folder}/python"], check=True)
        subprocess.run([f"{folder}/python/bin/pip", "install", "-q", f"schemathesis=={VERSION}"], check=True)
        return f"{folder}/python/bin/schemathesis"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("zoo")
    parser.add_argument("--examples", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "ZOO_HOME": f"{folder}/zoo"}
        zoo, model = os.path.abspath(options.zoo), "ViT-Ti-8-emoji"
        subprocess.run(
            [zoo, "convert", str(ROOT / "Examples" / model), "--quiet"], check=True, env=environment, stdout=subprocess.DEVNULL)
        program = schemathesis(folder)
        server = subprocess.Popen([zoo, "serve", "--port", "0", "--quiet"], env=environment, stdout=subprocess.PIPE, text=True)
        address = re.search(r"http://[^/]+", server.stdout.readline())[0]
        pathlib.Path(folder, "hooks.py").write_text(
            HOOKS.format(picture=str(ROOT / "Examples/examples/scene1.jpg"), model=f"{model}:local"))
        picture = base64.b64encode((ROOT / "Examples/examples/scene1.jpg").read_bytes()).decode()
        body = json.dumps({"model": model, "image": picture, "prompts": ["a"]}).encode()
        urllib.request.urlopen(urllib.request.Request(f"{address}/v1/score", body, {"Content-Type": "application/json"})).close()
        # An unknown model or picture, or no picture at all, is rejected although the document allows it.
        pathlib.Path(folder, "schemathesis.toml").write_text(
            '[checks.positive_data_acceptance]\nexpected-statuses = ["200", "404", "422"]\n')
        fuzz = subprocess.run(
            [program, "run", f"{address}/openapi.json", "--checks", "all", "--max-examples", str(options.examples), "--seed",
             str(options.seed), "--mode", "all", "--request-timeout", "60", "--no-color"],
            cwd=folder, env={**os.environ, "SCHEMATHESIS_HOOKS": "hooks", "PYTHONPATH": folder})
        memory = int(re.search(r"VmHWM:\s+(\d+)", open(f"/proc/{server.pid}/status").read())[1]) // 1024
        alive = server.poll() is None
        server.terminate()
        code = server.wait(timeout=60)
    print(f"server: {'alive at the end' if alive else 'GONE'}, most memory {memory} MB, ended with {code}")
    sys.exit(0 if fuzz.returncode == 0 and alive and code == 0 else "FAILED")


main()
