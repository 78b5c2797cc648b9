import ZooModels

extension CheckpointLayout {
  /// transformers' `ViTForImageClassification` and `DeiTForImageClassification`, whose head ignores the distillation token.
  static let transformersViT = CheckpointLayout(
    .transformers(.vit), name: "transformers-vit", title: "Hugging Face ViT or DeiT classifier",
    fingerprint: Fingerprint(needs: [
      prefixes.map { "\($0)embeddings.cls_token" }, prefixes.map { "\($0)encoder.layer.0.layernorm_before.weight" },
      ["classifier.weight", "cls_classifier.weight"],
    ]), resampling: .bicubic,
    drops: { _ in [DropRule("*.pooler.dense.*", "a pooling layer that the classifier does not use")] },
    measure: { vit($0).measure($0) }, expression: { vit($0.headers).expression($0) })

  /// transformers' `CLIPForImageClassification`: the mean of CLIP's patches, without a norm.
  static let transformersCLIPClassifier = CheckpointLayout(
    .transformers(.clip), name: "transformers-clip-classifier", title: "Hugging Face CLIPForImageClassification",
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

  @Sendable private static func vit(_ headers: Headers) -> TransformersViT {
    TransformersViT(
      prefix: prefixes.first { headers.contains("\($0)embeddings.cls_token") } ?? "vit.",
      registers: "distillation_token", registersHavePositions: true,
      blockNames: [
        "norm1": "layernorm_before", "norm2": "layernorm_after", "fc1": "intermediate.dense", "fc2": "output.dense",
      ])
  }
}
