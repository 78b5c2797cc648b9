#!/usr/bin/env python3
"""Makes the built-in names and templates, from open_clip and timm:

    python3 -m venv venv && venv/bin/pip install open_clip_torch==3.3.0 timm==1.0.31
    venv/bin/python Tools/evaluation/make_names.py map_clsloc.txt

class_names.tsv.gz   WordNet ids, names and numbers: ImageNet's 1000 classes in their order with the names that open_clip has (OpenAI's, MIT)
                     and their numbers in ILSVRC2012's devkit (its map_clsloc.txt), then all other ids of ImageNet with the first name
                     of their WordNet 3.0 synset
templates.txt        OpenAI's 80 templates for ImageNet, then an empty line, then the best 7 of them
"""
import gzip
import pathlib
import sys

import open_clip.zero_shot_metadata as metadata
import timm

OUT = pathlib.Path(__file__).resolve().parents[2] / "Sources/CVocabulary"


def main():
    info = pathlib.Path(timm.__file__).parent / "data/_info"
    ids = (info / "imagenet_synsets.txt").read_text().split()
    assert ids == sorted(ids) and len(ids) == len(metadata.IMAGENET_CLASSNAMES) == 1000
    names = dict(zip(ids, metadata.IMAGENET_CLASSNAMES))
    for line in (info / "imagenet_synset_to_lemma.txt").read_text().splitlines():
        synset, lemmas = line.split("\t")
        names.setdefault(synset, lemmas.split(",")[0].strip())
    numbers = dict(line.split()[:2] for line in pathlib.Path(sys.argv[1]).read_text().splitlines())
    assert sorted(numbers) == ids and sorted(map(int, numbers.values())) == list(range(1, 1001))
    rows = ([synset, name, numbers.get(synset)] for synset, name in names.items())
    table = "".join("\t".join(filter(None, row)) + "\n" for row in rows)
    (OUT / "class_names.tsv.gz").write_bytes(gzip.compress(table.encode(), 9, mtime=0))
    sets = [metadata.OPENAI_IMAGENET_TEMPLATES, metadata.SIMPLE_IMAGENET_TEMPLATES]
    (OUT / "templates.txt").write_text("\n".join("".join(f("{}") + "\n" for f in templates) for templates in sets))


if __name__ == "__main__":
    main()
