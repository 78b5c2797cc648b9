import ZooModels

/// timm's `VisionTransformer` and `Eva`, as an image tower (`visual.trunk.`) or as a classifier (no prefix).
enum TimmVision {
  static func expression(_ target: Target, prefix: String) -> TensorExpression? {
    if let block = target.name.block { return self.block(target, prefix: "\(prefix)blocks.\(block).", tower: prefix) }
    let width = target.vision.blocks.width
    if case .mobile = target.vision.stem, let expression = MobileStages.expression(target, prefix: prefix) {
      return expression
    }
    if let expression = NaFlexEmbedding.expression(target, prefix: "\(prefix)embeds.") { return expression }
    switch target.name.leaf {
    case "patch.weight": return target.source("\(patch(target, prefix: prefix)).weight")
    case "patch.bias": return target.source("\(patch(target, prefix: prefix)).bias")
    case "class_token": return target.source("\(prefix)cls_token", as: [1, 1, width])
    case "registers":
      return target.source("\(prefix)reg_token", as: [1, target.vision.registers, width])
    case "positions": return target.source("\(prefix)pos_embed", as: [1] + target.shape)
    case "norm_pre.weight": return target.source("\(prefix)norm_pre.weight")
    case "norm_pre.bias": return target.source("\(prefix)norm_pre.bias")
    case "norm.weight": return target.source(norm(target, prefix: prefix) + ".weight")
    case "norm.bias": return target.source(norm(target, prefix: prefix) + ".bias")
    case "projection.weight": return target.source(head(target, prefix: prefix) + ".weight")
    case "projection.bias": return target.source(head(target, prefix: prefix) + ".bias")
    case let leaf where leaf.hasPrefix("stem."):
      return ConvolutionStem.expression(
        target, convolution: { stage($0, prefix: prefix) + ".conv" }, norm: { stage($0, prefix: prefix) + ".bn" })
    default:
      return poolerNames[target.name.leaf].map { name in
        target.name.leaf == "pooler.latent"
          ? target.source("\(prefix)\(name)", as: [1, 1, width]) : target.source("\(prefix)\(name)")
      }
    }
  }

  /// The convolution that creates the tokens: the only one, or the last of a stem.
  private static func patch(_ target: Target, prefix: String) -> String {
    guard case .cells(let stem) = target.vision.stem else { return "\(prefix)patch_embed.proj" }
    return stage(stem.kernels.count - 1, prefix: prefix) + ".conv"
  }

  private static func stage(_ index: Int, prefix: String) -> String { "\(prefix)patch_embed.backbone.\(index)" }

  /// The final norm is called `fc_norm` if it follows the pooling of patches.
  private static func norm(_ target: Target, prefix: String) -> String {
    let isLast = target.vision.pooler.normFollows
    return target.has("\(prefix)fc_norm.weight", default: isLast) ? "\(prefix)fc_norm" : "\(prefix)norm"
  }

  /// open_clip puts its projection beside the trunk if timm pools without one.
  private static func head(_ headers: Headers, prefix: String) -> String {
    headers.contains("visual.head.proj.weight") ? "visual.head.proj" : "\(prefix)head"
  }

  private static func head(_ target: Target, prefix: String) -> String {
    // open_clip's own has no bias, timm's has one.
    let isOpenCLIPs = target.headers.isEmpty && !prefix.isEmpty && target.vision.projection == .linear
    return isOpenCLIPs ? "visual.head.proj" : head(target.headers, prefix: prefix)
  }

  private static let poolerNames = [
    "pooler.latent": "attn_pool.latent",
    "pooler.q.weight": "attn_pool.q.weight", "pooler.q.bias": "attn_pool.q.bias",
    "pooler.kv.weight": "attn_pool.kv.weight", "pooler.kv.bias": "attn_pool.kv.bias",
    "pooler.out.weight": "attn_pool.proj.weight", "pooler.out.bias": "attn_pool.proj.bias",
    "pooler.norm.weight": "attn_pool.norm.weight", "pooler.norm.bias": "attn_pool.norm.bias",
    "pooler.fc1.weight": "attn_pool.mlp.fc1.weight", "pooler.fc1.bias": "attn_pool.mlp.fc1.bias",
    "pooler.fc2.weight": "attn_pool.mlp.fc2.weight", "pooler.fc2.bias": "attn_pool.mlp.fc2.bias",
  ]

