#!/bin/bash
# Compiles the kernels for 64-bit ARM, runs them in qemu, and compares the results with those of this machine's kernels.
set -euo pipefail
cd "$(dirname "$0")/../.."
for tool in clang qemu-aarch64 aarch64-linux-gnu-gcc; do
  command -v $tool > /dev/null && continue
  echo "$tool is missing: clang comes with Swift, the others with" >&2
  echo "  apt-get install qemu-user gcc-aarch64-linux-gnu libc6-dev-arm64-cross" >&2
  exit 1
done
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
