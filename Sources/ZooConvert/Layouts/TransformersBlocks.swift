/// The encoder layers of transformers' CLIP and SigLIP classes, in both towers.
enum TransformersBlocks {
  private static let names = [
    "norm1.weight": "layer_norm1.weight", "norm1.bias": "layer_norm1.bias",
    "out.weight": "self_attn.out_proj.weight", "out.bias": "self_attn.out_proj.bias",
    "norm2.weight": "layer_norm2.weight", "norm2.bias": "layer_norm2.bias",
    "fc1.weight": "mlp.fc1.weight", "fc1.bias": "mlp.fc1.bias",
    "fc2.weight": "mlp.fc2.weight", "fc2.bias": "mlp.fc2.bias",
  ]

  /// `prefix` is `vision_model.` or `text_model.`.
  static func expression(_ target: Target, block: Int, prefix: String) -> TensorExpression? {
    let prefix = "\(prefix)encoder.layers.\(block)."
    let leaf = target.name.leaf
    if leaf == "qkv.weight" || leaf == "qkv.bias" {
      let part = [target.shape[0] / 3] + target.shape.dropFirst()
      let kind = leaf == "qkv.weight" ? "weight" : "bias"
      return .concat(["q", "k", "v"].map { .tensor("\(prefix)self_attn.\($0)_proj.\(kind)", shape: part) })
    }
    return names[leaf].map { target.source(prefix + $0) }
  }

  /// Number of layers and width of the MLP.
  static func measure(_ headers: Headers, prefix: String) -> (layers: Int, mlpWidth: Int?) {
    (
      headers.layers("\(prefix)encoder.layers.", ".layer_norm1.weight"),
      headers.shape("\(prefix)encoder.layers.0.mlp.fc1.weight", rank: 2)?[0]
    )
  }

  static func text(_ headers: Headers) -> TextFacts? {
    guard let tokens = headers.shape("text_model.embeddings.token_embedding.weight", rank: 2) else { return nil }
    var facts = TextFacts(vocabulary: tokens[0], width: tokens[1])
    facts.positions = headers.shape("text_model.embeddings.position_embedding.weight", rank: 2)?[0]
    (facts.layers, facts.mlpWidth) = measure(headers, prefix: "text_model.")
    return facts
  }

  static func vision(_ headers: Headers) -> VisionFacts {
    var facts = VisionFacts()
    if let patch = headers.shape("vision_model.embeddings.patch_embedding.weight", rank: 4) {
      (facts.width, facts.patch) = (patch[0], patch[3])
    }
    facts.positions = headers.shape("vision_model.embeddings.position_embedding.weight", rank: 2)?[0]
    (facts.layers, facts.mlpWidth) = measure(headers, prefix: "vision_model.")
    return facts
  }

  /// What the text towers of all transformers models share: everything but the projection.
  static func text(_ target: Target) -> TensorExpression? {
    if let block = target.name.block { return expression(target, block: block, prefix: "text_model.") }
    switch target.name.leaf {
    case "tokens": return target.source("text_model.embeddings.token_embedding.weight")
    case "positions": return target.source("text_model.embeddings.position_embedding.weight")
    case "norm.weight": return target.source("text_model.final_layer_norm.weight")
    case "norm.bias": return target.source("text_model.final_layer_norm.bias")
    default: return nil
    }
  }
}
