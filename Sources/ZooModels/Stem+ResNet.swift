/// CLIP's ResNet up to its attention pool (`ModifiedResNet` in openai/CLIP): three convolutions and an average pool, then stages of bottlenecks.
/// Average pools replace all strides but that of the first convolution. A batch norm follows each convolution.
///
/// The cells of the last map are the patches, of 32 pixels.
package struct ResNetStem: Codable, Sendable, Hashable {
  /// Channels after the first three convolutions; stage `s` has `width * 2^s` inside its bottlenecks and four times that outside.
  package var width: Int
  /// The number of bottlenecks in each stage.
  package var bottlenecks: [Int]

  package init(width: Int, bottlenecks: [Int]) {
    self.width = width
    self.bottlenecks = bottlenecks
  }

  /// One of its convolutions: the canonical name and the dimensions of its weights.
  package struct Layer: Sendable, Hashable {
    package let name: String
    package let inputs: Int
    package let outputs: Int
    /// The side of the kernel.
    package let side: Int
  }

  /// The first three convolutions.
  package var entry: [Layer] {
    [(3, width / 2), (width / 2, width / 2), (width / 2, width)].enumerated().map { index, channels in
      Layer(name: "stem.\(index)", inputs: channels.0, outputs: channels.1, side: 3)
    }
  }

  /// One bottleneck: three convolutions, and a fourth on the shortcut if the shape of the map changes.
  package struct Bottleneck: Sendable, Hashable {
    package let layers: [Layer]
    package let shortcut: Layer?
    /// Whether both branches halve the map.
    package let halves: Bool
  }

  /// All bottlenecks, in order.
  package var blocks: [Bottleneck] {
    var result: [Bottleneck] = [], channels = width
    for (stage, count) in bottlenecks.enumerated() {
      let inner = width << stage, outer = 4 * inner
      for index in 0..<count {
        let name = "stem.stages.\(stage).\(index)"
        let sides = [(channels, inner, 1), (inner, inner, 3), (inner, outer, 1)]
        result.append(
          Bottleneck(
            layers: sides.enumerated().map { place, layer in
              Layer(name: "\(name).\(place)", inputs: layer.0, outputs: layer.1, side: layer.2)
            },
            shortcut: index > 0
              ? nil : Layer(name: "\(name).shortcut", inputs: channels, outputs: outer, side: 1),
            halves: stage > 0 && index == 0))
        channels = outer
      }
    }
    return result
  }

  /// The channels of the last map: the width of the tokens.
  package var outputs: Int { (width << (bottlenecks.count - 1)) * 4 }
  /// The side of a cell of the last map in pixels.
  package var patch: Int { 4 << (bottlenecks.count - 1) }
}

// All bottlenecks of a stage except its first are alike.
extension ResNetStem {
  /// The same with one or two bottlenecks in each stage.
  var shortened: ResNetStem { ResNetStem(width: width, bottlenecks: bottlenecks.map { min(2, $0) }) }

  /// The weights of the bottlenecks that `shortened` leaves out.
  var repeatedCount: Int {
    bottlenecks.enumerated().reduce(0) { sum, stage in
      let inner = width << stage.offset, outer = 4 * inner
      // The kernels, and four vectors of each batch norm.
      let one = 2 * inner * outer + 9 * inner * inner + 4 * (2 * inner + outer)
      return sum + max(0, stage.element - 2) * one
    }
  }
}
