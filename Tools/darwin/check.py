#!/usr/bin/env python3
"""Type-checks the code for macOS on Linux: the branches of canImport(Darwin), Accelerate, CryptoKit and CoreGraphics, and those that are not os(Linux).

    Tools/darwin/check.py        after a build: it needs the modules of NIO and the argument parser in .build/debug or .build/release

Apple's SDK is not available, so stubs/ declares what those branches use, from Apple's documentation: Swift is checked against these on this machine's C
library, C with __APPLE__ instead of __linux__. This finds what would not compile (names, types, availability of imports); it runs nothing.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
STUBS = Path(__file__).resolve().parent / "stubs"
# What Linux has and macOS does not.
CONDITIONS = [
    (r"os\(Linux\)", "os(WASI)"), (r"canImport\((Glibc|Musl|FoundationNetworking)\)", r"canImport(no\1)"),
    # On macOS, Foundation has URLSession and re-exports the C library.
    (r"(?m)^import Foundation$", "import Foundation; import FoundationNetworking; import Darwin")]
TARGET = re.compile(r"\.(?:executableT|t)arget\(\s*name: \"(\w+)\"(.*?)(?=\n    \.|\n  \])", re.S)


def targets():
    """The Swift targets of the manifest in the order in which they build, with their folders."""
    manifest = (ROOT / "Package.swift").read_text()
    found = {}
    for name, rest in TARGET.findall(manifest):
        path = re.search(r'path: "(.*?)"', rest)
        folder = ROOT / (path.group(1) if path else f"Sources/{name}")
        if name.startswith(("Zoo", "zoo")) and not folder.is_relative_to(ROOT / "Tests"):
            found[name] = (folder, set(re.findall(r'"(Zoo\w+)"', rest)))
    done = []
    while len(done) < len(found):
        done += [name for name, (_, needs) in found.items() if name not in done and needs <= set(done)]
    return [(name, found[name][0]) for name in done]


def swift_files(folder, name, work):
    """Copies of a target's files with macOS's conditions."""
    files = []
    for file in sorted(folder.rglob("*.swift")):
        text = file.read_text()
        for pattern, replacement in CONDITIONS:
            text = re.sub(pattern, replacement, text)
        copy = work / name / file.relative_to(folder)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(f'#sourceLocation(file: "{file.relative_to(ROOT)}", line: 1)\n' + text)
        files.append(copy)
    if name == "ZooManifests":
        files += ROOT.glob(".build/plugins/outputs/*/ZooManifests/**/EmbeddedManifests.swift")
    return files


def module_maps(work):
    """Options for the C modules of this package, and of the packages that it needs."""
    options = []
    for include in sorted((ROOT / "Sources").glob("*/include")):
        name = include.parent.name
        (work / f"{name}.modulemap").write_text(f'module {name} {{ umbrella "{include}" export * }}\n')
        options += ["-Xcc", f"-fmodule-map-file={work / name}.modulemap"]
    for folder in sorted((ROOT / "Sources/System").iterdir()):
        options += ["-Xcc", f"-fmodule-map-file={folder / 'module.modulemap'}"]
    return options


def packages():
    """Options for the modules of other packages, as they were built for this machine."""
    built = next((build for kind in ("debug", "release") if (build := ROOT / ".build" / kind).joinpath("Modules/NIOHTTP1.swiftmodule").exists()), None)
    if built is None:
        sys.exit("There are no modules of NIO: run 'swift build --product zoo' first.")
    options = ["-I", str(built / "Modules")]
    maps = [*built.glob("C*.build/module.modulemap"), *ROOT.glob(".build/checkouts/*/Sources/*/include/module.modulemap")]
    for file in maps:
        if "Zoo" not in file.parent.name and not (ROOT / "Sources" / file.parent.name.removesuffix(".build")).exists():
            options += ["-Xcc", f"-fmodule-map-file={file}"]
    return options


def run(title, call):
    result = subprocess.run(call, capture_output=True, text=True, cwd=ROOT)
    lines = [line for line in (result.stdout + result.stderr).splitlines() if "error:" in line]
    print(f"{'ok ' if result.returncode == 0 else 'BAD'} {title}", flush=True)
    if result.returncode != 0:
        print("\n".join(line for line in dict.fromkeys(lines) if not line.lstrip().startswith("|")) or result.stderr, flush=True)
    return result.returncode == 0


def main():
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        common = ["swiftc", "-swift-version", "6", "-package-name", "zoo", "-emit-module", "-parse-as-library", "-suppress-warnings",
                  "-module-cache-path", str(work / "cache"), "-I", str(work)]
        good = True
        for stub in ("Darwin", "Accelerate", "CryptoKit", "CoreGraphics"):
            good &= run(f"{stub} (stub)", common + ["-module-name", stub, "-o", str(work / f"{stub}.swiftmodule"), str(STUBS / f"{stub}.swift")])
        maps = module_maps(work)
        other = packages()
        for name, path in targets():
            files = swift_files(path, name, work / "sources")
            options = maps + (other if name in ("ZooServer", "ZooCommand") else [])
            good &= run(name, common + options + ["-module-name", name, "-o", str(work / f"{name}.swiftmodule")] + [str(file) for file in files])
        for file in sorted((ROOT / "Sources").glob("C*/*.c")):
            standard = "-std=c23" if file.parent.name in ("CPage", "CVocabulary") else "-std=gnu17"
            good &= run(str(file.relative_to(ROOT)), [
                "clang", "-fsyntax-only", standard, "-Werror=implicit-function-declaration", "-U__linux__", "-D__APPLE__", "-DZOO_VERSION=\"\"", "-include", str(STUBS / "darwin.h"),
                "-I", str(file.parent / "include"), *("-I" + str(other_include) for other_include in (ROOT / "Sources").glob("*/include")), str(file)])
    sys.exit(0 if good else 1)


main()
