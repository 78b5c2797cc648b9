#!/bin/sh
# formula.sh REPOSITORY ARCHIVE: prints the Homebrew formula for this version, whose source archive is ARCHIVE.
set -eu
digest=$(sha256sum "$2" | cut -d ' ' -f 1)
cd "$(dirname "$0")"
sed "s|@REPOSITORY@|$1|g; s|@VERSION@|$(./version.sh)|g; s|@SHA256@|$digest|g" zoo.rb.in
