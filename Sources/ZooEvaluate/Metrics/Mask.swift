/// Where a thing is in a picture: the truth that maps are measured against.
public struct Mask: Sendable, Hashable {
  public let height: Int
  public let width: Int
  /// `[height * width]` row by row: 1 the thing, 0 not the thing, below 0 not counted.
  public let values: [Int8]

  /// - Precondition: `values` has `height * width` elements.
  public init(height: Int, width: Int, values: [Int8]) {
    precondition(values.count == height * width, "a mask fits its size")
    self.height = height
    self.width = width
    self.values = values
  }
}
