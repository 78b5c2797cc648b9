import ZooModels

/// open_clip's `ModernTextTransformer`, under `text.`. Its tensors tell which biases it has and what kind its norms are.
enum ModernText {
  /// A tensor that no other text tower has.
  static let sign = "text.blocks.0.attn.qkv.weight"

  private static let names = [
    "tokens": "token_embedding.weight", "embedding_norm": "norm_pre", "norm": "ln_final",
    "projection.weight": "text_projection.weight", "projection.bias": "text_projection.bias",
    "pooler.q": "pool.q", "pooler.kv": "pool.kv", "pooler.q_norm": "pool.q_norm", "pooler.k_norm": "pool.k_norm",
  ]
  private static let blockNames = [
    "norm1": "norm1", "qkv": "attn.qkv", "q_norm": "attn.q_norm", "k_norm": "attn.k_norm",
    "attention_gate": "attn.gate", "out": "attn.proj", "norm2": "norm2", "scale1": "ls1.gamma", "scale2": "ls2.gamma",
  ]

  static func expression(_ target: Target) -> TensorExpression? {
    let leaf = target.name.leaf
    if leaf == "pooler.latent" { return target.source("text.pool.query", as: [1] + target.shape) }
    if let block = target.name.block { return self.block(target, "text.blocks.\(block).") }
    if let name = names[leaf] { return target.source("text.\(name)") }
    return part(target, prefix: "text.", names: names)
  }

  private static func block(_ target: Target, _ prefix: String) -> TensorExpression? {
    guard let blocks = target.architecture.text?.blocks else { return nil }
    let parts = target.name.leaf.split(separator: ".").map(String.init)
    if parts.count == 1 { return blockNames[parts[0]].map { target.source(prefix + $0) } }
    let isGate = parts[0] == "gate"
    switch parts[0] {
    case "fc1", "gate":
      guard blocks.gated else { return part(target, prefix: prefix, names: ["fc1": "mlp.c_fc"]) }
      // The value, then the gate.
      let rows = target.shape[0], name = "\(prefix)mlp.w12.\(parts[1])"
      guard parts[1] == "weight" || target.has(name) else { return .zeros(target.shape) }
      return TensorExpression.tensor(name, shape: [2 * rows] + target.shape.dropFirst())
        .rows(isGate ? rows..<2 * rows : 0..<rows)
    case "fc2": return part(target, prefix: prefix, names: ["fc2": blocks.gated ? "mlp.w3" : "mlp.c_proj"])
    default: return part(target, prefix: prefix, names: blockNames)
    }
  }

  /// The weight or bias of a layer or norm; the bias of layers may be missing, in all blocks alike.
  private static func part(_ target: Target, prefix: String, names: [String: String]) -> TensorExpression? {
    let leaf = target.name.leaf
    guard let dot = leaf.lastIndex(of: "."), let name = names[String(leaf[..<dot])] else { return nil }
    let kind = leaf[leaf.index(after: dot)...], source = "\(prefix)\(name).\(kind)"
    let first = source.replacing(/blocks\.[0-9]+\./, with: "blocks.0.")
    let isMissing = kind == "bias" && !leaf.contains("norm") && !target.has(first)
    return isMissing ? .zeros(target.shape) : target.source(source)
  }

  static func measure(_ headers: Headers) -> TextFacts? {
    guard let tokens = headers.shape("text.token_embedding.weight", rank: 2), headers.contains(sign) else { return nil }
    let first = "text.blocks.0."
    var facts = TextFacts(vocabulary: tokens[0], width: tokens[1])
    facts.layers = headers.layers("text.blocks.", ".attn.qkv.weight")
    facts.mlpWidth =
      headers.shape("\(first)mlp.w3.weight", rank: 2)?[1] ?? headers.shape("\(first)mlp.c_fc.weight", rank: 2)?[0]
    facts.layerScale = headers.contains("\(first)ls1.gamma")
    if let linear = headers.shape("text.text_projection.weight", rank: 2) {
      facts.embedding = linear[0]
      facts.projection = headers.contains("text.text_projection.bias") ? .linearWithBias : .linear
    }
    return facts
  }
}

extension TextTower {
  /// Whether this is open_clip's `ModernTextTransformer`: not CLIP's own kind, and not an encoder of transformers.
  var isModernText: Bool {
    guard let embedding, embedding.positions == 0, !embedding.sinusoidal else { return false }
    return blocks.relativeBias == nil && blocks.sequenceRope?.halves != true
  }
}
