/// ViTamin's convolutions (`MbConvStages` of timm): two at the picture's start, stages of inverted bottlenecks, and one that makes the
/// tokens. Norms are LayerNorms over channels, activations GELU; every stage and the last convolution halve the map.
package struct MobileStem: Codable, Sendable, Hashable {
  /// Channels of each stage; the first convolutions have those of the first.
  package var widths: [Int]
  /// Blocks of each stage.
  package var depths: [Int]

  package init(widths: [Int], depths: [Int]) {
    self.widths = widths
    self.depths = depths
  }

  /// An inverted bottleneck: a norm, `1 x 1` to four times `outputs`, `3 x 3` for each channel alone, `1 x 1` to `outputs`.
  package struct Block: Sendable, Hashable {
    package let name: String
    package let inputs: Int
    package let outputs: Int
    /// True where it halves the map.
    package let halves: Bool
    package var hidden: Int { 4 * outputs }
    /// True where the way around has a convolution.
    package var hasShortcut: Bool { inputs != outputs }
  }

  /// All blocks, in their order.
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

  /// Pixels that the side of a token's cell stands for.
  package var patch: Int { 4 << widths.count }
}
