import ZooImages
import ZooModels

/// CLIP's ResNet up to its attention pool; see `ResNetStem`.
struct ResNetRuntime: ConvolutionalStem {
  private struct Bottleneck {
    let layers: [Convolution]
    let shortcut: Convolution?
    let halves: Bool
  }

  private let entry: [Convolution]
  private let blocks: [Bottleneck]
  private let patch: Int

  init(_ weights: Weights, shape: ResNetStem, eps: Float) throws {
    func convolution(_ layer: ResNetStem.Layer, stride: Int = 1) throws -> Convolution {
      try Convolution(weights, "vision.\(layer.name)", side: layer.side, stride: stride, eps: eps)
    }
    entry = try shape.entry.enumerated().map { try convolution($1, stride: $0 == 0 ? 2 : 1) }
    blocks = try shape.blocks.map { block in
      Bottleneck(
        layers: try block.layers.map { try convolution($0) }, shortcut: try block.shortcut.map { try convolution($0) },
        halves: block.halves)
    }
    patch = shape.patch
  }

  var linears: [Linear] {
    (entry + blocks.flatMap { $0.layers + [$0.shortcut].compactMap(\.self) }).map(\.linear)
  }

  func forward(_ picture: PixelTensor, grid: GridSize, engine: Engine) -> FloatBuffer {
    var map = FeatureMap(picture, height: grid.height * patch, width: grid.width * patch)
    for layer in entry { map = layer.forward(map, activation: .relu, engine: engine) }
    map = map.halved(engine.parallel)
    for block in blocks { map = forward(map, block, engine) }
    return map.values
  }

  /// `relu(conv3(halve(relu(conv2(relu(conv1(x)))))) + shortcut(halve(x)))`.
  private func forward(_ map: FeatureMap, _ block: Bottleneck, _ engine: Engine) -> FeatureMap {
    var inner = map
    for layer in block.layers.dropLast() { inner = layer.forward(inner, activation: .relu, engine: engine) }
    if block.halves { inner = inner.halved(engine.parallel) }
    let sum = block.layers[block.layers.count - 1].forward(inner, activation: nil, engine: engine)
    var around = block.halves ? map.halved(engine.parallel) : map
    if let shortcut = block.shortcut { around = shortcut.forward(around, activation: nil, engine: engine) }
    sum.add(around, engine.parallel)
    sum.activate(.relu, engine.parallel)
    return sum
  }
}
