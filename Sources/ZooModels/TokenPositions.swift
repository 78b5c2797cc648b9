import Foundation

/// A learned number for each head and each bucket of distances; all blocks of a tower share the table.
package struct RelativeBias: Codable, Sendable, Hashable {
  /// The number of buckets: half for tokens that come later, half for the others.
  package var buckets: Int
  /// Distances from here on share the last bucket.
  package var maxDistance: Int

  package init(buckets: Int, maxDistance: Int) {
    self.buckets = buckets
    self.maxDistance = maxDistance
  }

  /// The bucket of a key that is `distance` tokens after the query: near distances have buckets of their own, the others share them on a logarithmic
  /// scale. Computed in f32, as in T5's code.
  package func bucket(_ distance: Int) -> Int {
    let half = buckets / 2, exact = half / 2, far = abs(distance), later = distance > 0 ? half : 0
    if far < exact { return later + far }
    let share = log(Float(far) / Float(exact)) / Float(log(Double(maxDistance) / Double(exact))) * Float(half - exact)
    return later + min(exact + Int(share), half - 1)
  }
}

/// Two-dimensional axial rotary embedding with interleaved pairs.
package struct RotaryEmbedding: Codable, Sendable, Hashable {
  package enum Indexing: String, Codable, Sendable { case ij, xy }
  package var temperature: Float
  /// `[rows, columns]` to which positions are scaled; nil for the actual grid.
  package var referenceGrid: GridSize?
  package var offset: Float
  package var indexing: Indexing

  package init(temperature: Float, referenceGrid: GridSize?, offset: Float, indexing: Indexing) {
    self.temperature = temperature
    self.referenceGrid = referenceGrid
    self.offset = offset
    self.indexing = indexing
  }
}

/// Rotary position embedding along a prompt: pairs of elements of a head's queries and keys are rotated by the token's position times
/// `temperature^(-2i / head width)`.
package struct SequenceRotary: Codable, Sendable, Hashable {
  package var temperature: Float
  /// Whether element `i` of a head's first half pairs with element `i` of its second (ModernBERT); otherwise neighbours are pairs.
  package var halves: Bool
  /// Local attention in some of the blocks, if any.
  package var local: LocalAttention?

  package init(temperature: Float, halves: Bool = false, local: LocalAttention? = nil) {
    self.temperature = temperature
    self.halves = halves
    self.local = local
  }

  /// The local attention of one block; nil if it attends to all tokens.
  package func local(block: Int) -> LocalAttention? { local.flatMap { block % $0.globalEvery == 0 ? nil : $0 } }
}

/// Attention to nearby tokens, in all blocks except the first and each `globalEvery`-th after it.
package struct LocalAttention: Codable, Sendable, Hashable {
  /// The number of tokens visible on each side.
  package var reach: Int
  package var globalEvery: Int
  /// The temperature of the rotary embedding in these blocks.
  package var temperature: Float

  package init(reach: Int, globalEvery: Int, temperature: Float) {
    self.reach = reach
    self.globalEvery = globalEvery
    self.temperature = temperature
  }
}
