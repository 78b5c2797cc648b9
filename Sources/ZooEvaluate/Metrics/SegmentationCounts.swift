import CZooKernels

/// The value above which a map says "here". The comparison is strict.
public enum MapThreshold: Sendable, Hashable {
  /// The same value for every map, 0 to 1.
  case value(Float)
  /// The map's own mean, as in the script that produced the usual published tables (Chefer et al.).
  case mean

  /// The threshold for a map.
  public func value(for map: [Float]) -> Float {
    switch self {
    case .value(let value): value
    case .mean: Float(map.reduce(0.0) { $0 + Double($1) } / Double(max(map.count, 1)))
    }
  }
}

/// Pixels of maps compared with masks. Counts of several pictures add up; ratios are computed at the end.
package struct SegmentationCounts: Sendable, Hashable {
  /// Pixels marked by the map and on the object.
  package private(set) var truePositives = 0
  /// Pixels marked by the map but not on the object.
  package private(set) var falsePositives = 0
  /// Pixels on the object that the map does not mark.
  package private(set) var falseNegatives = 0
  /// Pixels that are neither marked nor on the object.
  package private(set) var trueNegatives = 0

  package init() {}

  /// - Precondition: The map and the mask have the same size.
  package init(map: [Float], mask: Mask, threshold: MapThreshold) {
    precondition(map.count == mask.values.count, "map and mask have one size")
    let counts = zoo_count_pixels(map, mask.values, map.count, threshold.value(for: map))
    truePositives = counts.both
    falsePositives = counts.said - counts.both
    falseNegatives = counts.things - counts.both
    trueNegatives = counts.counted - counts.said - falseNegatives
  }

  package static func += (sum: inout SegmentationCounts, other: SegmentationCounts) {
    sum.truePositives += other.truePositives
    sum.falsePositives += other.falsePositives
    sum.falseNegatives += other.falseNegatives
    sum.trueNegatives += other.trueNegatives
  }

  /// The counts' names in rows, in the order of `values`.
  static let columns = ["true_positives", "false_positives", "false_negatives", "true_negatives"]
  var values: [Double] { [truePositives, falsePositives, falseNegatives, trueNegatives].map { Double($0) } }

  /// - Parameter values: The counts, in the order of `columns`.
  init(values: [Double]) {
    (truePositives, falsePositives) = (Int(values[0]), Int(values[1]))
    (falseNegatives, trueNegatives) = (Int(values[2]), Int(values[3]))
  }

  /// The number of pixels that are not ignored.
  package var labelled: Int { truePositives + falsePositives + falseNegatives + trueNegatives }
  /// The number of correctly classified pixels.
  package var correct: Int { truePositives + trueNegatives }

  /// The fraction of correctly classified pixels.
  package var pixelAccuracy: Double { ratio(correct, labelled) }
  /// Intersection over union of the object.
  package var foregroundIoU: Double { ratio(truePositives, truePositives + falsePositives + falseNegatives) }
  /// Intersection over union of the background.
  package var backgroundIoU: Double { ratio(trueNegatives, trueNegatives + falsePositives + falseNegatives) }
  /// The mean IoU of both classes: the usual mIoU if the counts are those of a whole data set.
  package var meanIoU: Double { (foregroundIoU + backgroundIoU) / 2 }
  /// Harmonic mean of precision and recall.
  package var f1: Double { ratio(2 * truePositives, 2 * truePositives + falsePositives + falseNegatives) }
}

/// The quotient, or 0 if the divisor is 0.
func ratio(_ part: Int, _ whole: Int) -> Double { whole == 0 ? 0 : Double(part) / Double(whole) }
