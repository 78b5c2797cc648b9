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
run explain ViT-Ti-8-emoji Examples/examples/scene1.jpg \
  -p "a photo of a panda" -p "a photo of a kite" -p "a photo of a teapot" -p "a photo of a banana" -o "$out"
run explain ViT-Ti-8-emoji Examples/examples/scene1.jpg \
  -p "a photo of a panda" -p "a photo of a kite" -p "a photo of a teapot" -p "a photo of a banana" -o "$out" \
  --grid --layers-grid
echo
echo "The scene holds a panda, a kite and a teapot, and no banana. The pictures are in $out:"
ls "$out"
