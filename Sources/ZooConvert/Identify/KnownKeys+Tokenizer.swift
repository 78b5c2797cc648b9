// The keys of `tokenizer_config.json` that transformers 4 and 5 write, for `notes(onKeysOf:by:)`.

let rightSideOnly = "zoo fills prompts up and cuts them at the right"
private let decoding = KeyRule.irrelevant("only the way back from ids to a text reads it")
private let fixedByCLIP = KeyRule.irrelevant("transformers 5 builds CLIP's tokenizer without it")

/// Keys that CLIP's tokenizer and the others share, and those that have no meaning for CLIP's.
let tokenizerKeys: KeyTable = {
  let rules: [(KeyRule, [String])] = [
    (
      .used,
      [
        "tokenizer_class", "model_max_length", "bos_token", "eos_token", "unk_token", "pad_token", "sep_token",
        "cls_token",
        "mask_token", "added_tokens_decoder", "additional_special_tokens", "extra_special_tokens",
      ]
    ),
    (
      .bookkeeping,
      [
        "backend", "is_local", "local_files_only", "name_or_path", "processor_class", "special_tokens_map_file",
        "tokenizer_file", "vocab_file", "merges_file", "init_inputs",
      ]
    ),
    (decoding, ["clean_up_tokenization_spaces", "spaces_between_special_tokens", "errors"]),
    (.irrelevant("a note is given where it hides SigLIP's padding"), ["model_input_names"]),
    (.irrelevant("a note is given where it is shorter than the context"), ["max_length"]),
    (.outputs, ["return_tensors"]),
    (.irrelevant("only conversations read it"), ["chat_template"]),
    (.irrelevant("a call states it anew"), ["stride", "truncation_strategy", "pad_to_multiple_of"]),
    (.irrelevant("there is one text and no segment"), ["pad_token_type_id"]),
    (.irrelevant("it tells old files from new ones"), ["legacy"]),
    (fixedByCLIP, ["add_prefix_space", "do_lower_case", "add_bos_token", "add_eos_token", "trim_offsets"]),
    (.only(["right"], remedy: rightSideOnly), ["padding_side", "truncation_side"]),
    (.only([false], remedy: "zoo finds special tokens in a text"), ["split_special_tokens"]),
  ]
  return KeyTable(rules.flatMap { rule, keys in keys.map { ($0, rule) } }) { $1 }
}()

private let inTheFile = KeyRule.irrelevant("tokenizer.json or the model file has it")

/// Keys in which the other tokenizers differ.
let otherTokenizerKeys: KeyTable = [
  "do_lower_case": inTheFile, "add_prefix_space": inTheFile, "add_bos_token": inTheFile, "add_eos_token": inTheFile,
  "trim_offsets": inTheFile, "strip_accents": inTheFile, "tokenize_chinese_chars": inTheFile,
  "do_basic_tokenize": inTheFile, "never_split": inTheFile, "extra_ids": inTheFile,
  "use_default_system_prompt": .irrelevant("only conversations read it"),
  "sp_model_kwargs": .only([[:]], remedy: "zoo runs SentencePiece without sampling"),
]
