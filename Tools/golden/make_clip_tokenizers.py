#!/usr/bin/env python3
"""Makes Tests/Cases/tokenizers: CLIP tokenizers as people save them, and the ids from transformers' AutoTokenizer.

    python3 -m venv venv
    venv/bin/pip install torch transformers==5.24.0 open_clip_torch==3.3.0 safetensors pillow
    venv/bin/python Tools/golden/make_clip_tokenizers.py

Every case starts from the 1,024-entry vocabulary of Tests/Golden/tokenizers/clip_tiny. `ids.json` has the strings once, and for each case
the ids (special tokens included, nothing padded), the ids of the special tokens, the size, and the ids cut at 12.
`clip_added_tokens` is a whole checkpoint with a larger embedding table and the cosines that CLIPModel gives.
"""
import json
import pathlib
import shutil
import warnings

import torch
from open_clip.tokenizer import HFTokenizer, SimpleTokenizer
from PIL import Image
from tokenizers import AddedToken
from transformers import AutoTokenizer, CLIPModel, CLIPTokenizer
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

warnings.filterwarnings("ignore")
TESTS = pathlib.Path(__file__).resolve().parents[2] / "Tests"
TINY = TESTS / "Golden/tokenizers/clip_tiny"
CLIP = TESTS / "Golden/models/clip_gelu"
OUT = TESTS / "Cases/tokenizers"

EXTRA = [
    "a <my-cat> on a mat", "<MY-CAT> and <my-cat>", "a<my-cat>b", "<my-cat><my-cat>", "the dog, dogs and hot dog", "dog",
    "dog_dog dogé", "a  <img>  b", "<img>", " <img>\n<img> x", "Zürich-Bär zürich-bär ZÜRICH-BÄR", "Zu\u0308rich-Ba\u0308r",
    "wow! wow!! !", "<s> x </s>", "<S>x</S>", "<|startoftext|>a<|endoftext|>b", "<|STARTOFTEXT|> a", "<unk> <pad> [PAD]",
    "it’s “quoted” — R&amp;D", "\ta\u00a0b\u3000c\r\nd", "ΣΊΣΥΦΟΣ İ ß ſ ǅ K", "😀😀 a😀b", "☃" * 40, "word " * 100, "x" * 200, "", " ",
]


def write(folder, name, value):
    (folder / name).write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n")


def start(name, files):
    folder = OUT / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for file in files:
        shutil.copyfile(TINY / file, folder / file)
    return folder


TOKENS = {"bos_token": "<|startoftext|>", "eos_token": "<|endoftext|>", "pad_token": "<|endoftext|>", "unk_token": "<|endoftext|>"}


def saved_by_transformers_5():
    """save_pretrained after add_tokens: tokenizer.json and tokenizer_config.json."""
    folder = start("saved", [])
    tokenizer = CLIPTokenizer.from_pretrained(TINY)
    tokenizer.add_tokens(["<my-cat>", "Zürich-Bär", AddedToken("dog", single_word=True)])
    tokenizer.add_tokens([AddedToken("<img>", lstrip=True, rstrip=True, special=True, normalized=False)], special_tokens=True)
    tokenizer.save_pretrained(folder)
    return folder


def added_tokens_json():
    """As saved by transformers 4 for a slow tokenizer: vocab.json, merges.txt, added_tokens.json."""
    folder = start("legacy", ["vocab.json", "merges.txt"])
    write(folder, "added_tokens.json", {"<img>": 1025, "<my-cat>": 1024})
    token = {"lstrip": False, "normalized": True, "rstrip": False, "single_word": False}
    write(folder, "special_tokens_map.json", {
        "bos_token": {"content": "<|startoftext|>", **token}, "eos_token": {"content": "<|endoftext|>", **token},
        "pad_token": "<|endoftext|>", "unk_token": "<|endoftext|>", "additional_special_tokens": ["<img>"]})
    write(folder, "tokenizer_config.json", {"tokenizer_class": "CLIPTokenizer", "do_lower_case": True, "model_max_length": 77, **TOKENS})
    return folder


