#!/bin/sh
# The main job on the demo checkpoint, with the ordinary commands.
set -eu
zoo=${ZOO:-.build/release/zoo}
out=out/demo

run() {
  echo
  echo "\$ zoo $*"
  "$zoo" "$@"
}

run convert Examples/ViT-Ti-8-emoji/open_clip_model.safetensors --force
run list --installed
run explain ViT-Ti-8-emoji Examples/examples/scene2.jpg \
  -p "a photo of a butterfly" -p "a photo of a bee" -p "a photo of a snail" -p "a photo of a banana" -o "$out"
run explain ViT-Ti-8-emoji Examples/examples/scene2.jpg \
  -p "a photo of a butterfly" -p "a photo of a bee" -p "a photo of a snail" -p "a photo of a banana" -o "$out" \
  --grid --layers-grid
echo
echo "The scene holds a butterfly, a bee and a snail (and a watermelon), and no banana. The pictures are in $out:"
ls "$out"
