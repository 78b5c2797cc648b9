#!/usr/bin/env python3
"""Counts the public symbols of a symbol graph that have no doc comment, and names them:   undocumented.py FOLDER

What the compiler makes, and what a protocol of another module already documents (description, ==, hash, encode), is not asked for.
"""
import collections
import json
import pathlib
import sys

# Requirements of the standard library's protocols: their meaning is the protocol's.
KNOWN = {
    "description", "debugDescription", "rawValue", "hash(into:)", "encode(to:)", "init(from:)", "==(_:_:)", "<(_:_:)", "errorDescription",
}


def main():
    symbols = {}
    for file in sorted(pathlib.Path(sys.argv[1]).glob("Zoo*.symbols.json")):
        for symbol in json.loads(file.read_text())["symbols"]:
            symbols[symbol["identifier"]["precise"]] = symbol
    asked = [
        symbol for symbol in symbols.values()
        if "location" in symbol and symbol["names"]["title"].split(".")[-1] not in KNOWN
        and symbol["pathComponents"][-1] not in KNOWN
    ]
    bare = [symbol for symbol in asked if not symbol.get("docComment", {}).get("lines")]
    by_file = collections.defaultdict(list)
    for symbol in bare:
        by_file[symbol["location"]["uri"].split("/Sources/")[-1]].append(symbol)
    for file in sorted(by_file):
        for symbol in sorted(by_file[file], key=lambda symbol: symbol["location"]["position"]["line"]):
            line = symbol["location"]["position"]["line"] + 1
            print(f"Sources/{file}:{line}: {'.'.join(symbol['pathComponents'])} has no doc comment")
    print(f"{len(asked) - len(bare)} of {len(asked)} public symbols are documented")
    sys.exit(1 if bare else 0)


if __name__ == "__main__":
    main()
