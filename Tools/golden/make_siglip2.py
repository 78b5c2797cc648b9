#!/usr/bin/env python3
"""Makes Tests/Golden/families/siglip2_hf: a small random Siglip2Model (NaFlex) of transformers, and its results for square pictures and,
in naflex.npz, for pictures of other shapes as prepared by its image processor (Pillow): sizes, pixels, positions, tokens, embeddings and LeGrad's maps. `checkpoints/npz` has the same weights under the names of big_vision's `naflex_vit`.

    venv/bin/pip install torch transformers==5.24.0 safetensors
    venv/bin/python Tools/golden/make_siglip2.py

The position table is 3 x 3 and a square picture becomes 5 x 5 patches, so no picture has the table's grid. Pixels are cut into patches by the processor's
own code. Tolerances as in make_families.py.
"""
import copy
import json
import math

import numpy as np
import torch
import torch.nn.functional as F
import transformers
from transformers import Siglip2Config, Siglip2Model
from transformers.models.siglip2.image_processing_pil_siglip2 import (
    Siglip2ImageProcessorPil, convert_image_to_patches, get_image_size_for_max_num_patches)

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


def pictures():
    """Small pictures of many shapes, as bytes."""
    g = np.random.default_rng(9)
    shapes = [(20, 50), (61, 17), (33, 33), (9, 200), (120, 90), (1, 40), (40, 40)]
    return [g.integers(0, 256, (height, width, 3), dtype=np.uint8) // 2 + np.arange(width, dtype=np.uint8)[None, :, None] % 120
            for height, width in shapes]


def naflex(net, processor, ids):
    """Everything in float64 and float32, the pictures in one padded batch."""
    images = pictures()
    batch = Siglip2ImageProcessorPil(**{k: v for k, v in processor.items() if k != "image_processor_type"})(
        images=images, return_tensors="pt", input_data_format="channels_last")
    grids = batch["spatial_shapes"].tolist()
    arrays = {"grids": np.array(grids, dtype=np.int64)}
    for index, (image, patches, (rows, columns)) in enumerate(zip(images, batch["pixel_values"], grids)):
        arrays[f"picture{index}"] = image
        pixels = patches[: rows * columns].reshape(rows, columns, PATCH, PATCH, 3).permute(4, 0, 2, 1, 3)
        arrays[f"picture{index}.pixels"] = pixels.reshape(3, rows * PATCH, columns * PATCH).contiguous().numpy()
    g = np.random.default_rng(10)
    sizes = [[int(v) for v in (g.integers(1, 3000), g.integers(1, 3000), g.choice([14, 16]), g.choice([64, 256, 576, 1024]))]
             for _ in range(300)] + [[1, 5000, 16, 256], [5000, 1, 16, 256], [1, 1, 16, 256], [512, 512, 16, 256], [384, 640, 16, 256]]
    arrays["sizes"] = np.array([s + list(get_image_size_for_max_num_patches(*s)) for s in sizes], dtype=np.int64)

    def maps(model, z, texts, norms, cosine, grid):
        """LeGrad of the pooler: the mean over heads of the positive gradients of the score at its attention, for one picture's tokens."""
        head, x = model.vision_model.head, model.vision_model.post_layernorm(z) if norms else z
        weights, biases = head.attention.in_proj_weight.chunk(3), head.attention.in_proj_bias.chunk(3)
        q, k, v = (F.linear(y, w, b).unflatten(-1, (head.num_heads, -1)).transpose(0, 1)
                   for y, w, b in zip((head.probe[0], x, x), weights, biases))
        p = (q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])).softmax(-1).detach().requires_grad_()
        y = head.attention.out_proj((p @ v).transpose(0, 1).flatten(1))
        e = (y + head.mlp(head.layernorm(y)))[0]
        scores = (F.normalize(e, dim=-1) if cosine else e) @ texts.T
        found = [torch.autograd.grad(s, p, retain_graph=True)[0] for s in scores]
        return torch.stack([g.clamp(min=0).mean((0, 1)).reshape(grid) for g in found])

    def compute(dtype):
        model, found = copy.deepcopy(net).to(dtype), {}
        inputs = dict(batch, pixel_values=batch["pixel_values"].to(dtype))
        with torch.no_grad():
            vision = model.vision_model(
                pixel_values=inputs["pixel_values"], pixel_attention_mask=inputs["pixel_attention_mask"],
                spatial_shapes=inputs["spatial_shapes"], output_hidden_states=True)
            table = model.vision_model.embeddings.position_embedding.weight
            side = math.isqrt(len(table))
            positions = model.vision_model.embeddings.resize_positional_embeddings(
                table.reshape(side, side, -1), inputs["spatial_shapes"], max_length=inputs["pixel_values"].shape[1])
        found["image_embeddings"] = vision.pooler_output
        for index, (rows, columns) in enumerate(grids):
            found[f"picture{index}.positions"] = positions[index, : rows * columns]
            for layer, z in enumerate(vision.hidden_states[:3]):
                found[f"picture{index}.block{layer - 1}"] = z[index, : rows * columns]
        with torch.no_grad():
            found["texts"] = texts = F.normalize(model.text_model(input_ids=ids[:2]).pooler_output, dim=-1)
        for index, grid in enumerate(grids):
            layers = [z[index, : grid[0] * grid[1]] for z in vision.hidden_states[1:3]]
            found[f"picture{index}.official"] = torch.stack([maps(model, z, texts, False, True, grid) for z in layers])
            found[f"picture{index}.paper"] = torch.stack([maps(model, z, texts, True, False, grid) for z in layers])
        return {key: value.detach().double().numpy() for key, value in found.items()}

    return arrays, compute(torch.float64), compute(torch.float32)


