#!/usr/bin/env python3
"""Makes Tests/Golden/families/siglip2_hf: a small random Siglip2Model (NaFlex) of transformers, and what it computes for square pictures.

    venv/bin/pip install torch transformers==5.24.0 safetensors
    venv/bin/python Tools/golden/make_siglip2.py

The position table is 3 x 3 and a square picture becomes 5 x 5 patches, so that nothing has the table's grid. Pixels go through the processor's own
cutting into patches. Tolerances as in make_families.py.
"""
import copy
import json
import math

import numpy as np
import torch
import torch.nn.functional as F
import transformers
from transformers import Siglip2Config, Siglip2Model
from transformers.models.siglip2.image_processing_pil_siglip2 import convert_image_to_patches

from make_families import OUT
from npz import save_npz

PATCH, GRID, VOCABULARY, CONTEXT = 8, 5, 64, 12


def model():
    towers = dict(num_hidden_layers=2, num_attention_heads=3, hidden_size=48, intermediate_size=96)
    config = Siglip2Config(
        text_config=dict(towers, vocab_size=VOCABULARY, max_position_embeddings=CONTEXT, projection_size=48, pad_token_id=1,
                         eos_token_id=1, bos_token_id=2),
        vision_config=dict(towers, patch_size=PATCH, num_patches=9))
    model = Siglip2Model(config).eval()
    g = torch.Generator().manual_seed(7)
    for name, p in model.named_parameters():
        leaf = name.split(".")[-1]
        if name == "logit_scale":
            value = torch.full(p.shape, math.log(20.0))
        elif "norm" in name and leaf == "weight":
            value = 0.6 + 0.8 * torch.rand(p.shape, generator=g)
        elif p.ndim == 2 and "embedding.weight" not in name:
            value = 1.2 * torch.randn(p.shape, generator=g) / math.sqrt(p.shape[1])
        else:
            value = (0.5 if "embed" in name or "probe" in name else 0.15) * torch.randn(p.shape, generator=g)
        with torch.no_grad():
            p.copy_(value)
    return model


def compute(model, pixels, ids, dtype):
    model = copy.deepcopy(model).to(dtype)
    patches = torch.stack([torch.from_numpy(convert_image_to_patches(p, PATCH)) for p in pixels.numpy()]).to(dtype)
    pictures = dict(pixel_values=patches, spatial_shapes=torch.tensor([[GRID, GRID]] * len(pixels)),
                    pixel_attention_mask=torch.ones(patches.shape[:2], dtype=torch.int64))
    with torch.no_grad():
        logits = model(input_ids=ids, **pictures).logits_per_image
        vision = model.vision_model(**pictures, output_hidden_states=True)
        # The model's own output has these with norm 1.
        images, texts = vision.pooler_output, model.text_model(input_ids=ids).pooler_output
    found = dict(image_embeddings=images, text_embeddings=texts, logits=logits,
                 image_embeddings_norm=F.normalize(images, dim=-1), text_embeddings_norm=F.normalize(texts, dim=-1),
                 logit_scale_exp=model.logit_scale.exp()[0], logit_bias=model.logit_bias[0])
    for layer, z in enumerate(vision.hidden_states[1:3]):
        found[f"image0.block{layer}"] = z[0]
    found["image0.tokens_in"] = vision.hidden_states[0][0]
    return {key: value.detach().double().numpy() for key, value in found.items()}


def make():
    net = model()
    g = torch.Generator().manual_seed(8)
    pixels = F.interpolate(torch.randn(2, 3, 5, 5, generator=g), size=(GRID * PATCH,) * 2, mode="bicubic")
    pixels = (pixels + 0.3 * torch.randn(pixels.shape, generator=g)).contiguous()
    ids = torch.randint(3, VOCABULARY, (6, CONTEXT), generator=g)
    for row, length in enumerate((3, 5, 8, 12, 4, 7)):
        ids[row, length:] = 1
    wide, narrow = compute(net, pixels, ids, torch.float64), compute(net, pixels, ids, torch.float32)
    folder = OUT / "siglip2_hf"
    (folder / "expected").mkdir(parents=True, exist_ok=True)
    checkpoint = folder / "checkpoints" / "hf"
    net.save_pretrained(checkpoint)
    processor = dict(image_processor_type="Siglip2ImageProcessor", do_normalize=True, image_mean=[0.5] * 3, image_std=[0.5] * 3,
                     # One more than a square needs: the grid stays 5 x 5.
                     max_num_patches=GRID * GRID + 1, patch_size=PATCH, resample=2)
    (checkpoint / "preprocessor_config.json").write_text(json.dumps(processor, indent=1) + "\n")
    arrays, facts = {}, {}
    for key, value in wide.items():
        noise, largest = float(np.abs(value - narrow[key]).max()), float(np.abs(value).max())
        arrays[key] = value.astype(np.float32)
        facts[key] = dict(shape=list(value.shape), dtype="float32", max_abs=largest, f32_noise=noise,
                          atol=max(20 * noise, 4e-6 * largest, 1e-9))
    arrays["pixel_values"], arrays["token_ids"] = pixels.numpy(), ids.numpy()
    save_npz(folder / "expected" / "forward.npz", arrays)
    case = dict(case="siglip2_hf", family="Siglip2Model", seed=7,
                made_with=dict(transformers=transformers.__version__, torch=torch.__version__.split("+")[0]),
                checkpoints=[dict(path="checkpoints/hf/model.safetensors", container="safetensors", dtype="F32",
                                  expected="forward.npz")], expected={"forward.npz": facts})
    (folder / "case.json").write_text(json.dumps(case, indent=1) + "\n")


if __name__ == "__main__":
    make()
