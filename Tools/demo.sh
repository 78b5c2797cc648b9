#!/bin/sh
# Converts, lists and explains with the demo checkpoint, using the ordinary commands.
set -eu
zoo=${ZOO:-.build/release/zoo}
out=out/demo

# Prints a command so that it can be pasted, and runs it.
run() {
  echo
  printf '$ ZOO_HOME=%s %s' "${ZOO_HOME:-$HOME/.zoo}" "$zoo"
  for word; do
    case $word in
      *[!A-Za-z0-9_./:=-]*) printf ' "%s"' "$word" ;;
      *) printf ' %s' "$word" ;;
    esac
  done
  echo
  "$zoo" "$@"
}

run convert Examples/ViT-Ti-8-emoji/open_clip_model.safetensors --force
run list --installed
run explain ViT-Ti-8-emoji Examples/examples/scene2.jpg \
  -p "a photo of a butterfly" -p "a photo of a bee" -p "a photo of a snail" -p "a photo of a banana" -o "$out"
run explain ViT-Ti-8-emoji Examples/examples/scene2.jpg \
  -p "a photo of a butterfly" -p "a photo of a bee" -p "a photo of a snail" -p "a photo of a banana" -o "$out" \
  --grid --layers-grid --no-overlays
echo
echo "The scene holds a butterfly, a bee and a snail (and a watermelon), and no banana. The pictures are in $out:"
ls "$out"
