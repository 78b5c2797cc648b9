import ZooModels

/// open_clip's own text transformer, at the top level or under `text.`.
///
/// The name identifies the projection: `text_projection` is a parameter `[width, embedding]` used as `x @ W`, `text_projection.weight` a linear layer
/// `[embedding, width]`. For square ones there is no other sign.
enum NativeText {
  /// - Parameter writtenPrefix: The prefix in a file that is yet to be written.
  static func expression(_ target: Target, writtenPrefix: String) -> TensorExpression? {
    let prefix = target.headers.isEmpty ? writtenPrefix : prefix(target.headers)
    if let block = target.name.block {
      return NativeBlocks.expression(target, prefix: "\(prefix)transformer.resblocks.\(block).")
    }
    switch target.name.leaf {
    case "tokens": return target.source("\(prefix)token_embedding.weight")
    case "positions": return LongCLIP.positions(target, prefix: prefix)
    case "class_token": return target.source("\(prefix)cls_emb")
    case "norm.weight": return target.source("\(prefix)ln_final.weight")
    case "norm.bias": return target.source("\(prefix)ln_final.bias")
    case "projection.weight":
      let isLinear = target.has(
        "\(prefix)text_projection.weight", default: target.architecture.text?.projection == .linearWithBias)
      return isLinear
        ? target.source("\(prefix)text_projection.weight") : target.transposedSource("\(prefix)text_projection")
    case "projection.bias": return target.source("\(prefix)text_projection.bias")
    default: return nil
    }
  }

  /// `text.` if the tower has a module of its own.
  static func prefix(_ headers: Headers) -> String {
    headers.contains("text.positional_embedding") ? "text." : ""
  }

  static func measure(_ headers: Headers) -> TextFacts? {
    let prefix = prefix(headers)
    guard let tokens = headers.shape("\(prefix)token_embedding.weight", rank: 2) else { return nil }
    var facts = TextFacts(vocabulary: tokens[0], width: tokens[1])
    facts.positions = headers.shape("\(prefix)positional_embedding", rank: 2)?[0]
    facts.classToken = headers.contains("\(prefix)cls_emb")
    facts.layers = headers.layers("\(prefix)transformer.resblocks.", ".ln_1.weight")
    facts.mlpWidth = headers.shape("\(prefix)transformer.resblocks.0.mlp.c_fc.weight", rank: 2)?[0]
    facts.layerScale = headers.contains("\(prefix)transformer.resblocks.0.ls_1.gamma")
    if let parameter = headers.shape("\(prefix)text_projection", rank: 2) {
      (facts.projection, facts.embedding) = (.linear, parameter[1])
    } else if let linear = headers.shape("\(prefix)text_projection.weight", rank: 2) {
      facts.embedding = linear[0]
      facts.projection = headers.contains("\(prefix)text_projection.bias") ? .linearWithBias : .linear
    }
    return facts
  }
}
