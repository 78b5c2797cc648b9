import ZooModels

/// SigLIP's attention pooler as a module around torch's `MultiheadAttention`, in which query, key and value are one tensor.
struct FusedAttentionPooler {
  /// The prefix of all its names, such as `vision_model.head.`.
  let prefix: String
  /// The name of the attention, and those of the two layers of the MLP.
  let attention: String
  let fc1: String
  let fc2: String

  /// Nil for tensors that do not belong to a pooler.
  func expression(_ target: Target) -> TensorExpression? {
    let width = target.vision.blocks.width
    // Rows of `in_proj`: query, key, value.
    let weight = TensorExpression.tensor("\(prefix)\(attention).in_proj_weight", shape: [3 * width, width])
    let bias = TensorExpression.tensor("\(prefix)\(attention).in_proj_bias", shape: [3 * width])
    switch target.name.leaf {
    case "pooler.latent": return target.source("\(prefix)probe", as: [1, 1, width])
    case "pooler.q.weight": return weight.rows(0..<width)
    case "pooler.q.bias": return bias.rows(0..<width)
    case "pooler.kv.weight": return weight.rows(width..<3 * width)
    case "pooler.kv.bias": return bias.rows(width..<3 * width)
    case "pooler.out.weight": return target.source("\(prefix)\(attention).out_proj.weight")
    case "pooler.out.bias": return target.source("\(prefix)\(attention).out_proj.bias")
    case "pooler.norm.weight": return target.source("\(prefix)layernorm.weight")
    case "pooler.norm.bias": return target.source("\(prefix)layernorm.bias")
    case "pooler.fc1.weight": return target.source("\(prefix)\(fc1).weight")
    case "pooler.fc1.bias": return target.source("\(prefix)\(fc1).bias")
    case "pooler.fc2.weight": return target.source("\(prefix)\(fc2).weight")
    case "pooler.fc2.bias": return target.source("\(prefix)\(fc2).bias")
    default: return nil
    }
  }

  func measure(_ headers: Headers, into facts: inout VisionFacts) {
    facts.pooler = .attention
    facts.poolerMLP = headers.shape("\(prefix)\(fc1).weight", rank: 2)?[0]
  }
}
