#!/bin/sh
# Prints the version: that of the tag (v0.2.0 is 0.2.0), with later commits as in 0.2.0+3.g1a2b3c4; otherwise that of Package.swift. In an archive
# made by git (`git archive`, downloads of a tag), describe.txt contains git's description.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)

described=""
if [ -e "$root/.git" ]; then
  described=$(git -C "$root" describe --tags --match 'v[0-9]*' --dirty 2>/dev/null || true)
else
  described=$(grep '^v[0-9]' "$root/Tools/dist/describe.txt" || true)
fi
if [ -n "$described" ]; then
  echo "$described" | sed 's/^v//; s/-\([0-9]*\)-g/+\1.g/; s/-dirty$/.dirty/'
else
  sed -n 's/^let version = .*?? "\(.*\)"$/\1/p' "$root/Package.swift"
fi
