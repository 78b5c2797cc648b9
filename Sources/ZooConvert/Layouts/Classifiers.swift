import ZooModels

extension CheckpointLayout {
  /// timm's `VisionTransformer` with a linear head.
  static let timmClassifier = CheckpointLayout(
    .timm, name: "timm-vit", title: "timm ViT classifier", part: .classifier,
    fingerprint: Fingerprint(needs: [
      ["patch_embed.proj.weight", "patch_embed.backbone.0.conv.weight", "embeds.proj.weight"],
      ["blocks.0.norm1.weight"], ["head.weight"],
    ]), convention: .timm,
    drops: { _ in [.batchCounter] },
    measure: { headers in
      ArchitectureFacts(vision: TimmVision.measure(headers, prefix: ""), text: nil, logitBias: false)
    },
    expression: { $0.name.tower == .vision ? TimmVision.expression($0, prefix: "") : nil })

  /// The NPZ classifiers of Google's vision_transformer (augreg) and of big_vision.
  static let googleClassifier = CheckpointLayout(
    .google, name: "google-vit", title: "google ViT classifier (NPZ)", part: .classifier,
    fingerprint: Fingerprint(
      needs: [
        flaxPrefixes.map { "\($0)embedding/kernel" }, flaxPrefixes.map { "\($0)Transformer/encoder_norm/scale" },
        flaxPrefixes.map { "\($0)head/kernel" },
      ]), resampling: .bilinear, convention: .timm,
    drops: { headers in
      flaxDrops(headers, "embedding/kernel")
        + [DropRule("*pre_logits/*", "a layer before the head of ImageNet-21k that timm leaves out too")]
    },
    measure: { headers in
      let prefix = flaxPrefix(headers, "embedding/kernel")
      var vision = VisionFacts()
      if let kernel = headers.shape("\(prefix)embedding/kernel", rank: 4) {
        (vision.width, vision.patch) = (kernel[3], kernel[0])
      }
      vision.patchBias = true
      vision.classToken = headers.contains("\(prefix)cls")
      vision.positions = headers.shape(positions(headers, prefix), rank: 3)?[1]
      vision.positionsCoverPrefix = true
      (vision.layers, vision.heads, vision.mlpWidth) = FlaxEncoder.measure(headers, path: "\(prefix)Transformer/")
      vision.embedding = headers.shape("\(prefix)head/kernel", rank: 2)?[1]
      vision.projection = .linearWithBias
      return ArchitectureFacts(vision: vision, text: nil, logitBias: false)
    },
    expression: { target in
      guard target.name.tower == .vision else { return nil }
      let prefix = flaxPrefix(target.headers, "embedding/kernel")
      let blocks = target.vision.blocks
      if let block = target.name.block {
        return FlaxEncoder(
          path: "\(prefix)Transformer/", width: blocks.width, heads: blocks.heads, layers: blocks.layers,
          headers: target.headers
        ).expression(target, block: block)
      }
      switch target.name.leaf {
      case "patch.weight": return flaxConvolution("\(prefix)embedding/kernel", target)
      case "patch.bias": return target.source("\(prefix)embedding/bias")
      case "class_token": return target.source("\(prefix)cls", as: [1, 1, blocks.width])
      case "positions": return target.source(positions(target.headers, prefix), as: [1] + target.shape)
      case "norm.weight": return target.source("\(prefix)Transformer/encoder_norm/scale")
      case "norm.bias": return target.source("\(prefix)Transformer/encoder_norm/bias")
      case "projection.weight": return target.transposedSource("\(prefix)head/kernel")
      case "projection.bias": return target.source("\(prefix)head/bias")
      default: return nil
      }
    })

  /// The position table is inside the transformer (vision_transformer) or beside it (big_vision).
  @Sendable private static func positions(_ headers: Headers, _ prefix: String) -> String {
    headers.isEmpty || headers.contains("\(prefix)pos_embedding")
      ? "\(prefix)pos_embedding" : "\(prefix)Transformer/posembed_input/pos_embedding"
  }
}
