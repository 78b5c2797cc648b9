import ZooModels

extension CheckpointLayout {
  /// MobileCLIP-B as Apple published it (apple/ml-mobileclip): both towers are stacks of the same `TransformerEncoder`.
  static let mobileCLIP = CheckpointLayout(
    .original, name: "mobileclip", title: "MobileCLIP-B, original",
    fingerprint: Fingerprint(needs: [
      ["image_encoder.model.patch_emb.0.block.conv.weight"], ["text_encoder.embedding_layer.weight"],
    ]),
    note: "The image tower runs as in open_clip and timm; Apple's own code pads pictures by one pixel before the first "
      + "convolution and has the epsilon 1e-5, so that its embeddings differ.",
    drops: { _ in [DropRule("*.num_batches_tracked", "a counter of the training", integersOnly: true)] },
    measure: { headers in
      ArchitectureFacts(
        vision: MobileTowers.vision(headers), text: MobileTowers.text(headers),
        logitBias: headers.contains("logit_bias"))
    },
    expression: { target in
      switch target.name.tower {
      case .vision: MobileTowers.vision(target)
      case .text: MobileTowers.text(target)
      case .model: openCLIPScalar(target)
      }
    })
}

private enum MobileTowers {
  private static let vision = "image_encoder.model.", text = "text_encoder."
  private static let positions = "pos_embed.pos_embed"
  private static let blockNames = [
    "norm1": "pre_norm_mha.0", "qkv": "pre_norm_mha.1.qkv_proj", "out": "pre_norm_mha.1.out_proj",
    "norm2": "pre_norm_ffn.0", "fc1": "pre_norm_ffn.1", "fc2": "pre_norm_ffn.4",
  ]

  static func vision(_ target: Target) -> TensorExpression? {
    if target.name.block != nil { return block(target, prefix: vision) }
    let tower = target.vision
    switch target.name.leaf {
    case "patch.weight", "patch.bias":
      guard case .cells(let stem) = tower.stem, case let last = stem.kernels.count - 1 else { return nil }
      return target.source("\(convolution(last)).\(target.name.leaf == "patch.bias" ? "bias" : "weight")")
    case "class_token": return target.source("\(vision)cls_token", as: [1, 1, tower.blocks.width])
    case "positions": return target.source("\(vision)pos_embed.\(positions)", as: [1, 1] + target.shape)
    case "norm.weight": return target.source("\(vision)post_transformer_norm.weight")
    case "norm.bias": return target.source("\(vision)post_transformer_norm.bias")
    case "projection.weight": return target.transposedSource("\(vision)classifier.proj")
    // The registered architecture has the bias that timm gives its head.
    case "projection.bias": return .zeros(target.shape)
    default: return ConvolutionStem.expression(target, convolution: convolution, norm: { "\(stage($0)).norm" })
    }
  }

  static func text(_ target: Target) -> TensorExpression? {
    if target.name.block != nil { return block(target, prefix: text) }
    switch target.name.leaf {
    case "tokens": return target.source("\(text)embedding_layer.weight")
    case "positions": return target.source("\(text)positional_embedding.\(positions)", as: [1, 1] + target.shape)
    case "norm.weight": return target.source("\(text)final_layer_norm.weight")
    case "norm.bias": return target.source("\(text)final_layer_norm.bias")
    case "projection.weight": return target.transposedSource("\(text)projection_layer")
    default: return nil
    }
  }

  private static func stage(_ index: Int) -> String { "\(vision)patch_emb.\(index).block" }
  private static func convolution(_ index: Int) -> String { "\(stage(index)).conv" }

  private static func block(_ target: Target, prefix: String) -> TensorExpression? {
    let parts = target.name.leaf.split(separator: ".").map(String.init)
    guard let block = target.name.block, parts.count == 2, let name = blockNames[parts[0]] else { return nil }
    return target.source("\(prefix)transformer.\(block).\(name).\(parts[1])")
  }

  static func vision(_ headers: Headers) -> VisionFacts {
    var facts = VisionFacts()
    ConvolutionStem.measure(headers, convolution: convolution, into: &facts)
    facts.classToken = headers.contains("\(vision)cls_token")
    facts.positions = headers.shape("\(vision)pos_embed.\(positions)", rank: 4)?[2]
    (facts.layers, facts.mlpWidth) = blocks(headers, prefix: vision)
    facts.embedding = headers.shape("\(vision)classifier.proj", rank: 2)?[1]
    facts.projection = facts.embedding == nil ? Projection.none : .linearWithBias
    return facts
  }

  static func text(_ headers: Headers) -> TextFacts? {
    guard let tokens = headers.shape("\(text)embedding_layer.weight", rank: 2) else { return nil }
    var facts = TextFacts(vocabulary: tokens[0], width: tokens[1])
    facts.positions = headers.shape("\(text)positional_embedding.\(positions)", rank: 4)?[2]
    (facts.layers, facts.mlpWidth) = blocks(headers, prefix: text)
    facts.embedding = headers.shape("\(text)projection_layer", rank: 2)?[1]
    if facts.embedding != nil { facts.projection = .linear }
    return facts
  }

  private static func blocks(_ headers: Headers, prefix: String) -> (layers: Int, mlpWidth: Int?) {
    (
      headers.layers("\(prefix)transformer.", ".pre_norm_mha.0.weight"),
      headers.shape("\(prefix)transformer.0.pre_norm_ffn.1.weight", rank: 2)?[0]
    )
  }
}
