#!/bin/sh
# Installs missing libraries that the build needs, and Pango with its font, which draw the text of sheets.
# With --all also optional libraries: for GIF, TIFF, HEIC and AVIF pictures, and MATLAB files. With --arm instead what
# `make test-arm` needs.
set -eu

packages="pkg-config libz-dev libssl-dev libopenblas-dev libdnnl-dev libjpeg-dev libpng-dev libwebp-dev libcurl-dev
libpangocairo-1.0-0 fonts-dejavu-core"
formulas="pkg-config jpeg-turbo libpng webp pango"
if [ "${1:-}" = --all ]; then
  packages="$packages libgif-dev libtiff-dev libheif-dev libde265-dev libavif-dev libhdf5-dev"
  formulas="$formulas giflib libtiff libheif libde265 libavif hdf5"
elif [ "${1:-}" = --arm ]; then
  packages="qemu-user gcc-aarch64-linux-gnu libc6-dev-arm64-cross"
  formulas=""
fi

if [ "$(uname)" = Darwin ]; then
  missing=""
  for name in $formulas; do
    brew list --formula "$name" >/dev/null 2>&1 || missing="$missing $name"
  done
  [ -z "$missing" ] || { echo "Install these first: brew install$missing" >&2; exit 1; }
  exit 0
fi

# A virtual package such as libz-dev counts as installed if an installed package provides it.
installed() {
  dpkg-query -W -f '${db:Status-Status} ${Package} ${Provides}\n' 2>/dev/null |
    grep '^installed ' | tr ',' ' ' | grep -qE "(^| )$1( |\$|:)"
}

if ! command -v dpkg-query >/dev/null 2>&1; then
  for module in zlib libcrypto libcurl openblas libjpeg libpng libwebp; do
    pkg-config --exists "$module" 2>/dev/null && continue
    echo "This is no Debian: install the development files of zlib, OpenSSL, curl, OpenBLAS, libjpeg-turbo, libpng" >&2
    echo "and libwebp, and Pango with the DejaVu fonts, with your package manager ('$module' is missing)." >&2
    exit 1
  done
  exit 0
fi

missing=""
for name in $packages; do
  installed "$name" || missing="$missing $name"
done
[ -n "$missing" ] || exit 0
missing=$(echo "$missing" | sed 's/libcurl-dev/libcurl4-openssl-dev/') # the others have one provider

echo "Installing$missing"
as_root=""
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null 2>&1 || {
    echo "Not root, and there is no sudo. As root, run: apt-get install$missing" >&2
    exit 1
  }
  as_root=sudo
fi
$as_root apt-get update -qq
# shellcheck disable=SC2086
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing
