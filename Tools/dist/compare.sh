#!/bin/sh
# Compares what two folders of packages hold, byte by byte: out/dist and that of the same release in a root. Names what differs.
set -eu
cd "$(dirname "$0")/../.."
first=${1:-out/dist}
second=${2:-out/dist-$(. /etc/os-release && echo "$VERSION_CODENAME")}
differ=0
for file in "$first"/*; do
  if cmp -s "$file" "$second/$(basename "$file")"; then
    echo "the same: $(basename "$file")"
  else
    echo "DIFFERS: $(basename "$file")"
    differ=1
  fi
done
exit $differ
