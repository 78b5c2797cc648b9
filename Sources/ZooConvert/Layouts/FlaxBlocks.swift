/// The encoder of big_vision and of vision_transformer, as NPZ leaves: dense kernels are `[in, out]`, attention kernels `[in, heads, head]`.
///
/// Layers are separate (`encoderblock_3/`) or stacked along a leading axis (`encoderblock/`), which the name tells: the rank of a kernel does not.
struct FlaxEncoder {
  /// The path up to `encoderblock`, such as `params/img/Transformer/`.
  let path: String
  let width: Int
  let heads: Int
  let layers: Int
  let isStacked: Bool
  /// Names of the modules inside a block: flax numbers them in the order of the calls.
  let names: Names

  struct Names {
    let norm1: String
    let attention: String
    let norm2: String
    let mlp: String
    static let bigVision = Names(
      norm1: "LayerNorm_0", attention: "MultiHeadDotProductAttention_0", norm2: "LayerNorm_1", mlp: "MlpBlock_0")
    static let visionTransformer = Names(
      norm1: "LayerNorm_0", attention: "MultiHeadDotProductAttention_1", norm2: "LayerNorm_2", mlp: "MlpBlock_3")
  }

  init(path: String, width: Int, heads: Int, layers: Int, headers: Headers) {
    self.path = path
    self.width = width
    self.heads = heads
    self.layers = layers
    isStacked = headers.contains("\(path)encoderblock/LayerNorm_0/scale")
    names = headers.contains("\(path)encoderblock_0/LayerNorm_2/scale") ? .visionTransformer : .bigVision
  }

  func expression(_ target: Target, block: Int) -> TensorExpression? {
    func leaf(_ name: String, _ shape: [Int]) -> TensorExpression {
      guard isStacked else { return .tensor("\(path)encoderblock_\(block)/\(name)", shape: shape) }
      return TensorExpression.tensor("\(path)encoderblock/\(name)", shape: [layers] + shape).rows(block..<block + 1)
        .reshaped(shape)
    }
    let attention = FlaxAttention(width: width, heads: heads) { leaf("\(names.attention)/\($0)", $1) }
    let input = target.shape.last ?? 0, output = target.shape.first ?? 0
    switch target.name.leaf {
    case "norm1.weight": return leaf("\(names.norm1)/scale", target.shape)
    case "norm1.bias": return leaf("\(names.norm1)/bias", target.shape)
    case "norm2.weight": return leaf("\(names.norm2)/scale", target.shape)
    case "norm2.bias": return leaf("\(names.norm2)/bias", target.shape)
    case "qkv.weight": return attention.weights(["query", "key", "value"])
    case "qkv.bias": return attention.biases(["query", "key", "value"])
    case "out.weight": return attention.outputWeight
    case "out.bias": return leaf("\(names.attention)/out/bias", target.shape)
    case "fc1.weight": return leaf("\(names.mlp)/Dense_0/kernel", [input, output]).transposed
    case "fc1.bias": return leaf("\(names.mlp)/Dense_0/bias", target.shape)
    case "fc2.weight": return leaf("\(names.mlp)/Dense_1/kernel", [input, output]).transposed
    case "fc2.bias": return leaf("\(names.mlp)/Dense_1/bias", target.shape)
    default: return nil
    }
  }

  /// Layers, heads and MLP width, from the leaves under a path.
  static func measure(_ headers: Headers, path: String) -> (layers: Int, heads: Int?, mlpWidth: Int?) {
    if let norm = headers.shape("\(path)encoderblock/LayerNorm_0/scale", rank: 2) {
      let kernel = headers.shape("\(path)encoderblock/\(Names.bigVision.attention)/query/kernel", rank: 4)
      let dense = headers.shape("\(path)encoderblock/\(Names.bigVision.mlp)/Dense_0/kernel", rank: 3)
      return (norm[0], kernel?[2], dense?[2])
    }
    let names: Names =
      headers.contains("\(path)encoderblock_0/LayerNorm_2/scale") ? .visionTransformer : .bigVision
    return (
      headers.layers("\(path)encoderblock_", "/LayerNorm_0/scale"),
      headers.shape("\(path)encoderblock_0/\(names.attention)/query/kernel", rank: 3)?[1],
      headers.shape("\(path)encoderblock_0/\(names.mlp)/Dense_0/kernel", rank: 2)?[1]
    )
  }
}

/// flax's multi-head attention: kernels are `[width, heads, head]`, that of the output `[heads, head, width]`.
struct FlaxAttention {
  let width: Int
  let heads: Int
  /// The leaf with this name and shape.
  let leaf: (String, [Int]) -> TensorExpression

  private var split: [Int] { [heads, heads > 0 ? width / heads : 0] }

  /// `[width, width]` each, one below the other; row `h * head + j` is feature `j` of head `h`.
  func weights(_ names: [String]) -> TensorExpression {
    let parts = names.map { leaf("\($0)/kernel", [width] + split).reshaped([width, width]).transposed }
    return parts.count == 1 ? parts[0] : .concat(parts)
  }

  func biases(_ names: [String]) -> TensorExpression {
    let parts = names.map { leaf("\($0)/bias", split).reshaped([width]) }
    return parts.count == 1 ? parts[0] : .concat(parts)
  }

  var outputWeight: TensorExpression { leaf("out/kernel", split + [width]).reshaped([width, width]).transposed }
}