def pad_exclamation():
    """Stable Diffusion 2 and laion's ViT-H pad with "!", so every typed "!" becomes a separate token."""
    folder = start("pad", ["vocab.json", "merges.txt"])
    write(folder, "tokenizer_config.json", {"tokenizer_class": "CLIPTokenizer", "model_max_length": 77, **TOKENS, "pad_token": "!"})
    return folder


def added_tokens_decoder():
    """As saved by transformers 4.34 and later: the added tokens are in tokenizer_config.json, and other files say less."""
    folder = start("decoder", ["vocab.json", "merges.txt"])
    token = {"lstrip": False, "normalized": False, "rstrip": False, "single_word": False, "special": True}
    write(folder, "tokenizer_config.json", {
        "tokenizer_class": "CLIPTokenizer", "clean_up_tokenization_spaces": True, "add_prefix_space": False, **TOKENS,
        "pad_token": "<pad>", "added_tokens_decoder": {
            "1022": {"content": "<|startoftext|>", **token, "normalized": True}, "1023": {"content": "<|endoftext|>", **token},
            "1024": {"content": "<pad>", **token},
            "1025": {"content": "<my-cat>", **token, "normalized": True, "special": False}}})
    write(folder, "added_tokens.json", {"dog": 1024})
    return folder


def own_vocabulary():
    """A different order of the pieces, and different special tokens, which come first."""
    folder = start("own", [])
    tree = json.loads((TINY / "tokenizer.json").read_text())
    vocab = tree["model"]["vocab"]
    pieces = sorted((p for p in vocab if vocab[p] < 1022), key=lambda p: (vocab[p] * 7) % 1022)
    tree["model"]["vocab"] = {p: i for i, p in enumerate(["<s>", "</s>"] + pieces)}
    tree["model"]["unk_token"] = "</s>"
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    tree["added_tokens"] = [{"id": 0, "content": "<s>", **flags}, {"id": 1, "content": "</s>", **flags}]
    tree["post_processor"].update(sep=["</s>", 1], cls=["<s>", 0])
    # transformers 5 takes only the vocabulary and the merges from the file: it lower-cases anyway.
    tree["normalizer"] = {"type": "NFC"}
    write(folder, "tokenizer.json", tree)
    write(folder, "tokenizer_config.json", {
        "tokenizer_class": "CLIPTokenizer", "bos_token": "<s>", "eos_token": "</s>", "pad_token": "</s>", "unk_token": "</s>",
        "model_max_length": 12})
    return folder


def no_specials():
    """A vocabulary without special tokens: they get the next ids."""
    folder = start("bare", ["merges.txt"])
    vocab = json.loads((TINY / "vocab.json").read_text())
    write(folder, "vocab.json", {p: i for p, i in vocab.items() if i < 1022})
    write(folder, "tokenizer_config.json", {"tokenizer_class": "CLIPTokenizer", "model_max_length": 77})
    return folder


def standard():
    """Nothing but vocab.json and merges.txt."""
    folder = start("plain", ["vocab.json", "merges.txt"])
    write(folder, "tokenizer_config.json", {"tokenizer_class": "CLIPTokenizer"})
    return folder


def checkpoint(name="clip_added_tokens"):
    folder = OUT / name
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(OUT / "saved", folder)
    torch.manual_seed(14)
    model = CLIPModel.from_pretrained(CLIP / "checkpoints/hf")
    table = model.text_model.embeddings.token_embedding
    rows = torch.cat([table.weight.detach(), 0.5 * torch.randn(4, table.weight.shape[1])])
    model.text_model.embeddings.token_embedding = torch.nn.Embedding.from_pretrained(rows)
    model.config.text_config.vocab_size = len(rows)
    model.half().save_pretrained(folder)
    shutil.copyfile(CLIP / "checkpoints/hf/preprocessor_config.json", folder / "preprocessor_config.json")
    # Pictures are resized by Pillow, whichever backend is installed.
    model, tokenizer = CLIPModel.from_pretrained(folder).float(), AutoTokenizer.from_pretrained(folder)
    prompts = ["a photo of a cat", "a photo of <my-cat>", "It’s a DOG, <img> dogs"]
    picture = Image.open(CLIP / "inputs/image_a.png").convert("RGB")
    pixels = CLIPImageProcessorPil.from_pretrained(folder)(picture, return_tensors="pt")
    with torch.no_grad():
        out = model(**tokenizer(prompts, return_tensors="pt", padding=True), **pixels)
    return {"prompts": prompts, "image_a": (out.image_embeds @ out.text_embeds.T)[0].tolist()}


