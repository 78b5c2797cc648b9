#!/usr/bin/env python3
"""Prints the SBOM of a built zoo, SPDX 2.3 as JSON: everything in the binary or linked with it, with versions and licences.

    sbom.py BINARY SYSTEM       with ZOO_VERSION and SOURCE_DATE_EPOCH in the environment

The parts and their licences come from Licences/README.md; versions come from Package.swift, the compiler and dpkg. Fails if the
binary is linked with a library that is not in the tables.
"""
import datetime
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def run(*call):
    return subprocess.run(call, check=True, capture_output=True, text=True).stdout


def table(title):
    """The rows of the table below a heading of Licences/README.md."""
    section = (ROOT / "Licences/README.md").read_text().split(f"## {title}\n")[1].split("\n## ")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if line.startswith("|")]
    return rows[2:]


def packages_of(files):
    """Debian's packages of shared libraries as name and version, by file; empty on other systems."""
    if not shutil.which("dpkg-query"):
        return {}
    found = {}
    for file, path in files.items():
        for candidate in (path, os.path.realpath(path), path.removeprefix("/usr"), "/usr" + path):
            owners = subprocess.run(["dpkg-query", "-S", candidate], capture_output=True, text=True).stdout.splitlines()
            owners = [line for line in owners if not line.startswith("diversion by ")]
            if owners:
                name = owners[0].split(": ")[0].split(",")[0]
                found[file] = run("dpkg-query", "-W", "-f", "${Package} ${Version}", name).split()
                break
    return found


def spdx_id(name):
    return "SPDXRef-" + re.sub(r"[^A-Za-z0-9.]+", "-", name).strip("-")


def entry(name, version, licence, **more):
    return {"SPDXID": spdx_id(name), "name": name, "versionInfo": version or "NOASSERTION", "licenseDeclared": licence,
            "licenseConcluded": licence, "copyrightText": "NOASSERTION", "downloadLocation": "NOASSERTION",
            "filesAnalyzed": False, **more}


def carried():
    """What is in the binary."""
    manifest = (ROOT / "Package.swift").read_text()
    pinned = {url.split("/")[-1]: (url, version)
              for url, version in re.findall(r'\.package\(url: "(.*?)", exact: "(.*?)"\)', manifest)}
    compiler = re.search(r"Swift version (\S+)", run(os.environ.get("SWIFT", "swift"), "--version")).group(1)
    for what, version, licence, text in table("In the binary"):
        name = re.sub(r" \(.*", "", what)
        if name in pinned:
            url, version = pinned.pop(name)
            yield entry(name, version, licence, downloadLocation=f"git+{url}@{version}",
                        externalRefs=[{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
                                       "referenceLocator": f"pkg:swift/{url.removeprefix('https://')}@{version}"}])
        else:
            yield entry(what, compiler if version == "swift --version" else version, licence, comment=f"Licence: {text}")
    if pinned:
        sys.exit(f"Licences/README.md does not have {', '.join(pinned)}")


def linked(binary, system):
    """What the system's loader adds, with the package that provides it here."""
    needed = re.findall(r"\(NEEDED\).*\[(.*)\]", run("readelf", "-d", binary))
    paths = dict(re.findall(r"^\s*(\S+) => (/\S+)", run("ldd", binary), re.M))
    loader = re.search(r"^\s*(/\S*/(ld-linux\S*))", run("ldd", binary), re.M)
    if loader:
        paths[loader.group(2)] = loader.group(1)
    owners = packages_of({name: paths[name] for name in needed})
    rows = [(row, set(row[1].split(", "))) for row in table("Linked dynamically")]
    for name in needed:
        stem = re.sub(r"\.so.*", "", name)
        row = next((row for row, files in rows if stem in files), None)
        if row is None:
            sys.exit(f"the binary is linked with {name}, which Licences/README.md does not have")
        package, version = owners.get(name, (None, None))
        more = {"comment": f"{row[0]}, {name}"}
        if package:
            distribution = re.match(r"[a-z]+", system).group(0)
            more["externalRefs"] = [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
                                     "referenceLocator": f"pkg:deb/{distribution}/{package}@{version}"}]
        yield entry(package or name, version, row[3], **more)


def main():
    binary, system = sys.argv[1:]
    version = os.environ["ZOO_VERSION"]
    made = datetime.datetime.fromtimestamp(int(os.environ["SOURCE_DATE_EPOCH"]), datetime.timezone.utc)
    digest = hashlib.sha256(Path(binary).read_bytes()).hexdigest()
    zoo = entry("zoo", version, "Apache-2.0", packageFileName="bin/zoo",
                checksums=[{"algorithm": "SHA256", "checksumValue": digest}])
    inside = list(carried())
    outside = list({part["name"]: part for part in linked(binary, system)}.values())
    relations = [("SPDXRef-DOCUMENT", "DESCRIBES", zoo)] + [("SPDXRef-zoo", "CONTAINS", part) for part in inside] + [
        ("SPDXRef-zoo", "DYNAMIC_LINK", part) for part in outside]
    print(json.dumps({
        "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT", "name": f"zoo-{version}-{system}",
        "documentNamespace": f"urn:zoo:{version}:{digest}",
        "creationInfo": {"created": made.strftime("%Y-%m-%dT%H:%M:%SZ"), "creators": ["Tool: Tools/dist/sbom.py"]},
        "packages": [zoo] + inside + outside,
        "hasExtractedLicensingInfos": [
            {"licenseId": "LicenseRef-WordNet", "name": "WordNet License", "extractedText": (ROOT / "Licences/WordNet.txt").read_text()}],
        "relationships": [{"spdxElementId": a, "relationshipType": kind, "relatedSpdxElement": b["SPDXID"]} for a, kind, b in relations],
    }, indent=1))


main()