  private static let blockNames = [
    "norm1.weight": "norm1.weight", "norm1.bias": "norm1.bias",
    "attention_norm.weight": "attn.norm.weight", "attention_norm.bias": "attn.norm.bias",
    "out.weight": "attn.proj.weight", "out.bias": "attn.proj.bias",
    "norm2.weight": "norm2.weight", "norm2.bias": "norm2.bias",
    "mlp_norm.weight": "mlp.norm.weight", "mlp_norm.bias": "mlp.norm.bias",
    "fc2.weight": "mlp.fc2.weight", "fc2.bias": "mlp.fc2.bias",
  ]

  private static func block(_ target: Target, prefix: String, tower: String) -> TensorExpression? {
    let first = "\(tower)blocks.0."
    switch target.name.leaf {
    case "qkv.weight", "qkv.bias": return attention(target, prefix: prefix, first: first)
    case "fc1.weight", "fc1.bias", "gate.weight", "gate.bias": return hidden(target, prefix: prefix, first: first)
    case "mlp_input_norm.weight", "mlp_input_norm.bias":
      return target.source("\(prefix)mlp.norm.\(target.name.leaf.split(separator: ".")[1])")
    case "fc2.weight" where target.vision.blocks.mlpInputNorm: return target.source("\(prefix)mlp.w2.weight")
    case "fc2.bias" where target.vision.blocks.mlpInputNorm: return target.source("\(prefix)mlp.w2.bias")
    case let leaf where leaf.hasPrefix("relative."):
      return target.source("\(prefix)attn.rel_pos.mlp.\(leaf.dropFirst("relative.".count))")
    case "scale1":
      return target.source(prefix + (target.has("\(first)gamma_1", default: isEva(target)) ? "gamma_1" : "ls1.gamma"))
    case "scale2":
      return target.source(prefix + (target.has("\(first)gamma_2", default: isEva(target)) ? "gamma_2" : "ls2.gamma"))
    case let leaf: return blockNames[leaf].map { target.source(prefix + $0) }
    }
  }

  /// The first matrices of the MLP: one, one with a separate gate, or both in one, with the gate's rows first.
  private static func hidden(_ target: Target, prefix: String, first: String) -> TensorExpression? {
    let parts = target.name.leaf.split(separator: ".").map(String.init), isGate = parts[0] == "gate"
    guard target.vision.blocks.gated else { return target.source("\(prefix)mlp.fc1.\(parts[1])") }
    // timm's `GeGluMlp`.
    if target.vision.blocks.mlpInputNorm { return target.source("\(prefix)mlp.\(isGate ? "w0" : "w1").\(parts[1])") }
    guard target.has("\(first)mlp.fc1.weight") else {
      return target.source("\(prefix)mlp.\(isGate ? "fc1_g" : "fc1_x").\(parts[1])")
    }
    let rows = target.shape[0]
    return TensorExpression.tensor("\(prefix)mlp.fc1.\(parts[1])", shape: [2 * rows] + target.shape.dropFirst())
      .rows(isGate ? 0..<rows : rows..<2 * rows)
  }

  /// Whether timm runs it with its `Eva` class.
  private static func isEva(_ target: Target) -> Bool {
    [.evaCLIP, .perceptionEncoder].contains(target.architecture.family)
  }

