/// A point in a picture for which people said whether an object is there.
package struct LabelledPoint: Sendable, Hashable {
  /// From the left, as a fraction of the width, 0...1.
  package let x: Double
  /// From the top, as a fraction of the height, 0...1.
  package let y: Double
  package let isThing: Bool

  package init(x: Double, y: Double, isThing: Bool) {
    self.x = x
    self.y = y
    self.isThing = isThing
  }

  /// The pixel that contains it; the far edges belong to the last pixels.
  func row(of height: Int) -> Int { Self.pixel(y, of: height) }
  func column(of width: Int) -> Int { Self.pixel(x, of: width) }

  private static func pixel(_ place: Double, of length: Int) -> Int {
    let scaled = place * Double(length)
    return scaled >= Double(length) ? length - 1 : scaled > 0 ? Int(scaled) : 0
  }
}

/// Maps against labelled points, for the p-mIoU of OpenImages' points. Counts of several pictures add up.
///
/// The IoU is that of the object alone. Usually, the mean over labels is taken of the IoU of a label's counts over all pictures; pairs of picture and
/// label without a point on the object are left out.
package struct PointCounts: Sendable, Hashable {
  package private(set) var truePositives = 0
  package private(set) var falsePositives = 0
  package private(set) var falseNegatives = 0

  package init() {}

  /// - Parameter map: `[height * width]`; a point is in the pixel that contains it, the far edges in the last one.
  package init(map: [Float], height: Int, width: Int, points: [LabelledPoint], threshold: Float = 0.5) {
    precondition(map.count == height * width && height > 0 && width > 0, "a map fits its size")
    for point in points {
      let row = point.row(of: height), column = point.column(of: width)
      switch (map[row * width + column] > threshold, point.isThing) {
      case (true, true): truePositives += 1
      case (true, false): falsePositives += 1
      case (false, true): falseNegatives += 1
      case (false, false): break
      }
    }
  }

  package static func += (sum: inout PointCounts, other: PointCounts) {
    sum.truePositives += other.truePositives
    sum.falsePositives += other.falsePositives
    sum.falseNegatives += other.falseNegatives
  }

  package var iou: Double { ratio(truePositives, truePositives + falsePositives + falseNegatives) }
}
