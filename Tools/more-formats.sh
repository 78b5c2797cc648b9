#!/bin/sh
# Prints the build option for GIF, TIFF, HEIC and AVIF pictures if their libraries are installed; otherwise nothing.
set -eu

pkg-config --exists libtiff-4 libheif libde265 libavif 2>/dev/null || exit 0
# giflib has no pkg-config file of its own.
printf '#include <stdio.h>\n#include <gif_lib.h>\n' |
  cc $(pkg-config --cflags libtiff-4) -E - >/dev/null 2>&1 || exit 0
echo "--traits default,MoreFormats"
