#!/bin/sh
# Builds the guides and all public declarations as a static site, and counts undocumented declarations.
#   Tools/docs/docs.sh [--check] [OUTPUT]      with --check, no site is built
# Uses existing debug products: run a build first (make docs and make docs-check do).
set -eu
cd "$(dirname "$0")/../.."
check=
if [ "${1:-}" = --check ]; then
  check=1
  shift
fi
out=${1:-.build/docs}
swift=${SWIFT:-swift}
products=$($swift build --show-bin-path)
tools=$(dirname "$(readlink -f "$(command -v "$swift")")")
graphs=.build/symbol-graphs
rm -rf "$graphs"
mkdir -p "$graphs"

# Everything that `import Zoo` re-exports counts as Zoo's own.
modules=$(sed -n 's/^@_exported import //p' Sources/ZooLibrary/Zoo.swift | paste -sd, -)
set --
for map in Sources/System/*/module.modulemap Sources/C*/include "$products"/*.build/module.modulemap; do
  case $map in
    # These are built a second time for the tools that run during the build.
    *-tool.build/*) ;;
    */include) set -- "$@" -I "$map" ;;
    *) set -- "$@" -I "$(dirname "$map")" ;;
  esac
done
target=$($swift -print-target-info | sed -n 's/.*"triple" *: *"\([^"]*\)".*/\1/p' | head -1)
"$tools/swift-symbolgraph-extract" -module-name Zoo -I "$products/Modules" "$@" -target "$target" \
  -module-cache-path "$graphs/modules" -output-dir "$graphs" -minimum-access-level public -skip-synthesized-members \
  -omit-extension-block-symbols -experimental-allowed-reexported-modules="$modules"
rm -rf "$graphs/modules"

if [ -n "$check" ]; then
  exec python3 Tools/docs/undocumented.py "$graphs"
fi

rm -rf "$out"
"$tools/docc" convert Sources/ZooLibrary/Zoo.docc --additional-symbol-graph-dir "$graphs" --output-dir "$out" \
  --fallback-display-name Zoo --fallback-bundle-identifier zoo --fallback-default-module-kind 'Swift package' --warnings-as-errors \
  --transform-for-static-hosting ${DOCS_BASE_PATH:+--hosting-base-path "$DOCS_BASE_PATH"}
# The site's start page is that of the guides.
cat > "$out/index.html" <<'PAGE'
<!doctype html><meta charset="utf-8"><title>Zoo</title><meta http-equiv="refresh" content="0; url=documentation/zoo/">
<a href="documentation/zoo/">Zoo</a>
PAGE
echo "$out: serve it, as in 'python3 -m http.server -d $out'"
