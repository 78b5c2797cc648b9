import ZooModels

// The tokenizer of a text tower as open_clip 3.3 creates it: `SimpleTokenizer`, or `HFTokenizer` if `hf_tokenizer_name` is given.
extension OpenCLIPFile {
  struct TokenizerArguments: Decodable {
    var clean: String?
    var stripSepToken: Bool?
    var language: String?
  }

  /// Arguments of `HFTokenizer`; `SimpleTokenizer` has only some of them. Rejects what would make open_clip fail or ids random.
  static let tokenizerKeys: KeyTable = [
    "clean": .used, "strip_sep_token": .used,
    "cache_dir": .bookkeeping,
    "use_fast": .irrelevant("transformers 5 has one form of each tokenizer"),
    "reduction_mask": .only(
      [""], remedy: "open_clip then drops tokens of long prompts at random; leave it out to cut them"),
    "add_bos": .only([true], remedy: "zoo frames prompts as open_clip does by default"),
    "add_eos": .only([true], remedy: "zoo frames prompts as open_clip does by default"),
    "language": .used,
    "additional_special_tokens": .only(
      [.list([])], remedy: "give the tokenizer's files with --tokenizer FOLDER and leave it out"),
    "bpe_path": .only([], remedy: "give the file with --tokenizer FILE and leave it out"),
    "context_length": .only([], remedy: "state context_length in text_cfg"),
    "tokenizer_mode": .only([], remedy: "state tokenizer_mode in text_cfg"),
  ]

  func tokenizer(file: String) throws(ConvertError) -> TokenizerSpec {
    let config = modelCfg.textCfg, arguments = config.tokenizerKwargs
    if config.tokenizerType == "tiktoken" { return try tiktoken(file: file) }
    let isHuggingFace = config.hfTokenizerName?.isEmpty == false
    func unusable(_ key: String, _ value: String, remedy: String) -> ConvertError {
      .unusableValue(file: file, key: "model_cfg.text_cfg.\(key)", value: value, remedy: remedy)
    }
    let named = arguments?.clean ?? (isHuggingFace ? TokenizerSpec.Clean.whitespace : .lower).rawValue
    let clean = try Self.clean(named, file: file)
    if !isHuggingFace, let strip = arguments?.stripSepToken {
      throw unusable(
        "tokenizer_kwargs.strip_sep_token", "\(strip)", remedy: "only a tokenizer with hf_tokenizer_name has it")
    }
    // Only "clips" makes a difference, and only if transformers reads the tokenizer.
    let isCLIPS = isHuggingFace && config.tokenizerMode == "clips"
    return TokenizerSpec(
      kind: isHuggingFace ? .tokenizerJSON : .clipBPE, contextLength: config.contextLength ?? 77,
      padID: config.padId ?? 0, clean: clean, stripSeparator: !isCLIPS && arguments?.stripSepToken == true,
      source: isHuggingFace ? config.hfTokenizerName : nil, frame: isCLIPS ? .clips : nil,
      language: try language(arguments?.language, file: file))
  }

  /// Only NLLB's tokenizers have languages; open_clip ignores the language for others, with a warning.
  private func language(_ language: String?, file: String) throws(ConvertError) -> String? {
    guard let language else { return nil }
    guard modelCfg.textCfg.hfModelName?.contains("nllb") == true else {
      throw .unusableValue(
        file: file, key: "model_cfg.text_cfg.tokenizer_kwargs.language", value: "\"\(language)\"",
        remedy: "only NLLB's tokenizers have languages; leave it out")
    }
    return language
  }

  /// `TikTokenTokenizer`, whose own ids follow those of the encoding.
  private func tiktoken(file: String) throws(ConvertError) -> TokenizerSpec {
    let config = modelCfg.textCfg, encoding = config.tiktokenName ?? "cl100k_base", size = 50257
    guard encoding == "r50k_base" else {
      throw .unusableValue(
        file: file, key: "model_cfg.text_cfg.tiktoken_name", value: "\"\(encoding)\"", remedy: "zoo runs r50k_base")
    }
    return TokenizerSpec(
      kind: .tiktoken, contextLength: config.contextLength ?? 77, padID: size + 1,
      clean: try config.tokenizerKwargs?.clean.map { name throws(ConvertError) in try Self.clean(name, file: file) }
        ?? TokenizerSpec.Clean.none, bosID: size + 2, eosID: size, source: encoding)
  }

  /// A way to clean prompts, by open_clip's name.
  private static func clean(_ name: String, file: String) throws(ConvertError) -> TokenizerSpec.Clean {
    let ways: [TokenizerSpec.Clean] = [.whitespace, .lower, .canonicalize]
    guard let clean = ways.first(where: { $0.rawValue == name }) else {
      throw .unusableValue(
        file: file, key: "model_cfg.text_cfg.tokenizer_kwargs.clean", value: "\"\(name)\"",
        remedy: "open_clip has \(ways.map(\.rawValue).joined(separator: ", "))")
    }
    return clean
  }
}
