import ZooModels

/// A text tower of transformers, by its name in open_clip's configuration: what its tensors do not reveal.
struct HuggingFaceTextModel {
  /// Towers of one kind differ only in their shapes.
  enum Kind: CaseIterable {
    case bert, roberta, nllb, mt5, modernBERT

    /// The supported models, without their owners. All have heads of width 64.
    fileprivate var names: [String] {
      switch self {
      case .bert:
        [
          "bert-base-uncased", "bert-base-cased", "bert-large-uncased", "bert-large-cased",
          "bert-base-multilingual-uncased", "bert-base-multilingual-cased", "bert-base-chinese",
        ]
          + ["PubMedBERT", "BiomedBERT"].flatMap { name in
            ["abstract", "abstract-fulltext"].map { "BiomedNLP-\(name)-base-uncased-\($0)" }
          }
      case .roberta: ["roberta-base", "roberta-large", "xlm-roberta-base", "xlm-roberta-large"]
      case .nllb: ["nllb-200-distilled-600M", "nllb-200-distilled-1.3B", "nllb-200-1.3B"]
      case .mt5: ["mt5-base", "mt5-large", "mt5-xl"]
      case .modernBERT: ["gte-modernbert-base", "ModernBERT-base", "ModernBERT-large"]
      }
    }

    fileprivate var encoder: HuggingFaceText.Encoder {
      switch self {
      case .bert, .roberta: .bert
      case .nllb: .m2m
      case .mt5: .t5
      case .modernBERT: .modernBERT
      }
    }
    fileprivate var eps: Float {
      switch self {
      case .bert: 1e-12
      case .roberta, .nllb, .modernBERT: 1e-5
      case .mt5: 1e-6
      }
    }
    fileprivate var activation: Activation {
      switch self {
      case .bert, .roberta, .modernBERT: .gelu
      case .nllb: .relu
      case .mt5: .geluTanh
      }
    }
    var padID: Int {
      switch self {
      case .bert, .mt5: 0
      case .roberta, .nllb: 1
      case .modernBERT: 50283
      }
    }
    /// ModernBERT's: every third block attends to all tokens, the others to 64 on each side.
    fileprivate var rope: SequenceRotary? {
      guard self == .modernBERT else { return nil }
      return SequenceRotary(
        temperature: 160_000, halves: true, local: LocalAttention(reach: 64, globalEvery: 3, temperature: 10_000))
    }
  }

  let name: String
  let kind: Kind
  let pooling: TextPooling
  let tokenizer: TokenizerSpec
  /// The configuration that names it.
  let file: String

  /// - Parameters:
  ///   - pooler: open_clip's `hf_pooler_type`.
  ///   - padID: The padding id, if open_clip overrides the model's own.
  ///   - tokenizer: What the configuration says about it; padding and special tokens are the model's.
  init(_ name: String, pooler: String?, padID: Int?, tokenizer: TokenizerSpec, file: String) throws(ConvertError) {
    let own = (name.split(separator: "/").last.map(String.init) ?? name).lowercased()
    guard let kind = Kind.allCases.first(where: { $0.names.contains { $0.lowercased() == own } }) else {
      throw .unsupported(
        path: file, architecture: "model with the text tower '\(name)'",
        reason: "its text tower is a Hugging Face model (\(name)), which is not run")
    }
    switch (kind, pooler ?? "mean_pooler") {
    case (_, "mean_pooler"): pooling = .mean
    case (.bert, "cls_last_hidden_state_pooler"), (.roberta, "cls_last_hidden_state_pooler"),
      (.nllb, "cls_last_hidden_state_pooler"), (.nllb, "cls_pooler"),
      (.modernBERT, "cls_last_hidden_state_pooler"), (.modernBERT, "cls_pooler"):
      pooling = .first
    case (_, let other): throw .configuration(file: file, reason: "its text pooling '\(other)' is not run")
    }
    (self.name, self.kind, self.file) = (name, kind, file)
    var tokenizer = tokenizer
    tokenizer.padID = padID ?? kind.padID
    if kind == .nllb { (tokenizer.bosID, tokenizer.eosID) = (Self.english, 2) }
    self.tokenizer = tokenizer
  }

  /// `eng_Latn`, the language that NLLB's tokenizer puts before a text unless told otherwise.
  private static let english = 256_047

  /// The tower with these shapes.
  func tower(_ facts: TextFacts, heads: Int?) throws(ConvertError) -> TextTower {
    guard facts.encoder == kind.encoder, let mlpWidth = facts.mlpWidth else {
      throw .configuration(file: file, reason: "its text tower '\(name)' is not what the tensors are")
    }
    guard let heads = heads ?? facts.heads ?? (facts.width % 64 == 0 ? facts.width / 64 : nil) else {
      throw .undecided(
        path: file, undecided: ["how many heads the text tower has"], candidates: [], options: ["--text-heads"])
    }
    let isBERT = kind.encoder == .bert, isNLLB = kind == .nllb, isModern = kind == .modernBERT
    let relative = facts.biasBuckets.map { RelativeBias(buckets: $0, maxDistance: 128) }
    return TextTower(
      blocks: Blocks(
        width: facts.width, layers: facts.layers, heads: heads, mlpWidth: mlpWidth, normEps: kind.eps,
        activation: kind.activation, sumNorm: isBERT, gated: kind == .mt5 || isModern, rms: kind == .mt5,
        relativeBias: relative,
        sequenceRope: kind.rope, noFirstNorm: isModern),
      vocabulary: facts.vocabulary, causal: false, hidesPadding: true,
      embedding: TextEmbedding(
        positions: facts.positions ?? 0, sinusoidal: isNLLB, skipsPadding: kind == .roberta || isNLLB,
        tokenTypes: facts.tokenTypes, norm: isBERT || isModern, scaled: isNLLB),
      pooling: pooling, projection: facts.projection, tokenizer: tokenizer)
  }
}
