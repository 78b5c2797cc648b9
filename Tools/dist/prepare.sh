#!/bin/sh
# Installs, as root, what a fresh Debian needs beside the Swift toolchain to run `make dist`: Swift's dependencies and the packaging tools.
set -eu
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends ca-certificates git make binutils g++ libc6-dev libxml2 libcurl4 libedit2 \
  libsqlite3-0 libncurses6 python3 dpkg-dev libgif-dev libtiff-dev libheif-dev libde265-dev libavif-dev
