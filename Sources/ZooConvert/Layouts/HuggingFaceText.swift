import ZooModels

/// open_clip's `HFTextEncoder`: an encoder of transformers under `text.transformer.`, the projection under `text.proj`.
enum HuggingFaceText {
  /// The encoder classes, each recognised by a tensor that only it has.
  enum Encoder: CaseIterable {
    /// `BertModel`, `RobertaModel` and `XLMRobertaModel`, whose tensors are the same.
    case bert
    /// `M2M100Encoder`, which NLLB uses.
    case m2m
    /// The encoder of `T5Model` and `MT5Model` with a gated MLP; no layer has a bias.
    case t5
    /// `ModernBertModel`, without biases.
    case modernBERT

    var tokens: String {
      switch self {
      case .bert: "\(prefix)embeddings.word_embeddings.weight"
      case .m2m, .t5: "\(prefix)embed_tokens.weight"
      case .modernBERT: "\(prefix)embeddings.tok_embeddings.weight"
      }
    }

    init?(_ headers: Headers) {
      guard
        let found = Self.allCases.first(where: {
          headers.contains($0.tokens) && headers.contains($0.block(0) + $0.firstBlockTensor)
        })
      else { return nil }
      self = found
    }

    init(_ architecture: Architecture) {
      let blocks = architecture.text?.blocks
      self =
        blocks?.sumNorm == true
        ? .bert : blocks?.relativeBias != nil ? .t5 : blocks?.sequenceRope != nil ? .modernBERT : .m2m
    }

    fileprivate var blocks: String {
      switch self {
      case .bert: "\(prefix)encoder.layer."
      case .m2m, .modernBERT: "\(prefix)layers."
      case .t5: "\(prefix)block."
      }
    }
    fileprivate func block(_ index: Int) -> String { "\(blocks)\(index)." }
    fileprivate var firstBlockTensor: String { names["fc1"].map { "\($0).weight" } ?? "" }

    /// The query, key and value of a block, or all in one.
    fileprivate var attention: [String] {
      switch self {
      case .bert: ["query", "key", "value"].map { "attention.self.\($0)" }
      case .m2m: ["q", "k", "v"].map { "self_attn.\($0)_proj" }
      case .t5: ["q", "k", "v"].map { "layer.0.SelfAttention.\($0)" }
      case .modernBERT: ["attn.Wqkv"]
      }
    }

    /// Names of layers and norms, in a block and outside.
    fileprivate var names: [String: String] {
      switch self {
      case .bert:
        [
          "embedding_norm": "\(prefix)embeddings.LayerNorm", "out": "attention.output.dense",
          "norm1": "attention.output.LayerNorm", "fc1": "intermediate.dense", "fc2": "output.dense",
          "norm2": "output.LayerNorm",
        ]
      case .m2m:
        [
          "norm": "\(prefix)layer_norm", "norm1": "self_attn_layer_norm", "out": "self_attn.out_proj",
          "norm2": "final_layer_norm", "fc1": "fc1", "fc2": "fc2",
        ]
      case .t5:
        [
          "norm": "\(prefix)final_layer_norm", "norm1": "layer.0.layer_norm", "out": "layer.0.SelfAttention.o",
          "norm2": "layer.1.layer_norm", "gate": "layer.1.DenseReluDense.wi_0", "fc1": "layer.1.DenseReluDense.wi_1",
          "fc2": "layer.1.DenseReluDense.wo",
        ]
      case .modernBERT:
        [
          "embedding_norm": "\(prefix)embeddings.norm", "norm": "\(prefix)final_norm", "norm1": "attn_norm",
          "out": "attn.Wo", "norm2": "mlp_norm", "fc1": "mlp.Wi", "fc2": "mlp.Wo",
        ]
      }
    }
  }

  static let prefix = "text.transformer."
  private static let positions = "\(prefix)embeddings.position_embeddings.weight"
  private static let relativeBias = "\(prefix)block.0.layer.0.SelfAttention.relative_attention_bias.weight"
  private static let tokenTypes = "\(prefix)embeddings.token_type_embeddings.weight"

  static let drops = [
    DropRule.positionIDs,
    DropRule("\(prefix)pooler.dense.*", "a pooling layer of transformers, which open_clip's poolers do not use"),
    DropRule("\(prefix)embed_positions.weights", "sines and cosines of positions, which the runtime computes itself"),
    DropRule("text_decoder.*", "the captioning decoder, which takes no part in the embeddings"),
  ]

  static func expression(_ target: Target) -> TensorExpression? {
    let encoder = Encoder(target.architecture)
    switch target.name.leaf {
    case "tokens": return target.source(encoder.tokens)
    case "positions": return target.source(positions)
    case "token_types": return target.source(tokenTypes)
    case "relative_bias": return target.source(relativeBias)
    case "projection.weight": return target.source("text.proj.weight")
    case "projection.fc1.weight": return target.source("text.proj.0.weight")
    case "projection.fc2.weight": return target.source("text.proj.2.weight")
    default: break
    }
    let parts = target.name.leaf.split(separator: ".").map(String.init)
    guard parts.count == 2 else { return nil }
    if [.t5, .modernBERT].contains(encoder), parts[1] == "bias" { return .zeros(target.shape) }
    let place = target.name.block.map(encoder.block) ?? ""
    if encoder == .modernBERT, ["gate", "fc1"].contains(parts[0]), let name = encoder.names["fc1"] {
      // The gate, then the value.
      let rows = target.shape[0]
      return TensorExpression.tensor("\(place)\(name).weight", shape: [2 * rows] + target.shape.dropFirst())
        .rows(parts[0] == "gate" ? 0..<rows : rows..<2 * rows)
    }
    if parts[0] == "qkv" {
      let part = [target.shape[0] / encoder.attention.count] + target.shape.dropFirst()
      return .concat(encoder.attention.map { .tensor("\(place)\($0).\(parts[1])", shape: part) })
    }
    return encoder.names[parts[0]].map { target.source("\(place)\($0).\(parts[1])") }
  }

  static func measure(_ headers: Headers) -> TextFacts? {
    guard let encoder = Encoder(headers), let tokens = headers.shape(encoder.tokens, rank: 2) else { return nil }
    var facts = TextFacts(vocabulary: tokens[0], width: tokens[1])
    facts.encoder = encoder
    facts.positions = headers.shape(positions, rank: 2)?[0]
    facts.biasBuckets = headers.shape(relativeBias, rank: 2)?[0]
    facts.heads = headers.shape(relativeBias, rank: 2)?[1]
    facts.tokenTypes = headers.shape(tokenTypes, rank: 2)?[0] ?? 0
    facts.layers = headers.layers(encoder.blocks, ".\(encoder.firstBlockTensor)")
    let rows = headers.shape(encoder.block(0) + encoder.firstBlockTensor, rank: 2)?[0]
    facts.mlpWidth = encoder == .modernBERT ? rows.map { $0 / 2 } : rows
    if let linear = headers.shape("text.proj.weight", rank: 2) {
      (facts.projection, facts.embedding) = (.linear, linear[0])
    } else if let second = headers.shape("text.proj.2.weight", rank: 2) {
      (facts.projection, facts.embedding) = (.mlp, second[0])
    }
    return facts
  }
}
