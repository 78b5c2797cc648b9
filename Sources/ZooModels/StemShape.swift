/// A patch embedding of several convolutions whose kernels do not overlap (MobileCLIP): all but the last have `width` channels and
/// are followed by batch norm and GELU.
public struct StemShape: Codable, Sendable, Hashable {
  /// Channels between the convolutions.
  public var width: Int
  /// Sides of the kernels and their strides, from the picture on; their product is the side of a patch.
  public var kernels: [Int]

  public init(width: Int, kernels: [Int]) {
    self.width = width
    self.kernels = kernels
  }

  /// True where the convolutions together see exactly one patch.
  func fits(patch: Int) -> Bool {
    guard (2...16).contains(kernels.count), kernels.allSatisfy({ (1...patch).contains($0) }) else { return false }
    // Each partial product is at most the patch, so that nothing overflows.
    return kernels.reduce(1) { $0 > patch ? $0 : $0 * $1 } == patch
  }
}
