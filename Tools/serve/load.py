#!/usr/bin/env python3
"""Many clients of one `zoo serve`: every answer is checked against its own request, and memory must stay flat.

    Tools/serve/load.py ZOO MODEL [--connections 64] [--seconds 60]

Prints requests per second, the slowest answer, and the server's memory after a tenth of the time and at the end.
"""
import argparse
import base64
import http.client
import json
import math
import pathlib
import random
import re
import subprocess
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("zoo")
    parser.add_argument("model")
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=60)
    options = parser.parse_args()
    server = subprocess.Popen([options.zoo, "serve", "--port", "0", "--quiet"], stdout=subprocess.PIPE, text=True)
    port = int(re.search(r":(\d+)/", server.stdout.readline())[1])

    def connect():
        return http.client.HTTPConnection("127.0.0.1", port, timeout=120)

    def ask(connection, path, body):
        connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())

    def memory():
        return int(re.search(r"VmRSS:\s+(\d+)", open(f"/proc/{server.pid}/status").read())[1]) // 1024

    # The expected answers, requested one after the other: for texts, pictures, and the map and similarity of each prompt in each picture.
    first = connect()
    names = ["panda", "kite", "teapot", "bee", "rocket", "robot", "globe", "snail"]
    cases = [("/v1/embeddings", {"model": options.model, "input": f"a photo of a {name}"}) for name in names]
    for scene in (1, 2, 3):
        picture = base64.b64encode((ROOT / f"Examples/examples/scene{scene}.jpg").read_bytes()).decode()
        cases.append(("/v1/embeddings", {"model": options.model, "input": [{"image": picture}]}))
        for name in names:
            body = {"model": options.model, "image": picture, "prompts": [f"a photo of a {name}"]}
            cases += [("/v1/explain", body), ("/v1/score", body)]
    random.Random(1).shuffle(cases)

    def essence(path, answer):
        if path == "/v1/embeddings":
            return answer["data"][0]["embedding"]
        return answer["maps"][0]["values"] if path == "/v1/explain" else [answer["results"][0]["similarity"]]

    expected = [essence(path, ask(first, path, body)[1]) for path, body in cases]
    counts = {"right": 0, "wrong": 0, "told to wait": 0, "failed": 0}
    slowest, lock, end = [0.0], threading.Lock(), time.monotonic() + options.seconds

    def client(number):
        connection, place = connect(), number
        while time.monotonic() < end:
            path, body = cases[place % len(cases)]
            start = time.monotonic()
            try:
                status, answer = ask(connection, path, body)
                values = essence(path, answer) if status == 200 else []
                same = len(values) == len(expected[place % len(cases)]) and all(
                    math.isclose(a, b, rel_tol=1e-4, abs_tol=1e-6) for a, b in zip(values, expected[place % len(cases)]))
                kind = "told to wait" if status == 429 else "right" if same else "wrong"
            except (OSError, http.client.HTTPException):
                kind, connection = "failed", connect()
            with lock:
                counts[kind] += 1
                slowest[0] = max(slowest[0], time.monotonic() - start)
            if kind == "told to wait":
                time.sleep(0.2)
            place += 1

    threads = [threading.Thread(target=client, args=(number,)) for number in range(options.connections)]
    for thread in threads:
        thread.start()
    time.sleep(options.seconds / 10)
    early = memory()
    for thread in threads:
        thread.join()
    late = memory()
    server.terminate()
    code = server.wait(timeout=30)
    print(f"{options.connections} connections, {options.seconds:.0f} s: {counts['right'] / options.seconds:.0f} answers a second, {counts}; "
          f"slowest {slowest[0]:.2f} s; memory {early} MB, then {late} MB; ended with {code}")
    if counts["wrong"] or counts["failed"] or not counts["right"] or late > early * 1.25 + 32 or code:
        sys.exit("FAILED")


if __name__ == "__main__":
    main()
