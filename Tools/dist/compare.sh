#!/bin/sh
# compare.sh [FIRST SECOND]: lists the differences between two folders of packages, file by file and, for the binary, section by section; by
# default between out/dist and that of the same release built in a root.
set -eu
cd "$(dirname "$0")/../.."
first=${1:-out/dist}
second=${2:-out/dist-$(. /etc/os-release && echo "$VERSION_CODENAME")}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for side in first second; do
  mkdir "$work/$side"
  eval "tar -C '$work/$side' -xzf \"\$$side\"/zoo-*.tar.gz --strip-components 1"
done
echo "$(find "$work/first" -type f | wc -l) files"
(cd "$work" && diff -rq first second) && { echo "all are the same"; exit 0; }
readelf -SW "$work/first/bin/zoo" | sed -n 's/^ *\[ *[0-9]*\] \([^ ]*\) .*/\1/p' | while read -r section; do
  for side in first second; do objcopy -O binary --only-section="$section" "$work/$side/bin/zoo" "$work/$side.section" 2> /dev/null || : > "$work/$side.section"; done
  count=$(cmp -l "$work/first.section" "$work/second.section" | wc -l)
  [ "$count" = 0 ] || echo "bin/zoo, $section: $count bytes differ"
done
exit 1
