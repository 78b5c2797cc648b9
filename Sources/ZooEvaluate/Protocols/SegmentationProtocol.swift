import ZooExplain
import ZooImages

/// ImageNet-Segmentation's protocol (Chefer et al.; LeGrad's table 1): the map of a class against its mask, with background and foreground as two
/// classes, counted over the whole set.
public struct SegmentationProtocol: EvaluationProtocol {
  package static let name = "segmentation"
  /// Pixels at the threshold, then average precision over both channels and over the foreground alone, and F1.
  package static let columns = SegmentationCounts.columns + ["two_channel_ap", "foreground_ap", "f1"]
  package static let figures = [
    Figure("pixel accuracy"), Figure("mIoU"), Figure("mAP"), Figure("foreground AP"), Figure("F1"),
  ]

  package static func figures(of sums: [ClassSum]) -> [Double] {
    let total = sums.total, values = total.values
    guard !values.isEmpty else { return figures.map { _ in 0 } }
    let (both, said, missed, neither) = (values[0], values[1], values[2], values[3])
    let foreground = ratio(both, both + said + missed), background = ratio(neither, neither + said + missed)
    return [
      ratio(both + neither, both + said + missed + neither), (foreground + background) / 2,
      ratio(values[4], total.rows), ratio(values[5], total.rows), ratio(values[6], total.rows),
    ]
  }

  package static let meritName = "IoU of the foreground"
  package static func merit(of row: [Double]) -> Double? { ratio(row[0], row[0] + row[1] + row[2]) }

  /// The class whose map is measured.
  public enum ClassRule: String, Sendable, CaseIterable {
    /// The class of the mask, as in LeGrad's paper.
    case truth = "true"
    /// The class that the model considers most likely, as in Chefer's script and TextSpan.
    case predicted
  }

  /// The data set.
  public let data: MaskedPictures
  /// A pixel counts as found if its value is above this.
  public var threshold: MapThreshold
  /// The class whose map is measured.
  public var classRule: ClassRule

  /// Measures on this data set.
  public init(_ data: MaskedPictures, threshold: MapThreshold = .value(0.5), classRule: ClassRule = .truth) {
    (self.data, self.threshold, self.classRule) = (data, threshold, classRule)
  }

  package var classes: [String] { data.classes }
  package var samples: [String] { data.pictures.map(\.id) }
  package var choices: [Choice] {
    [
      Choice("threshold", threshold.description), Choice("class", classRule.rawValue),
      Choice("mIoU", "background and foreground, counted over the set"),
      Choice("mAP", "both channels, mean over masks"),
      Choice("masks", "nearest pixel"),
    ]
  }

  package func load(_ index: Int, by loader: PictureLoader) throws -> MaskedPictures.Loaded {
    try data.load(index, by: loader)
  }

  package func measure(_ samples: [MaskedPictures.Loaded], at desk: EvaluationDesk) throws -> [[[MeasuredRow]]] {
    let asked = try asked(samples, at: desk)
    // One map for each class, however often it is requested.
    let unique = asked.map { Array(Set($0)).sorted() }
    return try desk.rows(samples.map(\.picture), of: unique) { place, maps in
      let sample = samples[place]
      return try zip(sample.things, asked[place]).map { thing, label in
        let map = maps[unique[place].firstIndex(of: label) ?? 0]
        return MeasuredRow(label: thing.label, values: try row(of: map, on: sample, thing))
      }
    }
  }

  /// The class whose map is used for each object of each sample.
  private func asked(_ samples: [MaskedPictures.Loaded], at desk: EvaluationDesk) throws -> [[Int]] {
    guard classRule == .predicted else { return samples.map { $0.things.map(\.label) } }
    let best = try desk.bestClasses(samples.map(\.picture))
    return zip(samples, best).map { sample, best in sample.things.map { _ in best } }
  }

  package func shown(_ sample: MaskedPictures.Loaded, at desk: EvaluationDesk) throws -> ShownSample {
    sample.shown(zip(sample.things, try asked([sample], at: desk)[0]).map { $0 })
  }

  private func row(
    of heatmap: Heatmap, on sample: MaskedPictures.Loaded, _ thing: MaskedPictures.Thing
  ) throws -> [Double] {
    let map = minMax(heatmap.pixels()), mask = sample.mask(of: thing, size: heatmap.pictureSize)
    let counts = SegmentationCounts(map: map, mask: mask, threshold: threshold)
    return counts.values + [
      mask.twoChannelAveragePrecision(of: map), mask.averagePrecision(of: map), counts.f1,
    ]
  }
}

extension MapThreshold: CustomStringConvertible {
  public var description: String {
    switch self {
    case .value(let value): "\(value)"
    case .mean: "mean"
    }
  }

  /// Parses `mean` or a number from 0 to 1; nil for anything else.
  public init?(_ text: String) {
    if text == "mean" {
      self = .mean
    } else if let value = Float(text), (0...1).contains(value) {
      self = .value(value)
    } else {
      return nil
    }
  }
}
