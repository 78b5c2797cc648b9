/// What a model's tokenizer does that its files do not say.
public struct TokenizerSpec: Codable, Sendable, Hashable {
  /// The algorithm, and with it which files are read.
  public enum Kind: String, Codable, Sendable, Hashable, CaseIterable {
    /// CLIP's byte-pair encoding: `bpe_simple_vocab_16e6.txt[.gz]`, or `vocab.json` with `merges.txt`.
    case clipBPE = "clip_bpe"
    /// A SentencePiece model: `spiece.model`, `sentencepiece.model` or `tokenizer.model`.
    case sentencePiece = "sentencepiece"
    /// A Hugging Face `tokenizer.json`.
    case tokenizerJSON = "tokenizer_json"
    /// BERT's WordPiece: `vocab.txt`.
    case wordPiece = "wordpiece"
  }

  /// What is done to a prompt before its pieces are looked up (open_clip's `clean`).
  public enum Clean: String, Codable, Sendable, Hashable, CaseIterable {
    case none, whitespace, lower, canonicalize
  }

  public var kind: Kind
  public var clean: Clean
  /// The id in unused positions.
  public var padID: Int
  /// True where the separator that closes a prompt is written as the padding id (CLIPA).
  public var stripSeparator: Bool
  /// Hub repository that has the files; nil for CLIP's vocabulary.
  public var source: String?

  private enum CodingKeys: String, CodingKey {
    case kind, clean, stripSeparator, source
    case padID = "padId"  // `pad_id` in files, by the decoder's snake case
  }

  public init(kind: Kind, clean: Clean, padID: Int, stripSeparator: Bool = false, source: String? = nil) {
    self.kind = kind
    self.clean = clean
    self.padID = padID
    self.stripSeparator = stripSeparator
    self.source = source
  }
}
