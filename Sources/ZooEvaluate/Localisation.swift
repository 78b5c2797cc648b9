/// How well maps find things: sums over prompts, ratios at the end.
public struct Localisation: Sendable {
  /// How many rows and columns off a thing a maximum may lie for the tolerant pointing game.
  public static let tolerance = 4

  public private(set) var prompts = 0
  /// Maps with the same value everywhere.
  public private(set) var flat = 0
  private var area = 0.0, iou = 0.0, averagePrecision = 0.0, twoChannelAveragePrecision = 0.0, f1 = 0.0
  private var hits = 0, tolerantHits = 0
  /// All prompts' pixels at the threshold 0.5.
  public private(set) var half = SegmentationCounts()
  /// All prompts' pixels at each map's mean.
  public private(set) var mean = SegmentationCounts()

  public init() {}

  /// Adds a map, 0...1, for a prompt. A mask that shows nothing does not count.
  ///
  /// - Precondition: map and mask have one size.
  public mutating func add(map: [Float], mask: Mask) {
    guard let pointing = Pointing(map: map, mask: mask) else { return }
    let counts = SegmentationCounts(map: map, mask: mask, threshold: .value(0.5))
    prompts += 1
    if map.min() == map.max() { flat += 1 }
    half += counts
    mean += SegmentationCounts(map: map, mask: mask, threshold: .mean)
    iou += counts.foregroundIoU
    f1 += counts.f1
    area += ratio(counts.truePositives + counts.falseNegatives, counts.labelled)
    averagePrecision += mask.averagePrecision(of: map)
    twoChannelAveragePrecision += mask.twoChannelAveragePrecision(of: map)
    if pointing.hits { hits += 1 }
    if pointing.chessboardDistance <= Self.tolerance { tolerantHits += 1 }
  }

  /// Mean over prompts of the thing's IoU at the threshold 0.5.
  public var meanIoU: Double { average(iou) }
  /// Share of prompts whose map has its maximum on the thing.
  public var pointing: Double { ratio(hits, prompts) }
  /// Share of prompts whose map has its maximum on the thing or at most `tolerance` rows and columns off it.
  public var tolerantPointing: Double { ratio(tolerantHits, prompts) }
  /// Mean over prompts of the average precision of the thing's pixels.
  public var pixelAP: Double { average(averagePrecision) }
  /// Mean over prompts of the average precision over both channels.
  public var twoChannelAP: Double { average(twoChannelAveragePrecision) }
  /// Mean over prompts of F1 at the threshold 0.5.
  public var meanF1: Double { average(f1) }
  /// Mean share of the picture that a thing covers: what pointing blindly gives.
  public var meanArea: Double { average(area) }

  private func average(_ sum: Double) -> Double { prompts == 0 ? 0 : sum / Double(prompts) }
}
