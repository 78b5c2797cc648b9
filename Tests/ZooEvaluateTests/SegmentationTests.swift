import Foundation
import Testing
import ZooEvaluate
import ZooTestSupport

/// Compared with the script that produced the usual published tables (hila-chefer/Transformer-Explainability) and scikit-learn.
@Suite struct SegmentationTests {
  struct Expected: Decodable {
    let segmentation: Segmentation
    let averagePrecisionExamples: [Example]

    struct Segmentation: Decodable {
      let mean: Table
      let half: Table
      let foregroundOnlyAp: PerImage

      private enum CodingKeys: String, CodingKey {
        case mean
        case half = "0.5"
        case foregroundOnlyAp
      }
    }

    struct Table: Decodable {
      let pixelAccuracy: Double
      let iouBackgroundForeground: [Double]
      let miou: Double
      let map: Double
      let meanF1: Double
      let perImage: [Row]
    }

    struct Row: Decodable {
      let correct: Int
      let labeled: Int
      let inter: [Int]
      let union: [Int]
      let ap: Double
      let f1: Double
    }

    struct PerImage: Decodable { let perImage: [Double] }

    struct Example: Decodable {
      let labels: [UInt8]
      let scores: [Float]
      let averagePrecision: Double
    }
  }

  static func expected() throws -> Expected {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(Expected.self, from: Data(contentsOf: Golden.url("metrics/case.json")))
  }

  static func maps() throws -> [(map: [Float], mask: Mask)] {
    let arrays = try Golden.arrays("metrics/segmentation.npz")
    let maps = try #require(arrays["maps"]), masks = try #require(arrays["masks"])
    return (0..<maps.shape[0]).map { index in
      let mask = Mask(
        height: maps.shape[1], width: maps.shape[2], values: masks[index].ints.map { Int8($0) })
      return (maps[index].floats, mask)
    }
  }

  @Test(arguments: [MapThreshold.mean, .value(0.5)])
  func countsAndRatiosAreThePublishedScripts(_ threshold: MapThreshold) throws {
    let tables = try Self.expected().segmentation
    let table = threshold == .mean ? tables.mean : tables.half
    var all = SegmentationCounts(), f1 = 0.0, precision = 0.0
    for ((map, mask), row) in zip(try Self.maps(), table.perImage) {
      let counts = SegmentationCounts(map: map, mask: mask, threshold: threshold)
      #expect(counts.correct == row.correct && counts.labelled == row.labeled)
      #expect([counts.trueNegatives, counts.truePositives] == row.inter)
      let wrong = counts.falsePositives + counts.falseNegatives
      #expect([counts.trueNegatives + wrong, counts.truePositives + wrong] == row.union)
      #expect(abs(counts.f1 - row.f1) < 1e-12)
      let channels = mask.twoChannelAveragePrecision(of: map)
      #expect(abs(channels - row.ap) < 1e-9, "\(channels) for \(row.ap)")
      all += counts
      f1 += counts.f1 / 6
      precision += channels / 6
    }
    #expect(abs(all.pixelAccuracy - table.pixelAccuracy) < 1e-12)
    #expect(abs(all.backgroundIoU - table.iouBackgroundForeground[0]) < 1e-12)
    #expect(abs(all.foregroundIoU - table.iouBackgroundForeground[1]) < 1e-12)
    #expect(abs(all.meanIoU - table.miou) < 1e-12)
    #expect(abs(precision - table.map) < 1e-9)
    #expect(abs(f1 - table.meanF1) < 1e-12)
  }

  @Test func foregroundPrecisionIsScikitLearns() throws {
    for ((map, mask), expected) in zip(try Self.maps(), try Self.expected().segmentation.foregroundOnlyAp.perImage) {
      #expect(abs(mask.averagePrecision(of: map) - expected) < 1e-9)
    }
  }

  @Test func equalScoresAreOneStep() throws {
    for example in try Self.expected().averagePrecisionExamples {
      let found = averagePrecision(example.scores, labels: example.labels)
      #expect(abs(found - example.averagePrecision) < 1e-12, "\(example)")
    }
    // Computed by hand: negative scores, and both zeros as one score.
    #expect(averagePrecision([-1, -2, -3], labels: [1, 0, 1]) == (1.0 + 2.0 / 3.0) / 2)
    #expect(averagePrecision([-0.0, 0.0], labels: [1, 0]) == 0.5)
    #expect(averagePrecision([], labels: []) == 0)
  }
}
