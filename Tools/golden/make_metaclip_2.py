"""Writes Tests/Cases/metaclip_2: a tiny MetaClip2Model of transformers with a tokenizer of its kind (Unigram, like XLM-V's),
and the cosines computed by transformers. Needs torch, transformers and tokenizers.

    python Tools/golden/make_metaclip_2.py Tests/Cases/metaclip_2 Tests/Golden/models/clip_gelu/inputs/image_a.png
"""

import json
import sys
from pathlib import Path

import torch
from PIL import Image
from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers
from transformers import AutoModel, AutoProcessor, CLIPImageProcessorPil, CLIPProcessor, MetaClip2Config, MetaClip2Model
from transformers import PreTrainedTokenizerFast

PROMPTS = ["a photo of a cat", "ein rotes Auto", "写真", ""]


def main(folder, picture):
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(7)
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    trainer = trainers.UnigramTrainer(vocab_size=120, special_tokens=special, unk_token="<unk>")
    tokenizer.train_from_iterator(PROMPTS * 4 + ["a red car and a cat", "das Auto ist rot", "猫の写真"], trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<s>", pad_token="<pad>", eos_token="</s>", unk_token="<unk>",
        model_max_length=24,
    )
    text = dict(
        vocab_size=len(fast), hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
        max_position_embeddings=24, hidden_act="gelu", projection_dim=16, eos_token_id=2, bos_token_id=0, pad_token_id=1,
    )
    vision = dict(
        hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4, image_size=32, patch_size=8,
        hidden_act="gelu", projection_dim=16,
    )
    model = MetaClip2Model(MetaClip2Config(text_config=text, vision_config=vision, projection_dim=16)).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim:
                parameter.add_(0.2 * torch.randn_like(parameter))
    images = CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32})
    model.save_pretrained(folder)
    CLIPProcessor(images, fast).save_pretrained(folder)

    model, processor = AutoModel.from_pretrained(folder).eval(), AutoProcessor.from_pretrained(folder, backend="pil")
    inputs = processor(
        images=Image.open(picture).convert("RGB"), text=PROMPTS, padding="max_length", truncation=True, max_length=24,
        return_tensors="pt",
    )
    with torch.no_grad():
        # Padding comes after the end of a text, which a causal tower does not attend to.
        result = model(input_ids=inputs["input_ids"], pixel_values=inputs["pixel_values"])
    expected = {
        "picture": picture.name,
        "prompts": PROMPTS,
        "ids": inputs["input_ids"].tolist(),
        "cosines": (result.text_embeds @ result.image_embeds.T)[:, 0].tolist(),
    }
    (folder / "expected.json").write_text(json.dumps(expected, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
