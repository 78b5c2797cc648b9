#!/bin/bash
# Compiles the kernels for 64-bit ARM, runs them in qemu, and compares what they give with what this machine's kernels give.
# Needs clang and the Debian packages qemu-user, gcc-aarch64-linux-gnu and libc6-dev-arm64-cross.
set -euo pipefail
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=/usr/aarch64-linux-gnu
flags=(-O3 -std=c17 -ISources/CZooKernels/include -Wall -Werror)

clang "${flags[@]}" Sources/CZooKernels/*.c Tools/arm/kernels.c -lm -o "$work/here"
for file in Sources/CZooKernels/*.c Tools/arm/kernels.c; do
  clang --target=aarch64-linux-gnu --sysroot=$root -I$root/include "${flags[@]}" -c "$file" -o "$work/$(basename "$file" .c).o"
done
aarch64-linux-gnu-gcc "$work"/*.o -lm -o "$work/arm"

"$work/here" > "$work/expected"
qemu-aarch64 -L $root "$work/arm" "$work/expected"
