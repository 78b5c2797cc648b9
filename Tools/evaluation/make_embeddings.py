#!/usr/bin/env python3
"""Makes Tests/Cases/embeddings/expected.json with open_clip: the outputs of the demo model's towers for four scenes and three prompts, in float64, and
its zero-shot heads for three names with OpenAI's templates.

    python3 -m venv venv && venv/bin/pip install open_clip_torch==3.3.0 pillow
    venv/bin/python Tools/evaluation/make_embeddings.py
"""
import json
import pathlib

import open_clip
import torch
from open_clip.zero_shot_metadata import OPENAI_IMAGENET_TEMPLATES, SIMPLE_IMAGENET_TEMPLATES
from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parents[2]
OUT = ROOT / "Tests/Cases/embeddings"
PICTURES = ["000.png", "001.png", "002.png", "003.png"]
PROMPTS = ["a photo of a panda", "a photo of a cactus", "two cats"]
NAMES = ["panda", "cactus", "hot air balloon"]


def main():
    model, transform = open_clip.create_model_from_pretrained(f"local-dir:{ROOT}/Examples/ViT-Ti-8-emoji")
    tokenizer = open_clip.get_tokenizer(f"local-dir:{ROOT}/Examples/ViT-Ti-8-emoji")
    model = model.double().eval()
    with torch.no_grad():
        pictures = torch.stack([transform(Image.open(ROOT / "Examples/eval/images" / p)) for p in PICTURES]).double()
        images = model.encode_image(pictures)
        texts = model.encode_text(tokenizer(PROMPTS))
        heads = {}
        for name, templates in (("openai", OPENAI_IMAGENET_TEMPLATES), ("openai-7", SIMPLE_IMAGENET_TEMPLATES)):
            head = open_clip.build_zero_shot_classifier(model, tokenizer, NAMES, templates, num_classes_per_batch=3)
            heads[name] = head.T.tolist()

    def rounded(values):
        return [[round(v, 9) for v in row] for row in values]

    OUT.mkdir(parents=True, exist_ok=True)
    expected = {
        "pictures": PICTURES, "images": rounded(images.tolist()), "prompts": PROMPTS, "texts": rounded(texts.tolist()),
        "names": NAMES, "heads": {name: rounded(head) for name, head in heads.items()},
    }
    (OUT / "expected.json").write_text(json.dumps(expected) + "\n")


if __name__ == "__main__":
    main()
