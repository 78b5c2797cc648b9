#!/bin/bash
# Compares the public interface of the product Zoo, one declaration per line, with Tools/api/public.txt, and that file with the last tag's.
#
#   Tools/api/check.sh            after a debug build; exits with 1 if the interface differs from the recorded one
#   Tools/api/check.sh --update   records it
#
# Removing what a release had breaks its users: such lines are printed, and must be named in CHANGELOG.md before the next tag.
set -euo pipefail
cd "$(dirname "$0")/../.."
build=$(swift build --show-bin-path)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The modules that the product exports.
modules=$(sed -n 's/^@_exported import //p' Sources/ZooLibrary/*.swift)
options=(-I "$build/Modules" -target "$(swift -print-target-info | sed -n 's/.*"triple": "\(.*\)",.*/\1/p' | head -1)")
for map in Sources/System/*/module.modulemap "$build"/C*.build/module.modulemap; do
  # Modules of the build's own tools.
  case $map in *-tool.build/*) continue ;; esac
  options+=(-Xcc "-fmodule-map-file=$map")
done
for module in Zoo $modules; do
  swift symbolgraph-extract -module-name "$module" "${options[@]}" -output-dir "$work" -minimum-access-level public -skip-synthesized-members
done
swiftc -o "$work/list" Tools/api/list.swift
"$work/list" "$work" > "$work/public.txt"

if [ "${1:-}" = --update ]; then cp "$work/public.txt" Tools/api/public.txt; fi
if grep -n 'Unsafe' "$work/public.txt"; then
  echo "Pointers are not for users of the library: these are to be package." >&2
  exit 1
fi
if ! diff -u Tools/api/public.txt "$work/public.txt"; then
  echo "The public interface has changed: if that is wanted, 'Tools/api/check.sh --update' writes it down." >&2
  exit 1
fi
tag=$(git describe --tags --abbrev=0 2>/dev/null || true)
if [ -n "$tag" ] && git show "$tag:Tools/api/public.txt" > "$work/tag.txt" 2>/dev/null; then
  broken=$(comm -23 <(LC_ALL=C sort "$work/tag.txt") <(LC_ALL=C sort "$work/public.txt"))
  if [ -n "$broken" ]; then
    printf 'Of the interface of %s there is no more:\n%s\n' "$tag" "$broken"
  fi
fi
