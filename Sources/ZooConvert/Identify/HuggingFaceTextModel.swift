import ZooModels

/// A text tower of transformers by the name that open_clip's configuration gives it: what its tensors do not show.
struct HuggingFaceTextModel {
  /// Towers that differ in nothing but their shapes.
  enum Kind: CaseIterable {
    case bert, roberta, nllb

    /// The models that are run, without their owners. All have heads of width 64.
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
      }
    }

    fileprivate var encoder: HuggingFaceText.Encoder { self == .nllb ? .m2m : .bert }
    fileprivate var eps: Float { self == .bert ? 1e-12 : 1e-5 }
    var padID: Int { self == .bert ? 0 : 1 }
  }

  let name: String
  let kind: Kind
  let pooling: TextPooling
  let tokenizer: TokenizerSpec
  /// The configuration that says so.
  let file: String

  /// - Parameters:
  ///   - pooler: open_clip's `hf_pooler_type`.
  ///   - tokenizer: what the configuration says of it; padding and special tokens are the model's.
  init(_ name: String, pooler: String?, tokenizer: TokenizerSpec, file: String) throws(ConvertError) {
    let own = (name.split(separator: "/").last.map(String.init) ?? name).lowercased()
    guard let kind = Kind.allCases.first(where: { $0.names.contains { $0.lowercased() == own } }) else {
      throw .unsupported(
        path: file, architecture: "model with the text tower '\(name)'",
        reason: "its text tower is a Hugging Face model (\(name)), which is not run")
    }
    switch (kind, pooler ?? "mean_pooler") {
    case (_, "mean_pooler"): pooling = .mean
    case (_, "cls_last_hidden_state_pooler"), (.nllb, "cls_pooler"): pooling = .first
    case (_, let other): throw .configuration(file: file, reason: "its text pooling '\(other)' is not run")
    }
    (self.name, self.kind, self.file) = (name, kind, file)
    var tokenizer = tokenizer
    tokenizer.padID = kind.padID
    if kind == .nllb { (tokenizer.bosID, tokenizer.eosID) = (Self.english, 2) }
    self.tokenizer = tokenizer
  }

  /// `eng_Latn`, the language that NLLB's tokenizer puts before a text unless it is told another one.
  private static let english = 256_047

  /// The tower with these shapes.
  func tower(_ facts: TextFacts, heads: Int?) throws(ConvertError) -> TextTower {
    guard facts.encoder == kind.encoder, let mlpWidth = facts.mlpWidth else {
      throw .configuration(file: file, reason: "its text tower '\(name)' is not what the tensors are")
    }
    guard let heads = heads ?? (facts.width % 64 == 0 ? facts.width / 64 : nil) else {
      throw .undecided(
        path: file, undecided: ["how many heads the text tower has"], candidates: [], options: ["--text-heads"])
    }
    let isNLLB = kind == .nllb
    return TextTower(
      blocks: Blocks(
        width: facts.width, layers: facts.layers, heads: heads, mlpWidth: mlpWidth, normEps: kind.eps,
        activation: isNLLB ? .relu : .gelu, sumNorm: !isNLLB),
      vocabulary: facts.vocabulary, causal: false, hidesPadding: true,
      embedding: TextEmbedding(
        positions: facts.positions ?? 0, skipsPadding: kind != .bert, tokenTypes: facts.tokenTypes, norm: !isNLLB,
        scaled: isNLLB),
      pooling: pooling, projection: facts.projection, tokenizer: tokenizer)
  }
}
