#!/bin/bash
# guest-files.sh FOLDER ZOO: the root of an emulated machine: busybox, zoo with its libraries, the demo model in /zoo/home.
set -euo pipefail
files=$1 zoo=$2 root=$(cd "$(dirname "$0")/../.." && pwd)
rm -rf "$files"
mkdir -p "$files"/{bin,dev,proc,sys,tmp,zoo}
cp /bin/busybox "$files/bin"
cp "$zoo" "$files/bin/zoo"
ln -s busybox "$files/bin/sh"
ldd "$zoo" | grep -o '/[^ ]*' | while read -r library; do
  mkdir -p "$files$(dirname "$library")"
  cp -L "$library" "$files$library"
done
ZOO_HOME=$files/zoo/home "$zoo" convert "$root/Examples/ViT-Ti-8-emoji" --quiet > /dev/null
