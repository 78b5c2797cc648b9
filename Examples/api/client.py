#!/usr/bin/env python3
"""Heat maps and embeddings from `zoo serve`, using only Python's standard library.

    client.py MODEL PICTURE PROMPT...        draws each map in the terminal
    SERVER=http://host:8080 TOKEN=... client.py ...

Embeddings also work with clients of the common embeddings API:

    OpenAI(base_url="http://127.0.0.1:8080/v1", api_key=TOKEN or "none").embeddings.create(model=MODEL, input=["a cat"])
"""
import base64
import json
import os
import sys
import urllib.error
import urllib.request

SERVER = os.environ.get("SERVER", "http://127.0.0.1:8080")
SHADES = " .:-=+*#%@"


def ask(path, body):
    headers = {"Content-Type": "application/json"}
    if os.environ.get("TOKEN"):
        headers["Authorization"] = f"Bearer {os.environ['TOKEN']}"
    request = urllib.request.Request(SERVER + path, json.dumps(body).encode(), headers)
    try:
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        sys.exit(json.load(error)["detail"])


def main():
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    model, picture, *prompts = sys.argv[1:]
    with open(picture, "rb") as file:
        image = base64.b64encode(file.read()).decode()
    answer = ask("/v1/explain", {"model": model, "image": image, "prompts": prompts})
    rows, columns = answer["grid"]
    for found in answer["maps"]:
        prompt = answer["prompts"][found["prompt"]]
        print(f"{prompt['prompt']}: similarity {prompt['similarity']:.3f}{', absent' if prompt['absent'] else ''}")
        low, high = min(found["values"]), max(found["values"])
        for row in range(rows):
            values = found["values"][row * columns:(row + 1) * columns]
            print("  " + "".join(2 * SHADES[int((v - low) / (high - low or 1) * (len(SHADES) - 1))] for v in values))
    # From now on the picture is known by its id and its pass is kept: further prompts take a fraction of the time.
    again = ask("/v1/explain", {"model": model, "picture": answer["picture"], "prompts": prompts[:1]})
    print(f"first {answer['seconds']['picture']:.3f} s for the picture, then {again['seconds']['picture']:.3f} s")


if __name__ == "__main__":
    main()