  /// Query, key and value: fused or separate (EVA02-B and -L); the keys' bias may be missing (EVA), or all biases.
  ///
  /// The first block decides for all, so that a single missing tensor is noticed.
  private static func attention(_ target: Target, prefix: String, first: String) -> TensorExpression? {
    let width = target.vision.blocks.width
    let zeros = TensorExpression.zeros([width])
    func vector(_ name: String) -> TensorExpression { .tensor("\(prefix)attn.\(name)", shape: [width]) }
    // EVA's own files: EVA02-B and -L are the gated ones.
    let isEva = target.architecture.family == .evaCLIP, isGated = target.vision.blocks.gated
    let isApart = target.has("\(first)attn.q_proj.weight", default: isEva && isGated)
    if target.name.leaf == "qkv.weight" {
      guard isApart else { return target.source("\(prefix)attn.qkv.weight") }
      return .concat(["q", "k", "v"].map { .tensor("\(prefix)attn.\($0)_proj.weight", shape: [width, width]) })
    }
    if isApart {
      let key = target.has("\(first)attn.k_proj.bias") ? vector("k_proj.bias") : zeros
      return .concat([vector("q_proj.bias"), key, vector("v_proj.bias")])
    }
    if target.has("\(first)attn.q_bias", default: isEva) {
      return .concat([vector("q_bias"), zeros, vector("v_bias")])
    }
    if target.has("\(first)attn.qkv.bias", default: true) { return target.source("\(prefix)attn.qkv.bias") }
    return .zeros(target.shape)
  }

  static func measure(_ headers: Headers, prefix: String) -> VisionFacts {
    var facts = VisionFacts()
    if let patch = headers.shape("\(prefix)patch_embed.proj.weight", rank: 4) {
      (facts.width, facts.patch) = (patch[0], patch[3])
      facts.patchBias = headers.contains("\(prefix)patch_embed.proj.bias")
    }
    NaFlexEmbedding.measure(headers, prefix: "\(prefix)embeds.", into: &facts)
    ConvolutionStem.measure(headers, convolution: { stage($0, prefix: prefix) + ".conv" }, into: &facts)
    MobileStages.measure(headers, prefix: prefix, into: &facts)
    facts.classToken = facts.classToken || headers.contains("\(prefix)cls_token")
    facts.registers = headers.shape("\(prefix)reg_token", rank: 3)?[1] ?? facts.registers
    facts.positions = headers.shape("\(prefix)pos_embed", rank: 3)?[1] ?? facts.positions
    facts.relativeHidden = headers.shape("\(prefix)blocks.0.attn.rel_pos.mlp.fc1.weight", rank: 2)?[0]
    if facts.relativeHidden != nil {
      facts.positions = 0
      facts.heads = headers.shape("\(prefix)blocks.0.attn.rel_pos.mlp.fc2.weight", rank: 2)?[0]
    }
    facts.normPre = headers.contains("\(prefix)norm_pre.weight")
    facts.layers = headers.layers("\(prefix)blocks.", ".norm1.weight")
    let isApart = headers.contains("\(prefix)blocks.0.mlp.fc1_g.weight")
    let rows = headers.shape("\(prefix)blocks.0.mlp.\(isApart ? "fc1_x" : "fc1").weight", rank: 2)?[0]
    let columns = headers.shape("\(prefix)blocks.0.mlp.fc2.weight", rank: 2)?[1]
    facts.gateIsPacked = !isApart && rows != nil && columns.map { rows == 2 * $0 } ?? false
    facts.gated = isApart || facts.gateIsPacked
    facts.mlpWidth = facts.gateIsPacked ? columns : rows
    facts.attentionNorm = headers.contains("\(prefix)blocks.0.attn.norm.weight")
    facts.isGeGLU = headers.contains("\(prefix)blocks.0.mlp.w0.weight")
    if facts.isGeGLU {
      (facts.gated, facts.mlpWidth) = (true, headers.shape("\(prefix)blocks.0.mlp.w0.weight", rank: 2)?[0])
    }
    facts.mlpNorm = !facts.isGeGLU && headers.contains("\(prefix)blocks.0.mlp.norm.weight")
    facts.layerScale =
      headers.contains("\(prefix)blocks.0.ls1.gamma") || headers.contains("\(prefix)blocks.0.gamma_1")
    if headers.contains("\(prefix)attn_pool.latent") { facts.pooler = .attention }
    facts.poolerMLP = headers.shape("\(prefix)attn_pool.mlp.fc1.weight", rank: 2)?[0]
    let head = head(headers, prefix: prefix)
    facts.embedding = headers.shape("\(head).weight", rank: 2)?[0]
    facts.projection =
      !headers.contains("\(head).weight")
      ? Projection.none : headers.contains("\(head).bias") ? .linearWithBias : .linear
    facts.normAfterMean = headers.contains("\(prefix)fc_norm.weight")
    return facts
  }
}
