#!/usr/bin/env python3
"""Makes Tests/Golden/families/{tipsv2,tipsv2_swiglu}: small random models of transformers' `Tipsv2Model` with their results, and
Tests/Golden/tokenizers/tipsv2_tiny and tipsv2.json: a small tokenizer of its kind.

    venv/bin/pip install torch transformers==5.24.0 open_clip_torch timm sentencepiece
    venv/bin/python Tools/golden/make_tipsv2.py

Like `make_families.py`, parts of which it uses. The first is saved like the published files, without a temperature, so that config.json's is used;
the other has gates in its image tower and its own temperature. Ids are those of the SentencePiece library after
the ASCII letters were made lower case, which is what the authors' code does (`tf.strings.lower` without an encoding, tensorflow_text's
`SentencepieceTokenizer`). transformers' `Tipsv2Tokenizer` makes all letters lower case, finds special tokens in a text, and composes characters
differently; the strings for which it differs are printed.
"""
import copy
import json
import pathlib
import shutil
import tempfile

import numpy as np
import sentencepiece
import torch
import torch.nn.functional as F
import transformers
from safetensors.torch import load_file, save_file

import make_families as families
from make_siglip2 import tolerances
from npz import save_npz

PATCH, SIDE, CONTEXT, VOCABULARY = 8, 32, 12, 64
TOWER = dict(hidden_size=48, num_hidden_layers=2)
CASES = {"tipsv2": dict(gated=False, temperature=None), "tipsv2_swiglu": dict(gated=True, temperature=0.04)}


class Tower(families.Tower):
    pooler = trunk = None

    def __init__(self, model):
        self.model = model.vision_model
        self.blocks, self.prefix = self.model.encoder.layer, 2

    def visual(self, pixels):
        return self.model(pixels).pooler_output

    def norm(self, x):
        return self.model.layernorm(x)

    def project(self, x):
        return x

    def own(self, z):
        return self.norm(z[:, 0])


def compute(model, inputs, dtype):
    model, forward, heat = copy.deepcopy(model).to(dtype), {}, {}
    # The sines are a buffer of f32 in the model's own use.
    tower, ids = Tower(model), inputs["ids"]
    mask = (ids != 0).long()
    with torch.no_grad():
        image, tokens, blocks, probabilities = tower.run(inputs["pixels"].to(dtype))
        entropy = [float(-(p * p.log()).sum(-1).mean() / np.log(p.shape[-1])) for p in probabilities]
        forward["image0.tokens_in"] = tokens[0]
        for layer, z in enumerate(blocks):
            forward[f"image0.block{layer}"] = z[0]
        layers, seen, real = model.text_model.encoder.layers, [], mask[0].bool()
        hooks = [layers[0].register_forward_pre_hook(lambda _, args: seen.append(args[0]))]
        hooks += [b.register_forward_hook(lambda _, __, out: seen.append(out)) for b in layers]
        text = model.text_model(input_ids=ids, attention_mask=mask).pooler_output
        for hook in hooks:
            hook.remove()
        forward["text.prompt0.tokens_in"] = seen[0][0][real]
        for layer, z in enumerate(seen[1:]):
            forward[f"text.prompt0.block{layer}"] = z[0][real]
        forward["image_embeddings"], forward["text_embeddings"] = image, text
        images, texts = F.normalize(image, dim=-1), F.normalize(text, dim=-1)
        forward["image_embeddings_norm"], forward["text_embeddings_norm"] = images, texts
        forward["logit_scale_exp"] = 1 / model.temperature
        forward["logits"] = model(pixel_values=inputs["pixels"].to(dtype), input_ids=ids, attention_mask=mask).logits_per_image
        assert (forward["logits"] - images @ texts.T / model.temperature).abs().max() < 1e-3
    explained = texts[: families.EXPLAINED].detach()
    heat["text_embeddings_norm"] = explained
    for size in ("native", "large"):
        pixels = inputs[size].to(dtype)
        grid = tuple(side // PATCH for side in pixels.shape[-2:])
        heat[f"{size}.official.layers"] = families.maps(tower, pixels, explained, tower.official, "cosine", grid)
        heat[f"{size}.paper.layers"] = families.maps(tower, pixels, explained, tower.own, "dot", grid)
        heat[f"{size}.paper_cosine.layers"] = families.maps(tower, pixels, explained, tower.own, "cosine", grid)
        heat[f"{size}.image_embedding"] = tower.run(pixels)[0].detach()[0]
    arrays = lambda d: {k: v.detach().double().numpy() for k, v in d.items()}
    return arrays(forward), arrays(heat), entropy


def make(name, seed):
    case = CASES[name]
    model = transformers.Tipsv2Model(transformers.Tipsv2Config(
        text_config=dict(TOWER, vocab_size=VOCABULARY, intermediate_size=96, num_attention_heads=4, max_position_embeddings=CONTEXT),
        vision_config=dict(TOWER, num_attention_heads=3, image_size=SIDE, patch_size=PATCH, mlp_ratio=3, use_swiglu_ffn=case["gated"]),
        temperature_init_value=0.05)).eval()
    families.enliven(model, seed)
    with torch.no_grad():
        model.temperature.fill_(case["temperature"] or 0.05)
    g = torch.Generator().manual_seed(seed + 1000)
    picture = lambda h, w, n: F.interpolate(
        torch.randn(n, 3, 5, 5, generator=g), size=(h, w), mode="bicubic") + 0.3 * torch.randn(n, 3, h, w, generator=g)
    pixels = picture(SIDE, SIDE, 2)
    ids = torch.randint(3, VOCABULARY, (6, CONTEXT), generator=g)
    for row, length in enumerate((5, 1, 8, 12, 4, 7)):
        ids[row, length:] = 0
    inputs = dict(pixels=pixels, native=pixels[:1], large=picture(5 * PATCH, 7 * PATCH, 1), ids=ids)
    wide, narrow = (compute(model, inputs, dtype) for dtype in (torch.float64, torch.float32))
    folder = families.OUT / name
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "expected").mkdir(parents=True)
    expected = {}
    for index, file in enumerate(("forward.npz", "heatmaps.npz")):
        arrays = {}
        expected[file] = tolerances(wide[index], narrow[index], arrays)
        if file == "forward.npz":
            arrays["pixel_values"], arrays["token_ids"] = pixels.numpy(), ids.numpy()
        save_npz(folder / "expected" / file, arrays)
    save_npz(folder / "expected" / "preprocess.npz",
             {f"image_a.{size}.tensor": inputs[size][0].numpy() for size in ("native", "large")})
    place = folder / "checkpoints" / "hf"
    model.save_pretrained(place)
    if case["temperature"] is None:
        state = load_file(place / "model.safetensors")
        del state["temperature"]
        # The authors' own image tower uses timm's names for these.
        own = lambda key: key.replace("mlp.c_fc", "mlp.fc1").replace("mlp.c_proj", "mlp.fc2") if "vision" in key else key
        save_file({own(key): value for key, value in state.items()}, place / "model.safetensors", metadata=dict(format="pt"))
    processor = transformers.Tipsv2ImageProcessor(size=dict(height=SIDE, width=SIDE))
    processor.save_pretrained(place)
    facts = dict(case=name, family="Tipsv2Model", seed=seed,
                 made_with=dict(transformers=transformers.__version__, torch=torch.__version__.split("+")[0]),
                 checks=dict(attention_entropy=[round(e, 3) for e in wide[2]]), expected=expected)
    (folder / "case.json").write_text(json.dumps(facts, indent=1) + "\n")
    assert all(0.5 < e < 0.97 for e in wide[2]), f"attention is not lively: {wide[2]}"
    print(name, facts["checks"], max(f["f32_noise"] / f["max_abs"] for file in expected.values() for f in file.values()))


