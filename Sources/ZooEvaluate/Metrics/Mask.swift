/// Where an object is in a picture: the truth that maps are measured against.
package struct Mask: Sendable, Hashable {
  package let height: Int
  package let width: Int
  /// `[height * width]` row by row: 1 on the object, 0 off the object, negative for ignored pixels.
  package let values: [Int8]

  /// - Precondition: `values` has `height * width` elements.
  package init(height: Int, width: Int, values: [Int8]) {
    precondition(values.count == height * width, "a mask fits its size")
    self.height = height
    self.width = width
    self.values = values
  }
}
