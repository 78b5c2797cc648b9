#!/bin/sh
# Fuzzes the checkpoint readers with libFuzzer, one container after the other: FUZZ_SECONDS each (60 by default).
# Interesting inputs are collected in out/fuzz; failing inputs stay there as crash-*, timeout-* or oom-*.
set -eu
cd "$(dirname "$0")/.."
seconds=${FUZZ_SECONDS:-60}
ZOO_FUZZ=1 ${SWIFT:-swift} build -c release --sanitize=fuzzer --product fuzz-checkpoints --scratch-path .build-fuzz
export SWIFT_BACKTRACE=enable=no # a crash would hang in it
for container in safetensors npz torch; do
  corpus=out/fuzz/$container
  mkdir -p "$corpus"
  seeds="Tests/Golden/containers/$container Tests/Golden/hostile/$container"
  if [ "$container" = npz ]; then seeds="$seeds Tests/Golden/containers/npy Tests/Golden/hostile/npy"; fi
  # shellcheck disable=SC2086 # several folders
  .build-fuzz/release/fuzz-checkpoints "$corpus" $seeds -max_total_time="$seconds" -max_len=16384 -timeout=10 \
    -rss_limit_mb=1024 -malloc_limit_mb=300 -artifact_prefix=out/fuzz/ -print_final_stats=1 -verbosity=0 2>"$corpus.log" ||
    { tail -n 40 "$corpus.log"; exit 1; }
  echo "$container: $(sed -n 's/stat::number_of_executed_units: *//p' "$corpus.log") inputs in $seconds s," \
    "$(ls "$corpus" | wc -l) kept, peak $(sed -n 's/stat::peak_rss_mb: *//p' "$corpus.log") MB"
done