def tokenizer():
    out = families.OUT.parent / "tokenizers"
    strings = json.loads((out / "siglip_tiny.json").read_text())["strings"]
    lines = [line for text in strings for line in text.lower().split("\n") if line.strip() and "\0" not in line and len(line) < 4000]
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "text.txt"
        file.write_text("\n".join(lines), encoding="utf-8", errors="replace")
        sentencepiece.SentencePieceTrainer.train(
            input=str(file), model_prefix=f"{folder}/tokenizer", model_type="bpe", vocab_size=900, character_coverage=0.98,
            normalization_rule_name="nmt_nfkc", byte_fallback=True, hard_vocab_limit=False, minloglevel=2,
            pad_id=0, unk_id=1, bos_id=2, eos_id=3)
        tiny = out / "tipsv2_tiny"
        tiny.mkdir(exist_ok=True)
        shutil.copy(f"{folder}/tokenizer.model", tiny / "tokenizer.model")
        original = transformers.Tipsv2Tokenizer.from_pretrained(tiny)
    library = sentencepiece.SentencePieceProcessor(model_file=str(tiny / "tokenizer.model"))
    result, others = dict(strings=strings), []
    for context in (64, 16):
        rows = []
        for text in strings:
            ids = library.encode("".join(c.lower() if c.isascii() else c for c in text))[:context]
            ids += [0] * (context - len(ids))
            if ids != original(text, padding="max_length", truncation=True, max_length=context)["input_ids"]:
                others.append(text)
            rows.append(ids)
        result[f"tipsv2_tiny.{context}"] = rows
    text = json.dumps(result, ensure_ascii=True, separators=(",", ":")).replace("],[", "],\n[")
    (out / "tipsv2.json").write_text(text + "\n")
    print(f"{len(strings)} strings, transformers differs in {len(set(others))}: {sorted(set(others), key=len)[:12]}")


if __name__ == "__main__":
    tokenizer()
    for number, name in enumerate(CASES):
        make(name, 700 + number)
