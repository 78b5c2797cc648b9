/// What is requested from a forward pass through the image tower besides the embedding.
///
/// Requests of several methods can be combined, so that one pass serves them all.
package struct PassRequest: Sendable, Hashable {
  /// By-products of a block that are kept in its record.
  package struct Parts: OptionSet, Sendable, Hashable {
    package let rawValue: Int
    package init(rawValue: Int) { self.rawValue = rawValue }

    /// The block's output tokens and its queries, keys and values.
    package static let tokens = Parts(rawValue: 1)
    /// What gradients need on their way from the output to the attention: see `BlockTrace`.
    package static let gradients = Parts(rawValue: 2)
    /// The block's input tokens, which gradients also need on their way to the input.
    package static let inputs = Parts(rawValue: 4)
  }

  /// Which output tokens of the last block are used.
  package enum Rows: Sendable, Hashable {
    /// Those that the model's own pooler uses.
    case pooled
    /// The mean of some tokens of each picture, and those that the pooler uses.
    case mean(Range<Int>)
    case all
  }

  /// How long records stay valid.
  package enum Lifetime: Int, Sendable, Hashable, Comparable {
    /// Until the next block runs: memory does not grow with depth.
    case layer
    /// As long as a reference to them exists.
    case pass

    package static func < (a: Lifetime, b: Lifetime) -> Bool { a.rawValue < b.rawValue }
  }

  /// The blocks that are recorded.
  package var layers: Range<Int>
  package var parts: Parts
  package var lastRows: Rows
  package var lifetime: Lifetime
  /// The number of gradients that will pass through each recorded block: several may be processed together.
  package var gradients: Int

  package init(
    layers: Range<Int>, parts: Parts, lastRows: Rows = .all, lifetime: Lifetime = .layer, gradients: Int = 0
  ) {
    self.layers = layers
    self.parts = parts
    self.lastRows = lastRows
    self.lifetime = lifetime
    self.gradients = gradients
  }

  /// Only the embedding.
  package static let embedding = PassRequest(layers: 0..<0, parts: [], lastRows: .pooled)

  /// The embedding, with a minimal record of each of so many blocks that only shows that it has run.
  package static func steps(of layers: Int) -> PassRequest {
    PassRequest(layers: 0..<layers, parts: [], lastRows: .pooled)
  }

  /// Everything that any method uses, for a pass that is kept.
  package static func everything(of layers: Int) -> PassRequest {
    PassRequest(layers: 0..<layers, parts: [.tokens, .gradients, .inputs], lifetime: .pass, gradients: 1)
  }

  /// A request that covers both.
  package func union(_ other: PassRequest) -> PassRequest {
    if layers.isEmpty { return other }
    if other.layers.isEmpty { return self }
    let rows: Rows =
      switch (lastRows, other.lastRows) {
      case (let mine, let theirs) where mine == theirs: mine
      case (.pooled, let rows), (let rows, .pooled): rows
      default: .all
      }
    return PassRequest(
      layers: min(layers.lowerBound, other.layers.lowerBound)..<max(layers.upperBound, other.layers.upperBound),
      parts: parts.union(other.parts), lastRows: rows, lifetime: max(lifetime, other.lifetime),
      gradients: max(gradients, other.gradients))
  }
}
