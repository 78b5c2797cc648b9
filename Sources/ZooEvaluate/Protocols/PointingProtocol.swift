import ZooExplain
import ZooImages

/// The pointing game and pixel measures on scenes with several named objects: each object is one prompt.
public struct PointingProtocol: EvaluationProtocol {
  package static let name = "pointing"
  package static let columns =
    ["hit", "near_hit", "iou", "pixel_ap", "two_channel_ap", "f1", "area", "flat"]
    + ["half", "mean"].flatMap { threshold in SegmentationCounts.columns.map { "\(threshold)_\($0)" } }
  package static let figures = [
    Figure("mIoU @0.5"), Figure("pointing"), Figure("within \(Localisation.tolerance) px"), Figure("pixel AP"),
  ]

  package static func figures(of sums: [ClassSum]) -> [Double] {
    let result = Localisation(sums)
    return [result.meanIoU, result.pointing, result.tolerantPointing, result.pixelAP]
  }

  package static let meritName = "IoU at 0.5"
  package static func merit(of row: [Double]) -> Double? { row[2] }

  /// The data set.
  public let data: MaskedPictures

  /// Measures on this data set.
  public init(_ data: MaskedPictures) { self.data = data }

  package var classes: [String] { data.classes }
  package var samples: [String] { data.pictures.map(\.id) }
  package var choices: [Choice] {
    [
      Choice("maximum", "the first, row by row"), Choice("mIoU", "of the thing at 0.5, mean over prompts"),
      Choice("masks", "nearest pixel"),
    ]
  }

  package func load(_ index: Int, by loader: PictureLoader) throws -> MaskedPictures.Loaded {
    try data.load(index, by: loader)
  }

  package func measure(_ samples: [MaskedPictures.Loaded], at desk: EvaluationDesk) throws -> [[[MeasuredRow]]] {
    try desk.rows(samples.map(\.picture), of: samples.map { $0.things.map(\.label) }) { place, maps in
      let sample = samples[place]
      return zip(sample.things, maps).compactMap { thing, heatmap in
        let map = minMax(heatmap.pixels()), mask = sample.mask(of: thing, size: heatmap.pictureSize)
        guard let pointing = Pointing(map: map, mask: mask) else { return nil }
        let counts = SegmentationCounts(map: map, mask: mask, threshold: .value(0.5))
        let atMean = SegmentationCounts(map: map, mask: mask, threshold: .mean)
        let isNear = pointing.chessboardDistance <= Localisation.tolerance
        return MeasuredRow(
          label: thing.label,
          values: [
            pointing.hits ? 1 : 0, isNear ? 1 : 0, counts.foregroundIoU, mask.averagePrecision(of: map),
            mask.twoChannelAveragePrecision(of: map), counts.f1,
            ratio(counts.truePositives + counts.falseNegatives, counts.labelled), map.min() == map.max() ? 1 : 0,
          ] + counts.values + atMean.values)
      }
    }
  }

  package func shown(_ sample: MaskedPictures.Loaded, at desk: EvaluationDesk) throws -> ShownSample {
    // There are no rows for objects without a pixel in the picture.
    let size = try desk.seenSize(of: sample.picture)
    let kept = sample.things.filter { thing in
      sample.mask(of: thing, size: size).values.contains(1)
    }
    return sample.shown(kept.map { ($0, $0.label) })
  }
}
