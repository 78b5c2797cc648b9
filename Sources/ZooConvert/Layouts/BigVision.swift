import ZooModels

extension CheckpointLayout {
  /// big_vision's SigLIP as NPZ, bare or under `params/` or `opt/target/`, each tower with its layers separate or stacked.
  static let bigVision = CheckpointLayout(
    .original, name: "big-vision", title: "big_vision SigLIP (NPZ)",
    fingerprint: Fingerprint(needs: [
      flaxPrefixes.map { "\($0)img/embedding/kernel" }, flaxPrefixes.map { "\($0)txt/Embed_0/embedding" },
    ]), resampling: .bilinearCorners,
    drops: { flaxDrops($0, "img/embedding/kernel") },
    measure: measure,
    expression: { target in
      let prefix = flaxPrefix(target.headers, "img/embedding/kernel")
      switch target.name.tower {
      case .vision: return vision(target, prefix: "\(prefix)img/")
      case .text: return text(target, prefix: "\(prefix)txt/")
      // `t` is the logarithm of the scale, as in the other layouts.
      case .model:
        guard let name = ["logit_scale": "t", "logit_bias": "b"][target.name.leaf] else { return nil }
        return target.source(prefix + name, as: [1])
      }
    })

  private static func vision(_ target: Target, prefix: String) -> TensorExpression? {
    let tower = target.vision
    let width = tower.blocks.width
    if let block = target.name.block {
      return FlaxEncoder(
        path: "\(prefix)Transformer/", width: width, heads: tower.blocks.heads, layers: tower.blocks.layers,
        headers: target.headers
      ).expression(target, block: block)
    }
    switch target.name.leaf {
    case "patch.weight":
      return isNaFlex(target, prefix)
        ? naflexPatch("\(prefix)embedding/kernel", target) : flaxConvolution("\(prefix)embedding/kernel", target)
    case "patch.bias": return target.source("\(prefix)embedding/bias")
    case "positions":
      let grid = tower.tableGrid
      return target.source(
        "\(prefix)pos_embedding",
        as: isNaFlex(target, prefix) ? [grid.height, grid.width, width] : [1] + target.shape)
    case "norm.weight": return target.source("\(prefix)Transformer/encoder_norm/scale")
    case "norm.bias": return target.source("\(prefix)Transformer/encoder_norm/bias")
    default: return pooler(target, prefix: "\(prefix)MAPHead_0/", width: width)
    }
  }

  /// Whether this is big_vision's `naflex_vit`, whose patches pass through a linear layer.
  private static func isNaFlex(_ target: Target, _ prefix: String) -> Bool {
    target.headers["\(prefix)embedding/kernel"].map { $0.shape.count == 2 } ?? (target.vision.positionGrid != nil)
  }

  /// A convolution's weight from a linear layer over pixels and their channels, `[pixels, width]`.
  private static func naflexPatch(_ name: String, _ target: Target) -> TensorExpression {
    let vision = target.vision, width = vision.blocks.width, patch = vision.patch
    let pixels = TensorExpression.tensor(name, shape: [patch * patch * 3, width]).reshaped([patch, patch, 3, width])
    return .transpose(pixels, axes: [3, 2, 0, 1])
  }

  private static func pooler(_ target: Target, prefix: String, width: Int) -> TensorExpression? {
    guard case .attention(let heads, let mlpWidth, _) = target.vision.pooler else { return nil }
    let attention = FlaxAttention(width: width, heads: heads) {
      .tensor("\(prefix)MultiHeadDotProductAttention_0/\($0)", shape: $1)
    }
    switch target.name.leaf {
    case "pooler.latent": return target.source("\(prefix)probe", as: [1, 1, width])
    case "pooler.q.weight": return attention.weights(["query"])
    case "pooler.q.bias": return attention.biases(["query"])
    case "pooler.kv.weight": return attention.weights(["key", "value"])
    case "pooler.kv.bias": return attention.biases(["key", "value"])
    case "pooler.out.weight": return attention.outputWeight
    case "pooler.out.bias": return target.source("\(prefix)MultiHeadDotProductAttention_0/out/bias")
    case "pooler.norm.weight": return target.source("\(prefix)LayerNorm_0/scale")
    case "pooler.norm.bias": return target.source("\(prefix)LayerNorm_0/bias")
    case "pooler.fc1.weight":
      return TensorExpression.tensor("\(prefix)MlpBlock_0/Dense_0/kernel", shape: [width, mlpWidth]).transposed
    case "pooler.fc1.bias": return target.source("\(prefix)MlpBlock_0/Dense_0/bias")
    case "pooler.fc2.weight":
      return TensorExpression.tensor("\(prefix)MlpBlock_0/Dense_1/kernel", shape: [mlpWidth, width]).transposed
    case "pooler.fc2.bias": return target.source("\(prefix)MlpBlock_0/Dense_1/bias")
    default: return nil
    }
  }

