"""Compares every field of every manifest with the configurations of open_clip, timm and transformers, and with those that authors of
other models published in open_clip's format (`authors.json`).

    python3 Tools/facts/check_facts.py WHEELS

WHEELS is a folder with the packages' wheels, as `make facts` fetches them from PyPI. They are parsed but never imported. The exit code is 0 if all
differences are explained in `explained.json`, and everything explained there differs. Fields that the sources do not
state are differences, too.
"""

import fnmatch
import json
import pathlib
import sys

import transformers_facts
from open_clip_facts import OpenCLIP
from reading import Wheel
from timm_tower import Timm

HERE = pathlib.Path(__file__).resolve().parent
MANIFESTS = HERE.parent.parent / "Manifests/models"
ABSENT = "(not stated)"


def leaves(value, path=""):
    """(path, value) of all fields; false, null or empty values count as absent."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, f"{path}.{key}" if path else key)
    elif value not in (None, False, [], "") and not (path.endswith("registers") and value == 0):
        yield path, value


def same(a, b):
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b))
    if isinstance(a, float) or isinstance(b, float):
        return isinstance(a, (int, float)) and isinstance(b, (int, float)) and abs(a - b) <= 1e-6 * max(abs(a), abs(b))
    return a == b


def differences(model, ours, theirs, source, partial=False):
    """One row for each field in which the two differ. A partial source is only compared in what it states."""
    ours, theirs = dict(leaves(ours)), dict(leaves(theirs))
    for field in sorted(ours.keys() | theirs.keys()):
        if partial and field not in theirs:
            continue
        a, b = ours.get(field, ABSENT), theirs.get(field, ABSENT)
        if not same(a, b):
            yield {"model": model, "field": field, "ours": a, "theirs": b, "source": source}


def weights(model, ours, theirs, source):
    ours = {w["tag"]: w for w in ours}
    for tag in sorted(ours.keys() | theirs.keys()):
        name = f"{model}:{tag}"
        if tag in ours and tag in theirs:
            yield from differences(name, ours[tag], theirs[tag], source)
        else:
            yield {"model": name, "field": "tag", "ours": tag if tag in ours else ABSENT,
                   "theirs": tag if tag in theirs else ABSENT, "source": source}


def verified(manifest, source):
    """The manifest must say which packages have its facts, and no other."""
    stated = (manifest.get("verified") or {}).get("facts", [])
    names = ["authors" if s.startswith("github.com/") else s.split()[0] for s in stated]
    if names != source:
        yield {"model": manifest["architecture"]["name"], "field": "verified.facts", "ours": names, "theirs": source, "source": ""}


def compare(folder):
    wheels = {w.name: w for w in (Wheel(path) for path in sorted(folder.glob("*.whl")))}
    for needed in ("open_clip_torch", "timm", "transformers"):
        if needed not in wheels:
            sys.exit(f"{folder} has no wheel of {needed}; run 'make facts'")
    timm = Timm(wheels["timm"])
    clip = OpenCLIP(wheels["open_clip_torch"], timm)
    print("sources: " + ", ".join(str(wheels[n]) for n in ("open_clip_torch", "timm", "transformers")))
    manifests = {p.stem: json.loads(p.read_text()) for p in sorted(MANIFESTS.glob("*.json"))}
    defaults = dict(transformers_facts.architectures(wheels["transformers"]))
    authors = {name: file for group in json.loads((HERE / "authors.json").read_text()) for name, file in group["models"].items()}
    rows = []
    for name, manifest in manifests.items():
        packages = []
        if name in clip.models:
            packages.append("open_clip_torch")
            rows += differences(name, manifest["architecture"], clip.architecture(name), "open_clip_torch")
            rows += weights(name, manifest["weights"], clip.weights(name), "open_clip_torch")
        if name in defaults:
            packages.append("transformers")
            rows += differences(name, manifest["architecture"], defaults[name], "transformers", partial=True)
        classifier = timm.classifier(name) if manifest["architecture"]["family"] == "vit_classifier" else None
        if classifier:
            packages.append("timm")
            rows += differences(name, manifest["architecture"], classifier[0], "timm")
            rows += weights(name, manifest["weights"], classifier[1], "timm")
        if manifest["architecture"]["family"] in ("dinov2", "tipsv2"):
            packages.append("timm")
            rows += differences(name, manifest["architecture"], timm.dinov2(name), "timm", partial=True)
        if name in authors:
            packages.append("authors")
            architecture, pictures = clip.authors(name, authors[name])
            rows += differences(name, manifest["architecture"], architecture, "authors")
            for w in manifest["weights"] if pictures else []:
                rows += differences(f"{name}:{w['tag']}", w["preprocessing"], pictures, "authors")
        if not packages:
            rows.append({"model": name, "field": "architecture", "ours": name, "theirs": ABSENT, "source": "any package"})
        rows += verified(manifest, packages)
    for name in sorted(authors.keys() - manifests.keys()):
        rows.append({"model": name, "field": "architecture", "ours": ABSENT, "theirs": name, "source": "authors"})
    for name in sorted(clip.models.keys() - manifests.keys()):
        rows.append({"model": name, "field": "architecture", "ours": ABSENT, "theirs": name, "source": "open_clip_torch"})
    return len(manifests), rows


def explains(reason, row):
    models = reason["model"] if isinstance(reason["model"], list) else [reason["model"]]
    return (
        any(fnmatch.fnmatchcase(row["model"], m) for m in models) and fnmatch.fnmatchcase(row["field"], reason["field"])
        and all(key not in reason or reason[key] == row[key] for key in ("ours", "theirs", "source"))
    )


def main():
    count, rows = compare(pathlib.Path(sys.argv[1]))
    reasons = json.loads((HERE / "explained.json").read_text())
    used, unexplained = set(), []
    for row in rows:
        found = next((i for i, reason in enumerate(reasons) if explains(reason, row)), None)
        if found is None:
            unexplained.append(row)
        else:
            used.add(found)
    for row in unexplained:
        print(f"{row['model']}  {row['field']}: here {row['ours']}, in {row['source']} {row['theirs']}")
    idle = [reason for i, reason in enumerate(reasons) if i not in used]
    for reason in idle:
        print(f"nothing differs by this any more: {reason['model']}  {reason['field']}: {reason['reason']}")
    print(f"{count} manifests, {len(rows)} differences, {len(rows) - len(unexplained)} of them explained, "
          f"{len(unexplained)} not; {len(idle)} explanations without a difference")
    sys.exit(1 if unexplained or idle else 0)


if __name__ == "__main__":
    main()
