/// What a model's manifest says about its tokenizer: everything that the tokenizer files do not say.
package struct TokenizerSpec: Codable, Sendable, Hashable {
  /// The algorithm, which also determines the files it reads.
  package enum Kind: String, Codable, Sendable, CaseIterable {
    /// CLIP's byte-pair encoding: `bpe_simple_vocab_16e6.txt.gz`, or `vocab.json` and `merges.txt`, or a `tokenizer.json`.
    case clipBPE = "clip_bpe"
    /// The same files as read by `CLIPTokenizer` of transformers 5: lower case and NFC but no repair of the text, added tokens, and different special
    /// tokens around a text if `tokenizer_config.json` or similar files say so.
    case clipHF = "clip_hf"
    /// Whether the vocabulary is read from CLIP's files.
    package var isCLIP: Bool { self == .clipBPE || self == .clipHF }

    /// A SentencePiece model, unigram or BPE: `spiece.model`, `sentencepiece.model` or `tokenizer.model`.
    case sentencePiece = "sentencepiece"
    /// Hugging Face's `tokenizer.json`.
    case tokenizerJSON = "tokenizer_json"
    /// BERT's WordPiece: `vocab.txt`.
    case wordPiece = "wordpiece"
    /// A tiktoken byte-pair encoding that splits words like GPT-2: `r50k_base.tiktoken`, pieces in base 64 with their ranks, which are also their
    /// ids.
    case tiktoken
  }

  /// How a prompt is cleaned before it is split into pieces; open_clip's names.
  package enum Clean: String, Codable, Sendable, CaseIterable {
    case none
    /// Repaired (see `repairText`), HTML unescaped, runs of whitespace collapsed into one space.
    case whitespace
    /// `whitespace`, then lower case.
    case lower
    /// Repaired and unescaped, ASCII punctuation removed (an underscore becomes a space), lower case, whitespace collapsed.
    case canonicalize
    /// ASCII letters in lower case, nothing else (TIPSv2).
    case asciiLower = "ascii_lower"
    /// Like Hugging Face's SigLIP tokenizer: lower case, ASCII punctuation removed (including underscores), no repair.
    case siglip
  }

  /// How special tokens are placed around a text, if not as the tokenizer's files say.
  package enum Frame: String, Codable, Sendable {
    /// open_clip's "clips": begin token, pieces, end token, padding, and the class token at the last position.
    case clips
    /// The pieces alone, whatever the tokenizer's files say (TIPSv2).
    case bare
  }

  package var kind: Kind
  /// Tokens per prompt.
  package var contextLength: Int
  /// A lower limit at which prompts are truncated, including special tokens.
  package var maxTokens: Int?
  /// The id that pads short prompts.
  package var padID: Int
  package var clean: Clean
  /// The id before the text. If neither it nor `eosID` is given, the tokenizer's own files decide.
  package var bosID: Int?
  /// The id after the text, kept when the text is truncated.
  package var eosID: Int?
  /// The language of prompts (an NLLB code, such as `deu_Latn`), whose token then precedes the text in place of `bosID`.
  package var language: String?
  /// nil for the usual one.
  package var frame: Frame?
  /// With `frame`: the id at the last position of every prompt.
  package var classID: Int?
  /// Replaces the closing separator by 0, as CLIPA was trained.
  package var stripSeparator: Bool
  /// The hub repository that has the files; nil for CLIP's vocabulary, which comes with its checkpoints.
  package var source: String?

  /// Unless given, `clean` is `.lower` for CLIP's tokenizer and `.whitespace` for the others, as in open_clip.
  package init(
    kind: Kind, contextLength: Int, padID: Int = 0, clean: Clean? = nil, bosID: Int? = nil, eosID: Int? = nil,
    stripSeparator: Bool = false, source: String? = nil, maxTokens: Int? = nil,
    frame: Frame? = nil, classID: Int? = nil, language: String? = nil
  ) {
    self.kind = kind
    self.contextLength = contextLength
    self.padID = padID
    self.clean = clean ?? (kind == .clipBPE ? .lower : .whitespace)
    self.bosID = bosID
    self.eosID = eosID
    self.stripSeparator = stripSeparator
    self.source = source
    self.maxTokens = maxTokens
    (self.frame, self.classID, self.language) = (frame, classID, language)
  }

  private enum CodingKeys: String, CodingKey {
    case kind, contextLength, clean, stripSeparator, source, maxTokens, frame, language
    case classID = "classId"
    // `pad_id` and so on in files, by the decoder's snake case.
    case padID = "padId"
    case bosID = "bosId"
    case eosID = "eosId"
  }

  /// Everything but `kind` and `contextLength` may be omitted.
  package init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      kind: try fields.decode(Kind.self, forKey: .kind),
      contextLength: try fields.decode(Int.self, forKey: .contextLength),
      padID: try fields.decodeIfPresent(Int.self, forKey: .padID) ?? 0,
      clean: try fields.decodeIfPresent(Clean.self, forKey: .clean),
      bosID: try fields.decodeIfPresent(Int.self, forKey: .bosID),
      eosID: try fields.decodeIfPresent(Int.self, forKey: .eosID),
      stripSeparator: try fields.decodeIfPresent(Bool.self, forKey: .stripSeparator) ?? false,
      source: try fields.decodeIfPresent(String.self, forKey: .source),
      maxTokens: try fields.decodeIfPresent(Int.self, forKey: .maxTokens),
      frame: try fields.decodeIfPresent(Frame.self, forKey: .frame),
      classID: try fields.decodeIfPresent(Int.self, forKey: .classID),
      language: try fields.decodeIfPresent(String.self, forKey: .language))
  }
}
