import Foundation

/// A learned number for each head and each bucket of distances; all blocks of a tower share the table.
public struct RelativeBias: Codable, Sendable, Hashable {
  /// Half of them for tokens that come later, half for the others.
  public var buckets: Int
  /// Distances from here on have the last bucket.
  public var maxDistance: Int

  public init(buckets: Int, maxDistance: Int) {
    self.buckets = buckets
    self.maxDistance = maxDistance
  }

  /// The bucket of a key that is `distance` tokens after the query: near ones have their own, the others share them on a logarithmic
  /// scale. In f32, as T5's code computes it.
  public func bucket(_ distance: Int) -> Int {
    let half = buckets / 2, exact = half / 2, far = abs(distance), later = distance > 0 ? half : 0
    if far < exact { return later + far }
    let share = log(Float(far) / Float(exact)) / Float(log(Double(maxDistance) / Double(exact))) * Float(half - exact)
    return later + min(exact + Int(share), half - 1)
  }
}

/// Two-dimensional axial rotary embedding with interleaved pairs.
public struct RotaryEmbedding: Codable, Sendable, Hashable {
  public enum Indexing: String, Codable, Sendable { case ij, xy }
  public var temperature: Float
  /// `[rows, columns]` to which positions are scaled; nil for the grid at hand.
  public var referenceGrid: GridSize?
  public var offset: Float
  public var indexing: Indexing

  public init(temperature: Float, referenceGrid: GridSize?, offset: Float, indexing: Indexing) {
    self.temperature = temperature
    self.referenceGrid = referenceGrid
    self.offset = offset
    self.indexing = indexing
  }
}

/// Rotary position embedding along a prompt: the pairs of a head's queries and keys are rotated by the token's position times
/// `temperature^(-2i / head width)`.
public struct SequenceRotary: Codable, Sendable, Hashable {
  public var temperature: Float
  /// True where element `i` of a head's first half pairs with `i` of its second (ModernBERT); false where neighbours are pairs.
  public var halves: Bool
  /// Blocks that see near tokens alone, if there are any.
  public var local: LocalAttention?

  public init(temperature: Float, halves: Bool = false, local: LocalAttention? = nil) {
    self.temperature = temperature
    self.halves = halves
    self.local = local
  }

  /// What holds in one block: nil where it sees all tokens.
  public func local(block: Int) -> LocalAttention? { local.flatMap { block % $0.globalEvery == 0 ? nil : $0 } }
}

/// Attention to near tokens, in all blocks but the first and each `globalEvery`-th after it.
public struct LocalAttention: Codable, Sendable, Hashable {
  /// How many tokens a token sees to each side of it.
  public var reach: Int
  public var globalEvery: Int
  /// The temperature of the rotary embedding in these blocks.
  public var temperature: Float

  public init(reach: Int, globalEvery: Int, temperature: Float) {
    self.reach = reach
    self.globalEvery = globalEvery
    self.temperature = temperature
  }
}
