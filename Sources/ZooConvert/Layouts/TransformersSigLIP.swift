import ZooModels

extension CheckpointLayout {
  /// transformers' `SiglipModel`, which fixed-resolution SigLIP2 uses too.
  static let transformersSigLIP = siglip(
    .siglip, name: "transformers-siglip", title: "Hugging Face SiglipModel", resampling: .bicubic, patchRank: 4)

  /// transformers' `Siglip2Model` (NaFlex): a linear layer over the pixels of a patch, and a position table that is resampled for every picture.
  static let transformersSigLIP2 = siglip(
    .siglip2, name: "transformers-siglip2", title: "Hugging Face Siglip2Model", resampling: .bilinearAntialias,
    patchRank: 2)

  private static let patch = "vision_model.embeddings.patch_embedding"

  private static func siglip(
    _ model: Source.TransformersModel, name: String, title: String, resampling: PositionResampling, patchRank: Int
  ) -> CheckpointLayout {
    CheckpointLayout(
      .transformers(model), name: name, title: title,
      fingerprint: Fingerprint(
        needs: [
          ["vision_model.head.probe"], ["text_model.embeddings.token_embedding.weight"], ["\(patch).weight"],
        ], ranks: ["\(patch).weight": patchRank]), resampling: resampling,
      drops: { _ in [.positionIDs] },
      measure: { headers in
        var vision = TransformersBlocks.vision(headers)
        if patchRank == 2 {
          NaFlexEmbedding.measurePatch(headers, "\(patch).weight", into: &vision)
          vision.positionGrid = vision.positions.flatMap(exactSquareRoot).map { GridSize(square: $0) }
        }
        vision.patchBias = true
        pooler.measure(headers, into: &vision)
        var text = TransformersBlocks.text(headers)
        text?.projection = headers.contains("text_model.head.weight") ? .linearWithBias : Projection.none
        text?.embedding = headers.shape("text_model.head.weight", rank: 2)?[0]
        return ArchitectureFacts(vision: vision, text: text, logitBias: headers.contains("logit_bias"))
      },
      expression: { target in
        switch (target.name.tower, target.name.leaf) {
        case (.vision, "patch.weight") where patchRank == 2:
          NaFlexEmbedding.patchWeight(target, "\(patch).weight")
        case (.vision, _): vision(target)
        case (.text, _): text(target)
        case (.model, _): openCLIPScalar(target, writtenShape: [1])
        }
      })
  }

  private static let pooler = FusedAttentionPooler(
    prefix: "vision_model.head.", attention: "attention", fc1: "mlp.fc1", fc2: "mlp.fc2")

  @Sendable private static func vision(_ target: Target) -> TensorExpression? {
    if let block = target.name.block {
      return TransformersBlocks.expression(target, block: block, prefix: "vision_model.")
    }
    switch target.name.leaf {
    case "patch.weight": return target.source("\(patch).weight")
    case "patch.bias": return target.source("\(patch).bias")
    case "positions": return target.source("vision_model.embeddings.position_embedding.weight")
    case "norm.weight": return target.source("vision_model.post_layernorm.weight")
    case "norm.bias": return target.source("vision_model.post_layernorm.bias")
    default: return pooler.expression(target)
    }
  }

  @Sendable private static func text(_ target: Target) -> TensorExpression? {
    switch target.name.leaf {
    case "projection.weight": return target.source("text_model.head.weight")
    case "projection.bias": return target.source("text_model.head.bias")
    default: return TransformersBlocks.text(target)
    }
  }
}
