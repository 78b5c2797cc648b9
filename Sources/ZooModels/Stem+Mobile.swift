/// ViTamin's convolutions (`MbConvStages` in timm): two at the start, stages of inverted bottlenecks, and one that creates the tokens. Norms are
/// LayerNorms over channels, activations are GELU; every stage and the last convolution halve the map.
package struct MobileStem: Codable, Sendable, Hashable {
  /// The channels of each stage; the first convolutions have those of the first stage.
  package var widths: [Int]
  /// The number of blocks in each stage.
  package var depths: [Int]

  package init(widths: [Int], depths: [Int]) {
    self.widths = widths
    self.depths = depths
  }

  /// An inverted bottleneck: a norm, `1 x 1` to four times `outputs`, depthwise `3 x 3`, `1 x 1` to `outputs`.
  package struct Block: Sendable, Hashable {
    package let name: String
    package let inputs: Int
    package let outputs: Int
    /// Whether it halves the map.
    package let halves: Bool
    package var hidden: Int { 4 * outputs }
    /// Whether the shortcut has a convolution.
    package var hasShortcut: Bool { inputs != outputs }
  }

  /// All blocks, in order.
  package var blocks: [Block] {
    var inputs = widths.first ?? 1
    return zip(widths, depths).enumerated().flatMap { stage, size in
      (0..<size.1).map { index in
        defer { inputs = size.0 }
        return Block(
          name: "stem.stages.\(stage).\(index)", inputs: inputs, outputs: size.0, halves: index == 0)
      }
    }
  }

  /// The side of a token's cell in pixels.
  package var patch: Int { 4 << widths.count }
}
