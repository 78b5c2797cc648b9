#!/bin/sh
# Redraws the pictures in the guides:   Tools/docs/pictures.sh [ZOO]
set -eu
cd "$(dirname "$0")/../.."
zoo=${1:-.build/release/zoo}
out=Sources/ZooLibrary/Zoo.docc
ZOO_HOME=$(mktemp -d)
export ZOO_HOME
trap 'rm -rf "$ZOO_HOME"' EXIT
for model in ViT-Ti-8-emoji ViT-Ti-8-SigLIP-emoji; do
  "$zoo" convert "Examples/$model/open_clip_model.safetensors" --quiet >/dev/null
done
sheet() {
  name=$1
  shift
  "$zoo" explain "$@" --grid --no-overlays --tile 160 -o "$out/$name.png" >/dev/null
}
sheet absent ViT-Ti-8-emoji Examples/examples/scene1.jpg -p "a photo of a panda" -p "a photo of a kite" -p "a photo of a banana"
sheet methods ViT-Ti-8-emoji Examples/examples/scene1.jpg -p "a photo of a panda" --method legrad,gradcam,rollout
sheet uncorrected ViT-Ti-8-SigLIP-emoji Examples/examples/scene5.jpg -p "a photo of a guitar" --correct off
sheet corrected ViT-Ti-8-SigLIP-emoji Examples/examples/scene5.jpg -p "a photo of a guitar"
