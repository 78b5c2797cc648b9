/// How well maps locate objects: the figures from the rows of the pointing protocol.
package struct Localisation: Sendable, Hashable {
  /// For the tolerant pointing game, how many rows and columns a maximum may be away from the object.
  package static let tolerance = 4

  private let sum: ClassSum

  package init(_ sums: [ClassSum]) { sum = sums.total }

  package var prompts: Int { Int(sum.rows) }
  /// The number of maps with the same value everywhere.
  package var flat: Int { Int(value("flat")) }
  /// Mean over prompts of the object's IoU at the threshold 0.5.
  package var meanIoU: Double { mean("iou") }
  /// Fraction of prompts whose map has its maximum on the object.
  package var pointing: Double { mean("hit") }
  /// Fraction of prompts whose map has its maximum on the object or at most `tolerance` rows and columns away from it.
  package var tolerantPointing: Double { mean("near_hit") }
  /// Mean over prompts of the average precision of the object's pixels.
  package var pixelAP: Double { mean("pixel_ap") }
  /// Mean over prompts of the average precision over both channels.
  package var twoChannelAP: Double { mean("two_channel_ap") }
  /// Mean over prompts of F1 at the threshold 0.5.
  package var meanF1: Double { mean("f1") }
  /// Mean fraction of the picture that an object covers: the accuracy of random pointing.
  package var meanArea: Double { mean("area") }
  /// The pixels of all prompts at the threshold 0.5.
  package var half: SegmentationCounts { counts("half") }
  /// The pixels of all prompts at each map's mean.
  package var mean: SegmentationCounts { counts("mean") }

  private func value(_ column: String) -> Double {
    PointingProtocol.columns.firstIndex(of: column).map { sum.values.isEmpty ? 0 : sum.values[$0] } ?? 0
  }

  private func mean(_ column: String) -> Double { ratio(value(column), sum.rows) }

  private func counts(_ threshold: String) -> SegmentationCounts {
    SegmentationCounts(values: SegmentationCounts.columns.map { value("\(threshold)_\($0)") })
  }
}
