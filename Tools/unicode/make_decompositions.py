#!/usr/bin/env python3
"""Writes Sources/CVocabulary/decompositions.txt.gz: the decompositions of Unicode's normal forms.

    python3 -m venv .build/unicode
    .build/unicode/bin/pip install unicodedata2==16.0.0
    .build/unicode/bin/python Tools/unicode/make_decompositions.py

Each line begins with a scalar in hexadecimal: "= C A..." is its full canonical decomposition, "~ C A..." its compatibility decomposition if
that differs; "+ C A B" means that A and B compose to C. Hangul syllables are left out because they are computed.
"""
import gzip
from pathlib import Path

import unicodedata2 as unicode

TARGET = Path(__file__).resolve().parents[2] / "Sources/CVocabulary/decompositions.txt.gz"
SYLLABLES, SURROGATES = range(0xAC00, 0xD7A4), range(0xD800, 0xE000)


def row(kind, *texts):
    return f"{kind} " + " ".join(f"{ord(scalar):X}" for scalar in "".join(texts))


rows = []
for code in range(0x110000):
    if code in SYLLABLES or code in SURROGATES:
        continue
    scalar = chr(code)
    canonical, compatible = unicode.normalize("NFD", scalar), unicode.normalize("NFKD", scalar)
    if canonical != scalar:
        rows.append(row("=", scalar, canonical))
    if compatible != canonical:
        rows.append(row("~", scalar, compatible))
    parts = unicode.decomposition(scalar).split()
    if len(parts) == 2 and not parts[0].startswith("<") and unicode.normalize("NFC", scalar) == scalar:
        rows.append(row("+", scalar, *(chr(int(part, 16)) for part in parts)))
TARGET.write_bytes(gzip.compress(("\n".join(rows) + "\n").encode(), 9, mtime=0))
print(f"{len(rows)} rows of Unicode {unicode.unidata_version}, {TARGET.stat().st_size} bytes")
