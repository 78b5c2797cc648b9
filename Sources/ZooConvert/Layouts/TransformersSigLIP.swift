import ZooModels

extension Layout {
  /// transformers' `SiglipModel`, which SigLIP2 of a fixed resolution uses too.
  static let transformersSigLIP = Layout(
    name: "transformers-siglip", title: "Hugging Face SiglipModel",
    fingerprint: Fingerprint(needs: [
      ["vision_model.head.probe"], ["text_model.embeddings.token_embedding.weight"],
      ["vision_model.embeddings.patch_embedding.weight"],
    ]), resampling: .bicubic,
    drops: { _ in [.positionIDs] },
    measure: { headers in
      var vision = TransformersBlocks.vision(headers)
      vision.patchBias = true
      vision.pooler = .attention
      vision.poolerMLP = headers.shape("vision_model.head.mlp.fc1.weight", rank: 2)?[0]
      var text = TransformersBlocks.text(headers)
      text?.projection = headers.contains("text_model.head.weight") ? .linearWithBias : Projection.none
      text?.embedding = headers.shape("text_model.head.weight", rank: 2)?[0]
      return ArchitectureFacts(vision: vision, text: text, logitBias: headers.contains("logit_bias"))
    },
    expression: { target in
      switch target.name.tower {
      case .vision: vision(target)
      case .text: text(target)
      case .model: openCLIPScalar(target, writtenShape: [1])
      }
    })

  @Sendable private static func vision(_ target: Target) -> Expression? {
    if let block = target.name.block {
      return TransformersBlocks.expression(target, block: block, prefix: "vision_model.")
    }
    let width = target.vision.blocks.width
    let attention = "vision_model.head.attention."
    // Rows of `in_proj`: query, key, value.
    let weight = Expression.tensor("\(attention)in_proj_weight", shape: [3 * width, width])
    let bias = Expression.tensor("\(attention)in_proj_bias", shape: [3 * width])
    switch target.name.leaf {
    case "patch.weight": return target.source("vision_model.embeddings.patch_embedding.weight")
    case "patch.bias": return target.source("vision_model.embeddings.patch_embedding.bias")
    case "positions": return target.source("vision_model.embeddings.position_embedding.weight")
    case "norm.weight": return target.source("vision_model.post_layernorm.weight")
    case "norm.bias": return target.source("vision_model.post_layernorm.bias")
    case "pooler.latent": return target.source("vision_model.head.probe", as: [1, 1, width])
    case "pooler.q.weight": return weight.rows(0..<width)
    case "pooler.q.bias": return bias.rows(0..<width)
    case "pooler.kv.weight": return weight.rows(width..<3 * width)
    case "pooler.kv.bias": return bias.rows(width..<3 * width)
    case "pooler.out.weight": return target.source("\(attention)out_proj.weight")
    case "pooler.out.bias": return target.source("\(attention)out_proj.bias")
    case "pooler.norm.weight": return target.source("vision_model.head.layernorm.weight")
    case "pooler.norm.bias": return target.source("vision_model.head.layernorm.bias")
    case "pooler.fc1.weight": return target.source("vision_model.head.mlp.fc1.weight")
    case "pooler.fc1.bias": return target.source("vision_model.head.mlp.fc1.bias")
    case "pooler.fc2.weight": return target.source("vision_model.head.mlp.fc2.weight")
    case "pooler.fc2.bias": return target.source("vision_model.head.mlp.fc2.bias")
    default: return nil
    }
  }

  @Sendable private static func text(_ target: Target) -> Expression? {
    switch target.name.leaf {
    case "projection.weight": return target.source("text_model.head.weight")
    case "projection.bias": return target.source("text_model.head.bias")
    default: return TransformersBlocks.text(target)
    }
  }
}