  private static func text(_ target: Target, prefix: String) -> TensorExpression? {
    guard let tower = target.architecture.text else { return nil }
    if let block = target.name.block {
      return FlaxEncoder(
        path: "\(prefix)Encoder_0/", width: tower.blocks.width, heads: tower.blocks.heads,
        layers: tower.blocks.layers, headers: target.headers
      ).expression(target, block: block)
    }
    switch target.name.leaf {
    case "tokens": return target.source("\(prefix)Embed_0/embedding")
    case "positions": return target.source("\(prefix)pos_embedding", as: [1] + target.shape)
    case "norm.weight": return target.source("\(prefix)Encoder_0/encoder_norm/scale")
    case "norm.bias": return target.source("\(prefix)Encoder_0/encoder_norm/bias")
    case "projection.weight": return target.transposedSource("\(prefix)head/kernel")
    case "projection.bias": return target.source("\(prefix)head/bias")
    default: return nil
    }
  }

  @Sendable private static func measure(_ headers: Headers) -> ArchitectureFacts {
    let prefix = flaxPrefix(headers, "img/embedding/kernel")
    var vision = VisionFacts()
    if let kernel = headers.shape("\(prefix)img/embedding/kernel", rank: 4) {
      (vision.width, vision.patch) = (kernel[3], kernel[0])
    }
    vision.patchBias = true
    vision.positions = headers.shape("\(prefix)img/pos_embedding", rank: 3)?[1]
    if let kernel = headers.shape("\(prefix)img/embedding/kernel", rank: 2),
      let side = exactSquareRoot(kernel[0] / 3), side * side * 3 == kernel[0],
      let table = headers.shape("\(prefix)img/pos_embedding", rank: 3), table.allSatisfy({ (1...65535).contains($0) })
    {
      (vision.width, vision.patch) = (kernel[1], side)
      vision.positionGrid = GridSize(height: table[0], width: table[1])
      vision.positions = table[0] * table[1]
    }
    (vision.layers, vision.heads, vision.mlpWidth) = FlaxEncoder.measure(headers, path: "\(prefix)img/Transformer/")
    vision.pooler = headers.contains("\(prefix)img/MAPHead_0/probe") ? .attention : nil
    vision.poolerMLP = headers.shape("\(prefix)img/MAPHead_0/MlpBlock_0/Dense_0/kernel", rank: 2)?[1]
    vision.poolerHeads =
      headers.shape("\(prefix)img/MAPHead_0/MultiHeadDotProductAttention_0/query/kernel", rank: 3)?[1]
    var facts = ArchitectureFacts(vision: vision, text: nil, logitBias: headers.contains("\(prefix)b"))
    guard let tokens = headers.shape("\(prefix)txt/Embed_0/embedding", rank: 2) else { return facts }
    var text = TextFacts(vocabulary: tokens[0], width: tokens[1])
    text.positions = headers.shape("\(prefix)txt/pos_embedding", rank: 3)?[1]
    (text.layers, text.heads, text.mlpWidth) = FlaxEncoder.measure(headers, path: "\(prefix)txt/Encoder_0/")
    text.embedding = headers.shape("\(prefix)txt/head/kernel", rank: 2)?[1]
    text.projection = headers.contains("\(prefix)txt/head/kernel") ? .linearWithBias : Projection.none
    facts.text = text
    return facts
  }
}

/// Prefixes of the parameters in a flax checkpoint.
let flaxPrefixes = ["params/", "", "opt/target/"]

/// The prefix under which a leaf is found.
func flaxPrefix(_ headers: Headers, _ leaf: String) -> String {
  flaxPrefixes.first { headers.contains($0 + leaf) } ?? "params/"
}

/// What is stored beside the parameters in a training checkpoint.
func flaxDrops(_ headers: Headers, _ leaf: String) -> [DropRule] {
  let prefix = flaxPrefix(headers, leaf)
  return [
    prefix.isEmpty ? nil : DropRule(outside: prefix, "the state of a training beside the parameters"),
    DropRule("opt/state/*", "the state of the optimizer"),
    DropRule("chrono/*", "the clock of the training"),
  ].compactMap { $0 }
}

/// A kernel `[rows, columns, channels, width]` as `[width, channels, rows, columns]`.
func flaxConvolution(_ name: String, _ target: Target) -> TensorExpression {
  let shape = target.shape
  return .transpose(.tensor(name, shape: [shape[2], shape[3], shape[1], shape[0]]), axes: [3, 2, 0, 1])
}
