/// A place in a picture of which people said whether a thing is there.
package struct LabelledPoint: Sendable, Hashable {
  /// From the left, 0...1 of the width.
  package let x: Double
  /// From the top, 0...1 of the height.
  package let y: Double
  package let isThing: Bool

  package init(x: Double, y: Double, isThing: Bool) {
    self.x = x
    self.y = y
    self.isThing = isThing
  }

  /// The pixels that it lies in; the far edges are in the last ones.
  func row(of height: Int) -> Int { Self.pixel(y, of: height) }
  func column(of width: Int) -> Int { Self.pixel(x, of: width) }

  private static func pixel(_ place: Double, of length: Int) -> Int {
    let scaled = place * Double(length)
    return scaled >= Double(length) ? length - 1 : scaled > 0 ? Int(scaled) : 0
  }
}

/// Maps against labelled points, for the p-mIoU of OpenImages' points. Counts of several pictures add up.
///
/// The IoU is that of the thing alone. The field takes the mean over labels of the IoU of a label's counts over all
/// pictures; pairs of picture and label without a point on the thing are left out.
package struct PointCounts: Sendable, Hashable {
  package private(set) var truePositives = 0
  package private(set) var falsePositives = 0
  package private(set) var falseNegatives = 0

  package init() {}

  /// - Parameter map: `[height * width]`; a point falls on the pixel that it lies in, the far edges on the last one.
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
