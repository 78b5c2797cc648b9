#!/usr/bin/env python3
"""Copies Foundation's ICU with the part of its data that zoo needs: 34 MB of it are names and rules of 800 locales.

    icu_data.py TOOLCHAIN_LIBRARY OUT.a       such as /opt/swift/usr/lib/swift_static/linux/lib_FoundationICU.a

The copy is linked instead of the library. In every locale, dates and numbers are then as in English, which is
how zoo prints them anyway. The format is that of ICU's ucmndata.h: a header, the number of entries, for each the offsets of its name and its data.
"""
import re
import shutil
import struct
import subprocess
import sys
from pathlib import Path

LOCALES = {"root", "en", "en_001", "en_US", "en_US_POSIX"}
# All folders except transliteration and spelled-out numbers: Foundation traps if a formatter finds no currency names, for example.
FOLDERS = {"brkitr", "coll", "curr", "lang", "region", "unit", "zone"}
DROPPED = {"unames.icu", "confusables.cfu"}


def is_kept(name):
    """Whether zoo may need an entry, such as "icudt76l/zone/de.res"."""
    *folder, file = name.split("/")[1:]
    stem, ending = file.rsplit(".", 1)
    if file in DROPPED or ending in ("cnv", "dict") or (folder and folder[0] not in FOLDERS):
        return False
    is_locale = ending == "res" and re.fullmatch(r"[a-z]{2,3}(_\w+)?|root", stem)
    return stem in LOCALES if is_locale else True


def filtered(data):
    """A package of ICU's data with the entries that are kept."""
    start, magic = struct.unpack_from("<HH", data)
    if magic != 0x27DA or data[12:16] != b"CmnD":
        sys.exit("the library's data are not a package of ICU's in its format")
    (count,) = struct.unpack_from("<I", data, start)
    entries = [struct.unpack_from("<II", data, start + 4 + 8 * i) for i in range(count)]
    kept = []
    for (name, begin), (_, end) in zip(entries, entries[1:] + [(0, len(data) - start)]):
        text = data[start + name:data.index(b"\0", start + name)]
        if is_kept(text.decode()):
            kept.append((text, data[start + begin:start + end]))
    names, table, contents = b"", b"", b""
    names_start = 4 + 8 * len(kept)
    contents_start = (names_start + sum(len(name) + 1 for name, _ in kept) + 15) // 16 * 16
    for name, content in kept:
        table += struct.pack("<II", names_start + len(names), contents_start + len(contents))
        names += name + b"\0"
        contents += content + bytes(-len(content) % 16)
    head = struct.pack("<I", len(kept)) + table + names
    return data[:start] + head.ljust(contents_start, b"\0") + contents


def main():
    library, target = Path(sys.argv[1]), Path(sys.argv[2])
    member, work = "icu_packaged_data.cpp.o", target.parent
    work.mkdir(parents=True, exist_ok=True)
    object_file, blob = work / member, work / "data.dat"
    object_file.write_bytes(subprocess.run(["ar", "p", library, member], check=True, capture_output=True).stdout)
    symbols = subprocess.run(["nm", object_file], check=True, capture_output=True, text=True).stdout.split()
    symbol = next(name for name in symbols if re.fullmatch(r"icudt\d+_dat", name))
    subprocess.run(["objcopy", "-O", "binary", "--only-section=.rodata", object_file, blob], check=True)
    whole = blob.read_bytes()
    part = filtered(whole)
    blob.write_bytes(part)
    source = (f'.section .rodata\n.globl {symbol}\n.type {symbol}, %object\n.balign 16\n{symbol}:\n.incbin "{blob}"\n'
              f'.size {symbol}, . - {symbol}\n.section .note.GNU-stack,"",%progbits\n')
    subprocess.run(["clang", "-c", "-x", "assembler", "-", "-o", object_file], input=source.encode(), check=True)
    shutil.copyfile(library, target)
    subprocess.run(["ar", "rD", target, object_file], check=True)
    print(f"ICU's data: {len(part) / 1e6:.1f} of {len(whole) / 1e6:.1f} MB")


main()
