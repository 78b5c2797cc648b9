import CZooKernels
import ZooImages
import ZooModels

/// ViTamin's convolutions; see `MobileStem`.
struct MobileStemRuntime: ConvolutionalStem {
  /// `shortcut(x) + project(gelu(depthwise(gelu(expand(norm(x))))))`, where the shortcut is an average if the map is halved.
  private struct Block {
    let norm: Norm
    let expand: Convolution
    let depthwise: DepthwiseConvolution
    let project: Convolution
    let shortcut: Convolution?
    let halves: Bool
  }

  private let first: Convolution
  private let firstNorm: Norm
  private let second: Convolution
  private let blocks: [Block]
  private let lastNorm: Norm
  private let last: Convolution
  private let patch: Int

  init(_ weights: Weights, shape: MobileStem, eps: Float) throws {
    first = try Convolution(weights, biased: "vision.stem.0", side: 3, stride: 2)
    firstNorm = try weights.norm("vision.stem.norm", eps: eps)
    second = try Convolution(weights, biased: "vision.stem.1", side: 3)
    blocks = try shape.blocks.map { block in
      let name = "vision.\(block.name)"
      return Block(
        norm: try weights.norm("\(name).norm", eps: eps),
        expand: try Convolution(weights, biased: "\(name).0", side: 1),
        depthwise: try DepthwiseConvolution(weights, "\(name).1", stride: block.halves ? 2 : 1),
        project: try Convolution(weights, biased: "\(name).2", side: 1),
        shortcut: block.hasShortcut ? try Convolution(weights, biased: "\(name).shortcut", side: 1) : nil,
        halves: block.halves)
    }
    lastNorm = try weights.norm("vision.stem.last_norm", eps: eps)
    last = try Convolution(weights, biased: "vision.patch", side: 3, stride: 2)
    patch = shape.patch
  }

  var linears: [Linear] {
    let inner = blocks.flatMap { [$0.expand, $0.project] + [$0.shortcut].compactMap(\.self) }
    return ([first, second] + inner + [last]).map(\.linear)
  }

  func forward(_ picture: PixelTensor, grid: GridSize, engine: Engine) -> FloatBuffer {
    let pixels = FeatureMap(picture, height: grid.height * patch, width: grid.width * patch)
    let entered = first.forward(pixels, activation: nil, engine: engine).normed(firstNorm, engine.parallel)
    entered.activate(.gelu, engine.parallel)
    var map = second.forward(entered, activation: nil, engine: engine)
    for block in blocks { map = forward(map, block, engine) }
    return last.forward(map.normed(lastNorm, engine.parallel), activation: nil, engine: engine).values
  }

  private func forward(_ map: FeatureMap, _ block: Block, _ engine: Engine) -> FeatureMap {
    let normed = map.normed(block.norm, engine.parallel)
    let inner = block.depthwise.forward(
      block.expand.forward(normed, activation: .gelu, engine: engine), activation: .gelu, engine.parallel)
    let sum = block.project.forward(inner, activation: nil, engine: engine)
    var around = block.halves ? map.averaged(engine.parallel) : map
    if let shortcut = block.shortcut { around = shortcut.forward(around, activation: nil, engine: engine) }
    sum.add(around, engine.parallel)
    return sum
  }
}

/// A depthwise `3 x 3` convolution.
private struct DepthwiseConvolution: Sendable {
  /// `[3 * 3, channels]`
  private let kernels: [Float]
  private let bias: FloatView
  private let stride: Int

  init(_ weights: Weights, _ name: String, stride: Int) throws {
    let weight = try weights.vector("\(name).weight").array
    bias = try weights.vector("\(name).bias")
    let channels = bias.count, cells = weight.count / channels
    kernels = (0..<weight.count).map { weight[$0 % channels * cells + $0 / channels] }
    self.stride = stride
  }

  func forward(_ map: FeatureMap, activation: Activation, _ parallel: Parallel) -> FeatureMap {
    let result = FeatureMap(
      height: (map.height - 1) / stride + 1, width: (map.width - 1) / stride + 1, channels: map.channels)
    parallel.forRanges(result.height) { rows in
      zoo_depthwise(
        map.values.pointer, map.height, map.width, map.channels, kernels, bias.pointer, stride, result.width,
        rows.lowerBound, rows.upperBound, result.values.pointer)
    }
    result.activate(activation, parallel)
    return result
  }
}

extension FeatureMap {
  /// Normalises the channels of each cell.
  fileprivate func normed(_ norm: Norm, _ parallel: Parallel) -> FeatureMap {
    let map = FeatureMap(height: height, width: width, channels: channels)
    norm.apply(values.pointer, rows: rows, into: map.values.pointer, parallel: parallel)
    return map
  }

  /// The means of the 3 x 3 cells around every second cell, including only cells inside the map.
  fileprivate func averaged(_ parallel: Parallel) -> FeatureMap {
    let map = FeatureMap(height: (height - 1) / 2 + 1, width: (width - 1) / 2 + 1, channels: channels)
    parallel.forRanges(map.height) { rows in
      zoo_average_around(
        values.pointer, height, width, channels, map.width, rows.lowerBound, rows.upperBound, map.values.pointer)
    }
    return map
  }
}