def tolerances(wide, narrow, arrays):
    """The facts about each array, which are stored separately."""
    facts = {}
    for key, value in wide.items():
        noise, largest = float(np.abs(value - narrow[key]).max()), float(np.abs(value).max())
        arrays[key] = value.astype(np.float32)
        facts[key] = dict(shape=list(value.shape), dtype="float32", max_abs=largest, f32_noise=noise,
                          atol=max(20 * noise, 4e-6 * largest, 1e-9))
    return facts


def big_vision(net):
    """The weights in flax's layout: kernels [in, out], heads separate."""
    state, arrays = {k: v.detach().numpy() for k, v in net.state_dict().items()}, {}
    heads = net.config.vision_config.num_attention_heads

    def dense(name, weight, bias):
        arrays[f"{name}/kernel"], arrays[f"{name}/bias"] = weight.T, bias

    def norm(name, source):
        arrays[f"{name}/scale"], arrays[f"{name}/bias"] = state[f"{source}.weight"], state[f"{source}.bias"]

    def attention(name, parts, out):
        for part, (weight, bias) in parts.items():
            arrays[f"{name}/{part}/kernel"] = weight.T.reshape(weight.shape[1], heads, -1)
            arrays[f"{name}/{part}/bias"] = bias.reshape(heads, -1)
        weight, bias = out
        arrays[f"{name}/out/kernel"], arrays[f"{name}/out/bias"] = weight.T.reshape(heads, -1, weight.shape[0]), bias

    pair = lambda source: (state[f"{source}.weight"], state[f"{source}.bias"])
    for tower, path in (("vision", "params/img/Transformer"), ("text", "params/txt/Encoder_0")):
        for layer in range(2):
            block, source = f"{path}/encoderblock_{layer}", f"{tower}_model.encoder.layers.{layer}"
            norm(f"{block}/LayerNorm_0", f"{source}.layer_norm1")
            norm(f"{block}/LayerNorm_1", f"{source}.layer_norm2")
            attention(f"{block}/MultiHeadDotProductAttention_0",
                      {part: pair(f"{source}.self_attn.{part[0]}_proj") for part in ("query", "key", "value")},
                      pair(f"{source}.self_attn.out_proj"))
            for index in (0, 1):
                dense(f"{block}/MlpBlock_0/Dense_{index}", *pair(f"{source}.mlp.fc{index + 1}"))
        norm(f"{path}/encoder_norm", f"{tower}_model." + ("post_layernorm" if tower == "vision" else "final_layer_norm"))
    dense("params/img/embedding", *pair("vision_model.embeddings.patch_embedding"))
    table = state["vision_model.embeddings.position_embedding.weight"]
    arrays["params/img/pos_embedding"] = table.reshape(math.isqrt(len(table)), -1, table.shape[1])
    head, source = "params/img/MAPHead_0", "vision_model.head"
    arrays[f"{head}/probe"] = state[f"{source}.probe"]
    weights, biases = (np.split(state[f"{source}.attention.in_proj_{kind}"], 3) for kind in ("weight", "bias"))
    attention(f"{head}/MultiHeadDotProductAttention_0",
              dict(zip(("query", "key", "value"), zip(weights, biases))), pair(f"{source}.attention.out_proj"))
    norm(f"{head}/LayerNorm_0", f"{source}.layernorm")
    for index in (0, 1):
        dense(f"{head}/MlpBlock_0/Dense_{index}", *pair(f"{source}.mlp.fc{index + 1}"))
    arrays["params/txt/Embed_0/embedding"] = state["text_model.embeddings.token_embedding.weight"]
    arrays["params/txt/pos_embedding"] = state["text_model.embeddings.position_embedding.weight"][None]
    dense("params/txt/head", *pair("text_model.head"))
    arrays["params/t"], arrays["params/b"] = state["logit_scale"], state["logit_bias"]
    assert sum(a.size for a in arrays.values()) == sum(p.numel() for p in net.parameters())
    return {name: np.ascontiguousarray(array) for name, array in arrays.items()}


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
    (folder / "checkpoints" / "npz").mkdir(exist_ok=True)
    save_npz(folder / "checkpoints" / "npz" / "naflex.npz", big_vision(net))
    arrays = {}
    facts = tolerances(wide, narrow, arrays)
    shapes, wide, narrow = naflex(net, processor, ids)
    shape_facts = tolerances(wide, narrow, shapes)
    save_npz(folder / "expected" / "naflex.npz", shapes)
    arrays["pixel_values"], arrays["token_ids"] = pixels.numpy(), ids.numpy()
    save_npz(folder / "expected" / "forward.npz", arrays)
    case = dict(case="siglip2_hf", family="Siglip2Model", seed=7,
                made_with=dict(transformers=transformers.__version__, torch=torch.__version__.split("+")[0]),
                checkpoints=[dict(path="checkpoints/hf/model.safetensors", container="safetensors", dtype="F32",
                                  expected="forward.npz")], expected={"forward.npz": facts, "naflex.npz": shape_facts})
    (folder / "case.json").write_text(json.dumps(case, indent=1) + "\n")


if __name__ == "__main__":
    make()
