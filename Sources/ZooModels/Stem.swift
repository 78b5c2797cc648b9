/// Convolutions that replace a ViT's patch embedding. In JSON, the fields tell which kind it is.
package enum Stem: Sendable, Hashable {
  /// Kernels that do not overlap: `width` and `kernels`.
  case cells(CellStem)
  /// All of a CLIP ResNet but its attention pool: `width` and `bottlenecks`.
  case resNet(ResNetStem)
  /// ViTamin's convolutions: `widths` and `depths`.
  case mobile(MobileStem)
}

extension Stem: Codable {
  private enum Key: String, CodingKey { case kernels, bottlenecks, depths }

  package init(from decoder: any Decoder) throws {
    let keys = try decoder.container(keyedBy: Key.self)
    self =
      if keys.contains(.bottlenecks) {
        .resNet(try ResNetStem(from: decoder))
      } else if keys.contains(.depths) {
        .mobile(try MobileStem(from: decoder))
      } else {
        .cells(try CellStem(from: decoder))
      }
  }

  package func encode(to encoder: any Encoder) throws {
    switch self {
    case .cells(let stem): try stem.encode(to: encoder)
    case .resNet(let stem): try stem.encode(to: encoder)
    case .mobile(let stem): try stem.encode(to: encoder)
    }
  }
}

/// A patch embedding of several convolutions whose kernels do not overlap (MobileCLIP): all but the last have `width` channels and are followed by
/// batch norm and GELU.
package struct CellStem: Codable, Sendable, Hashable {
  /// Channels between the convolutions.
  package var width: Int
  /// The sides of the kernels, which are also their strides, in order; their product is the side of a patch.
  package var kernels: [Int]

  package init(width: Int, kernels: [Int]) {
    self.width = width
    self.kernels = kernels
  }

  /// Whether the convolutions together cover exactly one patch.
  func fits(patch: Int) -> Bool {
    guard (2...16).contains(kernels.count), kernels.allSatisfy({ (1...patch).contains($0) }) else { return false }
    // Each partial product is at most the patch, so nothing overflows.
    return kernels.reduce(1) { $0 > patch ? $0 : $0 * $1 } == patch
  }
}
