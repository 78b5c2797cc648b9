#!/usr/bin/env python3
"""Makes Tests/Golden/tokenizers/{roberta,xlm_roberta,nllb}_tiny and hf_text.json: small tokenizers of open_clip's Hugging Face text towers.

    python3 -m venv venv
    venv/bin/pip install torch torchvision open_clip_torch==3.3.0 transformers==5.24 sentencepiece ftfy
    venv/bin/python Tools/golden/make_text_tokenizers.py

Vocabularies are trained on the strings themselves; transformers' own classes turn them into `tokenizer.json`. Ids are those of open_clip's
`HFTokenizer` with these folders, cut and padded to 77 and to 16 tokens.
"""
import json
import pathlib
import tempfile

from open_clip.tokenizer import HFTokenizer
import sentencepiece
import transformers
from tokenizers import ByteLevelBPETokenizer

OUT = pathlib.Path(__file__).resolve().parents[2] / "Tests" / "Golden" / "tokenizers"
STRINGS = json.loads((OUT / "siglip_tiny.json").read_text())["strings"]
TEXT = [line for text in STRINGS for line in text.split("\n") if line.strip() and "\0" not in line and len(line) < 4000]


def sentencepiece_model(kind, size, folder):
    file = pathlib.Path(folder) / "text.txt"
    file.write_text("\n".join(TEXT), encoding="utf-8", errors="replace")
    sentencepiece.SentencePieceTrainer.train(
        input=str(file), model_prefix=f"{folder}/sentencepiece.bpe", model_type=kind, vocab_size=size,
        normalization_rule_name="nmt_nfkc", character_coverage=0.98, hard_vocab_limit=False, minloglevel=2)


def roberta(folder):
    trained = ByteLevelBPETokenizer()
    trained.train_from_iterator(TEXT, vocab_size=700, special_tokens=["<s>", "<pad>", "</s>", "<unk>"], show_progress=False)
    trained.add_special_tokens(["<mask>"])
    model = json.loads(trained.to_str())["model"]
    vocab = dict(model["vocab"], **{"<mask>": len(model["vocab"])})
    return transformers.RobertaTokenizer(
        vocab=vocab, merges=[tuple(pair) for pair in model["merges"]],
        mask_token=transformers.AddedToken("<mask>", lstrip=True, special=True))


def from_sentencepiece(cls, kind, size, **arguments):
    def make(folder):
        sentencepiece_model(kind, size, folder)
        return cls.from_pretrained(folder, **arguments)
    return make


CASES = {
    "roberta_tiny": roberta,
    "xlm_roberta_tiny": from_sentencepiece(transformers.XLMRobertaTokenizer, "unigram", 700),
    "nllb_tiny": from_sentencepiece(transformers.NllbTokenizer, "bpe", 700,
                                    extra_special_tokens=["deu_Latn", "eng_Latn", "fra_Latn"]),
}


def main():
    result = dict(strings=STRINGS)
    for name, make in CASES.items():
        with tempfile.TemporaryDirectory() as folder:
            tokenizer = make(folder)
        (OUT / name).mkdir(exist_ok=True)
        tokenizer.save_pretrained(OUT / name)
        for file in (OUT / name).iterdir():
            if file.name != "tokenizer.json":
                file.unlink()
        # open_clip finds the class through the folder's configuration, which is not committed.
        with tempfile.TemporaryDirectory() as folder:
            tokenizer.save_pretrained(folder)
            for context in (77, 16):
                original = HFTokenizer(folder, context_length=context)
                result[f"{name}.{context}"] = original(STRINGS).tolist()
            for language in ("deu_Latn", "fra_Latn") if name.startswith("nllb") else ():
                # transformers 5 resets what open_clip's set_language sets to src_lang in each call (and so does 4, but not for
                # batch_encode_plus, which open_clip called before 3.3).
                original = HFTokenizer(folder, context_length=16)
                original.tokenizer.src_lang = language
                result[f"{name}.{language}.16"] = original(STRINGS).tolist()
            print(name, len(tokenizer), result[f"{name}.16"][0], type(original.tokenizer).__name__)
    text = json.dumps(result, ensure_ascii=True, separators=(",", ":")).replace('],[', '],\n[')
    (OUT / "hf_text.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
