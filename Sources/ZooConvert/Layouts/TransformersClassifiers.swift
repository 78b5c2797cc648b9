import ZooModels

extension CheckpointLayout {
  /// transformers' `ViTForImageClassification` and `DeiTForImageClassification`, whose distillation token the head does not look at.
  static let transformersViT = CheckpointLayout(
    name: "transformers-vit", title: "Hugging Face ViT or DeiT classifier",
    fingerprint: Fingerprint(needs: [
      prefixes.map { "\($0)embeddings.cls_token" }, prefixes.map { "\($0)encoder.layer.0.layernorm_before.weight" },
      ["classifier.weight", "cls_classifier.weight"],
    ]), resampling: .bicubic,
    drops: { _ in [DropRule("*.pooler.dense.*", "a pooling layer that the classifier does not use")] },
    measure: { headers in
      let prefix = prefix(headers)
      var vision = VisionFacts()
      if let patch = headers.shape("\(prefix)embeddings.patch_embeddings.projection.weight", rank: 4) {
        (vision.width, vision.patch) = (patch[0], patch[3])
      }
      vision.patchBias = true
      vision.classToken = true
      vision.registers = headers.contains("\(prefix)embeddings.distillation_token") ? 1 : 0
      vision.positions = headers.shape("\(prefix)embeddings.position_embeddings", rank: 3)?[1]
      vision.positionsCoverPrefix = true
      vision.layers = headers.layers("\(prefix)encoder.layer.", ".layernorm_before.weight")
      vision.mlpWidth = headers.shape("\(prefix)encoder.layer.0.intermediate.dense.weight", rank: 2)?[0]
      vision.embedding = headers.shape("classifier.weight", rank: 2)?[0]
      vision.projection = .linearWithBias
      return ArchitectureFacts(vision: vision, text: nil, logitBias: false)
    },
    expression: { $0.name.tower == .vision ? vision($0, prefix: prefix($0.headers)) : nil })

  /// transformers' `CLIPForImageClassification`: the mean of CLIP's patches, without a norm.
  static let transformersCLIPClassifier = CheckpointLayout(
    name: "transformers-clip-classifier", title: "Hugging Face CLIPForImageClassification",
    fingerprint: Fingerprint(
      needs: [["vision_model.embeddings.class_embedding"], ["classifier.weight"]],
      forbids: ["text_model.embeddings.token_embedding.weight", "visual_projection.weight", "vision_model.head.probe"]),
    resampling: .bicubic,
    drops: { _ in [.positionIDs, DropRule("vision_model.post_layernorm.*", "a norm that the classifier does not use")]
    },
    measure: { headers in
      var vision = TransformersBlocks.vision(headers)
      (vision.classToken, vision.normPre, vision.noFinalNorm, vision.normAfterMean) = (true, true, true, true)
      vision.projection = headers.contains("classifier.bias") ? .linearWithBias : .linear
      vision.embedding = headers.shape("classifier.weight", rank: 2)?[0]
      return ArchitectureFacts(vision: vision, text: nil, logitBias: false)
    },
    expression: { target in
      switch target.name.leaf {
      case "projection.weight": target.source("classifier.weight")
      case "projection.bias": target.source("classifier.bias")
      default: target.name.tower == .vision ? transformersCLIP.expression(target) : nil
      }
    })

  private static let prefixes = ["vit.", "deit."]

  @Sendable private static func prefix(_ headers: Headers) -> String {
    prefixes.first { headers.contains("\($0)embeddings.cls_token") } ?? "vit."
  }

  @Sendable private static func vision(_ target: Target, prefix: String) -> TensorExpression? {
    let width = target.vision.blocks.width
    if let block = target.name.block { return self.block(target, "\(prefix)encoder.layer.\(block).", prefix) }
    switch target.name.leaf {
    case "patch.weight": return target.source("\(prefix)embeddings.patch_embeddings.projection.weight")
    case "patch.bias": return target.source("\(prefix)embeddings.patch_embeddings.projection.bias")
    case "class_token": return target.source("\(prefix)embeddings.cls_token", as: [1, 1, width])
    case "registers": return target.source("\(prefix)embeddings.distillation_token", as: [1, 1, width])
    case "positions": return target.source("\(prefix)embeddings.position_embeddings", as: [1] + target.shape)
    case "norm.weight": return target.source("\(prefix)layernorm.weight")
    case "norm.bias": return target.source("\(prefix)layernorm.bias")
    case "projection.weight": return target.source("classifier.weight")
    case "projection.bias": return target.source("classifier.bias")
    default: return nil
    }
  }

  private static let blockNames = [
    "norm1": "layernorm_before", "out": "attention.output.dense", "norm2": "layernorm_after",
    "fc1": "intermediate.dense", "fc2": "output.dense",
  ]

  private static func block(_ target: Target, _ block: String, _ prefix: String) -> TensorExpression? {
    let parts = target.name.leaf.split(separator: ".").map(String.init)
    guard parts.count == 2 else { return nil }
    if parts[0] == "qkv" {
      // `qkv_bias` is false in some; the first block decides for all.
      let first = "\(prefix)encoder.layer.0.attention.attention.query.bias"
      if parts[1] == "bias", !target.has(first, default: true) { return .zeros(target.shape) }
      let part = [target.shape[0] / 3] + target.shape.dropFirst()
      return .concat(
        ["query", "key", "value"].map { .tensor("\(block)attention.attention.\($0).\(parts[1])", shape: part) })
    }
    return blockNames[parts[0]].map { target.source("\(block)\($0).\(parts[1])") }
  }
}
