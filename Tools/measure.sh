#!/bin/bash
# Full-size figures for the README: conversion against cp, then explaining, with peak memory. Random weights, seed 1.
#   Tools/measure.sh [ARCHITECTURE:TAG ...]
set -euo pipefail
zoo=${ZOO:-.build/release/zoo}
unset OPENBLAS_CORETYPE OPENBLAS_L2_SIZE
folder=$(mktemp -d "${TMPDIR:-/tmp}/zoo-measure.XXXXXX")
trap 'rm -rf "$folder"' EXIT
export ZOO_HOME=$folder/zoo
models=("$@")
[ ${#models[@]} -gt 0 ] || models=(ViT-B-16:laion2b_s34b_b88k ViT-H-14:laion2b_s32b_b79k)

# Seconds and peak resident MB of a command, its output thrown away.
timed() {
  python3 - "$@" <<'P'
import os, subprocess, sys, time
start = time.perf_counter()
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
status, usage = os.wait4(process.pid, 0)[1:]
print(f"{time.perf_counter() - start:.2f} s, peak {usage.ru_maxrss / 1000:.0f} MB" + ("" if status == 0 else f" FAILED {status}"))
P
}

for model in "${models[@]}"; do
  file=$folder/${model/:/-}.safetensors
  "$zoo" bench "${model%%:*}" --write-checkpoint "$file" --quiet > /dev/null
  cat "$file" > /dev/null
  echo "$model  cp            $(timed sh -c "cp '$file' '$folder/copy' && sync '$folder/copy'")"
  rm -f "$folder/copy"
  echo "$model  convert --no-probe $(timed "$zoo" convert "$file" --quiet --no-probe)"
  "$zoo" rm "$model" > /dev/null
  sync
  echo "$model  convert       $(timed "$zoo" convert "$file" --quiet)"
  for precision in f32 bf16; do
    echo "$model  explain $precision, new prompt    $(timed "$zoo" explain "$model" Examples/examples/scene1.jpg -p "a photo of a cat" --precision $precision -o "$folder/out")"
    echo "$model  explain $precision, cached prompt $(timed "$zoo" explain "$model" Examples/examples/scene1.jpg -p "a photo of a cat" --precision $precision -o "$folder/out")"
  done
  rm -f "$file"
done
echo "zoo list  $(timed "$zoo" list)"
