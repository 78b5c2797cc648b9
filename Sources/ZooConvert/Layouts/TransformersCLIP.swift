import ZooModels

extension CheckpointLayout {
  /// transformers' `CLIPModel`: query, key and value separate, projections as linear layers without bias.
  static let transformersCLIP = CheckpointLayout(
    .transformers(.clip), name: "transformers-clip", title: "Hugging Face CLIPModel",
    fingerprint: Fingerprint(
      needs: [
        ["vision_model.embeddings.class_embedding"], ["text_model.embeddings.token_embedding.weight"],
        ["visual_projection.weight"],
      ], forbids: ["vision_model.head.probe"]), resampling: .bicubic,
    drops: { _ in [.positionIDs] },
    measure: { headers in
      var vision = TransformersBlocks.vision(headers)
      vision.classToken = true
      vision.normPre = true
      vision.projection = headers.contains("visual_projection.weight") ? .linear : .none
      vision.embedding = headers.shape("visual_projection.weight", rank: 2)?[0]
      var text = TransformersBlocks.text(headers)
      text?.projection = headers.contains("text_projection.weight") ? .linear : Projection.none
      text?.embedding = headers.shape("text_projection.weight", rank: 2)?[0]
      return ArchitectureFacts(vision: vision, text: text, logitBias: headers.contains("logit_bias"))
    },
    expression: { target in
      switch target.name.tower {
      case .vision: vision(target)
      case .text: text(target)
      case .model: openCLIPScalar(target)
      }
    })

  @Sendable private static func vision(_ target: Target) -> TensorExpression? {
    if let block = target.name.block {
      return TransformersBlocks.expression(target, block: block, prefix: "vision_model.")
    }
    switch target.name.leaf {
    case "patch.weight": return target.source("vision_model.embeddings.patch_embedding.weight")
    case "class_token": return target.source("vision_model.embeddings.class_embedding")
    case "positions": return target.source("vision_model.embeddings.position_embedding.weight")
    // Misspelled like this in every CLIP checkpoint of transformers.
    case "norm_pre.weight": return target.source("vision_model.pre_layrnorm.weight")
    case "norm_pre.bias": return target.source("vision_model.pre_layrnorm.bias")
    case "norm.weight": return target.source("vision_model.post_layernorm.weight")
    case "norm.bias": return target.source("vision_model.post_layernorm.bias")
    case "projection.weight": return target.source("visual_projection.weight")
    default: return nil
    }
  }

  @Sendable private static func text(_ target: Target) -> TensorExpression? {
    switch target.name.leaf {
    case "projection.weight": return target.source("text_projection.weight")
    default: return TransformersBlocks.text(target)
    }
  }
}
