import ZooModels

/// open_clip's own `VisionTransformer`: `visual.conv1.weight`, `visual.transformer.resblocks.N`, `visual.proj` used as `x @ proj`.
enum NativeVision {
  /// In a whole model; in an image tower that was saved separately.
  static let prefixes = ["visual.", ""]

  private static func prefix(_ headers: Headers) -> String {
    headers.contains("conv1.weight") ? "" : "visual."
  }

  static func expression(_ target: Target) -> TensorExpression? {
    let prefix = prefix(target.headers)
    if case .resNet = target.vision.stem { return ModifiedResNet.openCLIP(prefix: prefix).expression(target) }
    if let block = target.name.block {
      return NativeBlocks.expression(target, prefix: "\(prefix)transformer.resblocks.\(block).")
    }
    switch target.name.leaf {
    case "patch.weight": return target.source("\(prefix)conv1.weight")
    case "class_token": return target.source("\(prefix)class_embedding")
    case "positions": return target.source("\(prefix)positional_embedding")
    case "norm_pre.weight": return target.source("\(prefix)ln_pre.weight")
    case "norm_pre.bias": return target.source("\(prefix)ln_pre.bias")
    case "norm.weight": return target.source("\(prefix)ln_post.weight")
    case "norm.bias": return target.source("\(prefix)ln_post.bias")
    case "projection.weight": return target.transposedSource("\(prefix)proj")
    default: return pooler(target, prefix: "\(prefix)attn_pool.")
    }
  }

  /// CoCa's attention pooler: `nn.MultiheadAttention` with its three weights separate (if the widths differ) or fused, and one bias.
  private static func pooler(_ target: Target, prefix: String) -> TensorExpression? {
    guard case .coca(_, _, let pooled) = target.vision.pooler else { return nil }
    let width = target.vision.blocks.width
    let attention = "\(prefix)attn."
    let fused = target.has("\(attention)in_proj_weight", default: false)
    let fusedWeight = TensorExpression.tensor("\(attention)in_proj_weight", shape: [3 * pooled, pooled])
    let bias = TensorExpression.tensor("\(attention)in_proj_bias", shape: [3 * pooled])
    switch target.name.leaf {
    case "pooler.latent": return target.source("\(prefix)query")
    case "pooler.norm_q.weight": return target.source("\(prefix)ln_q.weight")
    case "pooler.norm_q.bias": return target.source("\(prefix)ln_q.bias")
    case "pooler.norm_kv.weight": return target.source("\(prefix)ln_k.weight")
    case "pooler.norm_kv.bias": return target.source("\(prefix)ln_k.bias")
    case "pooler.q.weight": return fused ? fusedWeight.rows(0..<pooled) : target.source("\(attention)q_proj_weight")
    case "pooler.q.bias": return bias.rows(0..<pooled)
    case "pooler.kv.weight":
      if fused { return fusedWeight.rows(pooled..<3 * pooled) }
      return .concat(["k", "v"].map { .tensor("\(attention)\($0)_proj_weight", shape: [pooled, width]) })
    case "pooler.kv.bias": return bias.rows(pooled..<3 * pooled)
    case "pooler.out.weight": return target.source("\(attention)out_proj.weight")
    case "pooler.out.bias": return target.source("\(attention)out_proj.bias")
    default: return nil
    }
  }

  static func measure(_ headers: Headers) -> VisionFacts {
    let prefix = prefix(headers)
    if let names = ModifiedResNet(headers, prefix: prefix) { return names.measure(headers) }
    var facts = VisionFacts()
    if let patch = headers.shape("\(prefix)conv1.weight", rank: 4) { (facts.width, facts.patch) = (patch[0], patch[3]) }
    facts.classToken = headers.contains("\(prefix)class_embedding")
    facts.positions = headers.shape("\(prefix)positional_embedding", rank: 2)?[0]
    facts.normPre = headers.contains("\(prefix)ln_pre.weight")
    facts.layers = headers.layers("\(prefix)transformer.resblocks.", ".ln_1.weight")
    facts.mlpWidth = headers.shape("\(prefix)transformer.resblocks.0.mlp.c_fc.weight", rank: 2)?[0]
    facts.layerScale = headers.contains("\(prefix)transformer.resblocks.0.ls_1.gamma")
    facts.pooler = headers.contains("\(prefix)attn_pool.query") ? .coca : nil
    facts.queries = headers.shape("\(prefix)attn_pool.query", rank: 2)?[0]
    facts.embedding = headers.shape("\(prefix)proj", rank: 2)?[1]
    facts.projection = headers.contains("\(prefix)proj") ? .linear : Projection.none
    return facts
  }
}

/// open_clip's `ResidualAttentionBlock`, in both towers.
enum NativeBlocks {
  private static let names = [
    "norm1.weight": "ln_1.weight", "norm1.bias": "ln_1.bias",
    "qkv.weight": "attn.in_proj_weight", "qkv.bias": "attn.in_proj_bias",
    "out.weight": "attn.out_proj.weight", "out.bias": "attn.out_proj.bias",
    "scale1": "ls_1.gamma", "scale2": "ls_2.gamma",
    "norm2.weight": "ln_2.weight", "norm2.bias": "ln_2.bias",
    "fc1.weight": "mlp.c_fc.weight", "fc1.bias": "mlp.c_fc.bias",
    "fc2.weight": "mlp.c_proj.weight", "fc2.bias": "mlp.c_proj.bias",
  ]

  static func expression(_ target: Target, prefix: String) -> TensorExpression? {
    names[target.name.leaf].map { target.source(prefix + $0) }
  }
}