strings = json.loads((TESTS / "Golden/tokenizers/clip_tiny.json").read_text())["strings"] + EXTRA
cases = {}
for folder in [
    saved_by_transformers_5(), added_tokens_json(), pad_exclamation(), added_tokens_decoder(), own_vocabulary(), no_specials(), standard(),
]:
    write(folder, "config.json", {"model_type": "clip"})
    tokenizer = AutoTokenizer.from_pretrained(folder)
    assert isinstance(tokenizer, CLIPTokenizer), type(tokenizer)
    (folder / "config.json").unlink()
    cases[folder.name] = {
        "start": tokenizer.bos_token_id, "end": tokenizer.eos_token_id, "pad": tokenizer.pad_token_id, "size": len(tokenizer),
        "ids": [tokenizer(s).input_ids for s in strings],
        "ids12": [tokenizer(s, max_length=12, truncation=True, padding="max_length").input_ids for s in strings],
    }
def clips():
    """open_clip's tokenizer_mode "clips" with a small BERT vocabulary, and the effect of a `clean` other than "lower" on SimpleTokenizer."""
    folder = start("clips", [])
    pieces = "[PAD] [unused0] [unused1] [UNK] [CLS] [SEP] [MASK] . , ! a photo of cat the dog ##s red ##ly quick s t ' - 1 2 ##2 car"
    (folder / "vocab.txt").write_text("\n".join(pieces.split()) + "\n")
    write(folder, "tokenizer_config.json", {
        "tokenizer_class": "BertTokenizer", "do_lower_case": True, "bos_token": "[unused0]", "eos_token": "[unused1]", "cls_token": "[CLS]",
        "pad_token": "[PAD]", "sep_token": "[SEP]", "unk_token": "[UNK]", "mask_token": "[MASK]"})
    tokenizer = HFTokenizer(str(folder), context_length=12, tokenizer_mode="clips")
    strings = ["a photo of a cat", "The quick red dogs", "a " * 30, "", "cat, dog! 12 unknown", "[CLS] a [unused0]"]
    return {"strings": strings, "ids": tokenizer(strings).tolist()}


def simple():
    strings = [
        "It's DON'T 'S", "<START_OF_TEXT> a <start_of_text>", "A Photo OF a Cat", "R&amp;D’S 'LL", "ſ 'ſ KELVIN", "<End_Of_Text>x"]
    cleans = ["whitespace", "canonicalize"]
    return {"strings": strings, **{clean: SimpleTokenizer(clean=clean)(strings, 20).tolist() for clean in cleans}}


def gpt2():
    """CLIP's vocabulary under another class, which splits texts differently: `gpt2` is what it saves, whose file says how."""
    folder = start("gpt2", ["tokenizer.json"])
    write(folder, "config.json", {"model_type": "clip"})
    write(folder, "tokenizer_config.json", {"tokenizer_class": "GPT2Tokenizer", "model_max_length": 77, **TOKENS})
    tokenizer = AutoTokenizer.from_pretrained(folder)
    assert type(tokenizer).__name__ == "GPT2Tokenizer"
    ids = [tokenizer(s).input_ids for s in strings]
    tokenizer.save_pretrained(folder)
    assert ids == [AutoTokenizer.from_pretrained(folder)(s).input_ids for s in strings]
    (folder / "config.json").unlink()
    return ids


result = {"gpt2": gpt2(), "open_clip_clips": clips(), "open_clip_simple": simple(), "by": "transformers 5.24 AutoTokenizer", "strings": strings, "cases": cases, "clip_added_tokens": checkpoint()}
(OUT / "ids.json").write_text(json.dumps(result, separators=(",", ":")) + "\n")
