/// How well maps find things: the figures of the pointing protocol's rows.
package struct Localisation: Sendable, Hashable {
  /// How many rows and columns off a thing a maximum may lie for the tolerant pointing game.
  package static let tolerance = 4

  private let sum: ClassSum

  package init(_ sums: [ClassSum]) { sum = sums.total }

  package var prompts: Int { Int(sum.rows) }
  /// Maps with the same value everywhere.
  package var flat: Int { Int(value("flat")) }
  /// Mean over prompts of the thing's IoU at the threshold 0.5.
  package var meanIoU: Double { mean("iou") }
  /// Share of prompts whose map has its maximum on the thing.
  package var pointing: Double { mean("hit") }
  /// Share of prompts whose map has its maximum on the thing or at most `tolerance` rows and columns off it.
  package var tolerantPointing: Double { mean("near_hit") }
  /// Mean over prompts of the average precision of the thing's pixels.
  package var pixelAP: Double { mean("pixel_ap") }
  /// Mean over prompts of the average precision over both channels.
  package var twoChannelAP: Double { mean("two_channel_ap") }
  /// Mean over prompts of F1 at the threshold 0.5.
  package var meanF1: Double { mean("f1") }
  /// Mean share of the picture that a thing covers: what pointing blindly gives.
  package var meanArea: Double { mean("area") }
  /// All prompts' pixels at the threshold 0.5.
  package var half: SegmentationCounts { counts("half") }
  /// All prompts' pixels at each map's mean.
  package var mean: SegmentationCounts { counts("mean") }

  private func value(_ column: String) -> Double {
    PointingProtocol.columns.firstIndex(of: column).map { sum.values.isEmpty ? 0 : sum.values[$0] } ?? 0
  }

  private func mean(_ column: String) -> Double { ratio(value(column), sum.rows) }

  private func counts(_ threshold: String) -> SegmentationCounts {
    SegmentationCounts(values: SegmentationCounts.columns.map { value("\(threshold)_\($0)") })
  }
}
