import CZooKernels

/// Above which value a map says "here". The comparison is strict.
public enum MapThreshold: Sendable, Hashable {
  /// The same value for every map, 0 to 1.
  case value(Float)
  /// The map's own mean, as in the script that the field's tables were made with (Chefer et al.).
  case mean

  /// The threshold for a map.
  public func value(for map: [Float]) -> Float {
    switch self {
    case .value(let value): value
    case .mean: Float(map.reduce(0.0) { $0 + Double($1) } / Double(max(map.count, 1)))
    }
  }
}

/// Pixels of maps against masks. Counts of several pictures add up; ratios are taken at the end.
package struct SegmentationCounts: Sendable, Hashable {
  /// Said and true.
  package private(set) var truePositives = 0
  /// Said, not true.
  package private(set) var falsePositives = 0
  /// Not said, but true.
  package private(set) var falseNegatives = 0
  /// Neither.
  package private(set) var trueNegatives = 0

  package init() {}

  /// - Precondition: map and mask have one size.
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

  /// - Parameter values: in the order of `columns`.
  init(values: [Double]) {
    (truePositives, falsePositives) = (Int(values[0]), Int(values[1]))
    (falseNegatives, trueNegatives) = (Int(values[2]), Int(values[3]))
  }

  /// Pixels that count.
  package var labelled: Int { truePositives + falsePositives + falseNegatives + trueNegatives }
  /// Pixels that are said rightly.
  package var correct: Int { truePositives + trueNegatives }

  /// Share of the pixels that are right.
  package var pixelAccuracy: Double { ratio(correct, labelled) }
  /// Intersection over union of the thing.
  package var foregroundIoU: Double { ratio(truePositives, truePositives + falsePositives + falseNegatives) }
  /// Intersection over union of what is not the thing.
  package var backgroundIoU: Double { ratio(trueNegatives, trueNegatives + falsePositives + falseNegatives) }
  /// The mean of both classes' IoU: the field's mIoU where the counts are those of a whole data set.
  package var meanIoU: Double { (foregroundIoU + backgroundIoU) / 2 }
  /// Harmonic mean of precision and recall.
  package var f1: Double { ratio(2 * truePositives, 2 * truePositives + falsePositives + falseNegatives) }
}

/// 0 where there is nothing to divide by.
func ratio(_ part: Int, _ whole: Int) -> Double { whole == 0 ? 0 : Double(part) / Double(whole) }
