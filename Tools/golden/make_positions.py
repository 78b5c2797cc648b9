#!/usr/bin/env python3
"""Makes Tests/Golden/positions: results for pictures of other sizes with models in Tests/Golden/models, by each ecosystem's own code.

    python3 -m venv venv
    venv/bin/pip install torch torchvision timm==1.0.31 transformers==5.23.0 scipy safetensors
    venv/bin/python Tools/golden/make_positions.py

* Hugging Face: `CLIPModel` and `SiglipModel` with `interpolate_pos_encoding=True`.
* big_vision: `scipy.ndimage.zoom(table, order=1)`, as its `resample_posemb` calls it, and the rest by `SiglipModel`, which
  is the same function of the same weights.
* Google's NPZ classifiers: timm's `VisionTransformer` of the other size, loaded by `load_pretrained` from the NPZ.

Numbers are computed in float64 and stored as float32; `f32_noise` and `atol` as in make_families.py.
"""
import copy
import json
import pathlib

import numpy as np
import scipy
import timm
import torch
import torch.nn.functional as F
import transformers
from timm.models.vision_transformer import VisionTransformer

from npz import save_npz

GOLDEN = pathlib.Path(__file__).resolve().parents[2] / "Tests" / "Golden"
OUT = GOLDEN / "positions"
PATCH = 8
# More and less than the 4 x 4 and 5 x 5 of the models, never square, and both in one.
GRIDS = [(6, 9), (3, 2), (7, 3)]


def hugging_face(folder):
    model = transformers.AutoModel.from_pretrained(GOLDEN / "models" / folder).eval()

    def run(picture, dtype):
        tower = copy.deepcopy(model).to(dtype)
        embeddings = tower.vision_model.embeddings
        tokens = picture.shape[-2] // PATCH * (picture.shape[-1] // PATCH)
        prefix = 1 if hasattr(embeddings, "class_embedding") else 0
        table = embeddings.interpolate_pos_encoding(
            torch.zeros(1, tokens + prefix, 1, dtype=dtype).expand(-1, -1, embeddings.embed_dim), *picture.shape[-2:])
        pooled = tower.vision_model(picture.to(dtype), interpolate_pos_encoding=True).pooler_output
        return table[0], (tower.visual_projection(pooled) if hasattr(tower, "visual_projection") else pooled)[0]

    return run


def big_vision(file, folder):
    table = np.load(GOLDEN / "models" / file)["params/img/pos_embedding"][0]
    model = transformers.AutoModel.from_pretrained(GOLDEN / "models" / folder).eval()
    side = round(len(table) ** 0.5)
    assert np.array_equal(table, model.vision_model.embeddings.position_embedding.weight.detach().numpy())

    def run(picture, dtype):
        grid = [size // PATCH for size in picture.shape[-2:]]
        square = table.reshape(side, side, -1).astype(np.float64 if dtype == torch.float64 else np.float32)
        zoomed = scipy.ndimage.zoom(square, (grid[0] / side, grid[1] / side, 1), order=1)
        assert list(zoomed.shape[:2]) == grid
        zoomed = torch.from_numpy(zoomed.reshape(grid[0] * grid[1], -1)).to(dtype)
        tower = copy.deepcopy(model.vision_model).to(dtype)
        tower.embeddings.position_embedding = torch.nn.Embedding.from_pretrained(zoomed)
        tower.embeddings.position_ids = torch.arange(len(zoomed))[None]
        return zoomed, tower(picture.to(dtype)).pooler_output[0]

    return run


def google(file):
    def run(picture, dtype):
        model = VisionTransformer(
            img_size=tuple(picture.shape[-2:]), patch_size=PATCH, embed_dim=56, depth=4, num_heads=4, num_classes=10)
        model.load_pretrained(str(GOLDEN / "models" / file))
        model = model.eval().to(dtype)
        return model.pos_embed[0], model(picture.to(dtype))[0]

    return run


CASES = {
    "transformers_clip": ("clip_gelu", "hf/model.safetensors", hugging_face("clip_gelu/checkpoints/hf")),
    "transformers_siglip": ("siglip", "hf/model.safetensors", hugging_face("siglip/checkpoints/hf")),
    "big_vision": ("siglip", "npz_stored/siglip.npz",
                   big_vision("siglip/checkpoints/npz_stored/siglip.npz", "siglip/checkpoints/hf")),
    "google_vit": ("vit_classifier", "augreg_npz/vit.npz", google("vit_classifier/checkpoints/augreg_npz/vit.npz")),
}


@torch.no_grad()
def main():
    g = torch.Generator().manual_seed(5)
    siglip = np.load(GOLDEN / "models" / "siglip/checkpoints/npz_stored/siglip.npz")
    arrays, cases = {"siglip.table": siglip["params/img/pos_embedding"][0]}, []
    for rows, columns in GRIDS:
        size = (rows * PATCH, columns * PATCH)
        picture = F.interpolate(torch.randn(1, 3, 5, 5, generator=g), size=size, mode="bicubic")
        arrays[f"picture.{rows}x{columns}"] = (picture + 0.3 * torch.randn(picture.shape, generator=g))[0].numpy()
    for name, (model, checkpoint, run) in CASES.items():
        facts = {}
        for rows, columns in GRIDS:
            picture = torch.from_numpy(arrays[f"picture.{rows}x{columns}"])[None]
            for part, wide, narrow in zip(("table", "embedding"), run(picture, torch.float64), run(picture, torch.float32)):
                wide, narrow = wide.double().numpy(), narrow.double().numpy()
                noise, largest = float(np.abs(wide - narrow).max()), float(np.abs(wide).max())
                assert np.isfinite(wide).all() and largest > 0
                key = f"{name}.{rows}x{columns}.{part}"
                arrays[key] = wide.astype(np.float32)
                facts[key] = dict(shape=list(wide.shape), max_abs=largest, f32_noise=noise,
                                  atol=max(20 * noise, 4e-6 * largest, 1e-9))
        cases.append(dict(name=name, model=model, checkpoint=checkpoint, expected=facts))
    # A different method gives a different result, far beyond the tolerance.
    for key, facts in cases[1]["expected"].items():
        assert np.abs(arrays[key] - arrays[key.replace(cases[1]["name"], "big_vision")]).max() > 100 * facts["atol"]
    OUT.mkdir(parents=True, exist_ok=True)
    save_npz(OUT / "positions.npz", arrays)
    versions = dict(timm=timm.__version__, transformers=transformers.__version__, scipy=scipy.__version__,
                    torch=torch.__version__.split("+")[0])
    (OUT / "case.json").write_text(json.dumps(dict(made_with=versions, cases=cases), indent=1) + "\n")


if __name__ == "__main__":
    main()
