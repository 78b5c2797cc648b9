import Foundation
import Testing
import ZooFixtures
import ZooImages
import ZooModels
import ZooTestSupport

@testable import ZooEvaluate

/// The protocols' figures, from rows that add up, compared with the published scripts and scikit-learn.
@Suite struct ProtocolTests {
  private func sums(_ rows: [(label: Int, values: [Double])], columns: Int) -> [ClassSum] {
    Dictionary(grouping: rows, by: \.label).sorted { $0.key < $1.key }.map { label, rows in
      ClassSum(
        label: label, rows: Double(rows.count),
        values: (0..<columns).map { column in rows.map { $0.values[column] }.reduce(0, +) })
    }
  }

  @Test(arguments: [MapThreshold.mean, .value(0.5)])
  func segmentationIsThePublishedScripts(_ threshold: MapThreshold) throws {
    let tables = try SegmentationTests.expected().segmentation
    let table = threshold == .mean ? tables.mean : tables.half
    let rows = try SegmentationTests.maps().enumerated().map { index, pair in
      let counts = SegmentationCounts(map: pair.map, mask: pair.mask, threshold: threshold)
      return (
        // In two classes, which makes no difference.
        index % 2,
        counts.values + [
          pair.mask.twoChannelAveragePrecision(of: pair.map), pair.mask.averagePrecision(of: pair.map), counts.f1,
        ]
      )
    }
    let found = SegmentationProtocol.figures(of: sums(rows, columns: SegmentationProtocol.columns.count))
    let foreground = tables.foregroundOnlyAp.perImage
    let expected = [
      table.pixelAccuracy, table.miou, table.map, foreground.reduce(0, +) / Double(foreground.count), table.meanF1,
    ]
    for (found, expected) in zip(found, expected) { #expect(abs(found - expected) < 1e-9) }
  }

  @Test func figuresOfThePointingGameAreMeansOverRows() throws {
    // Two classes with three rows in all: the sum of each column.
    let names = ["hit", "near_hit", "iou", "pixel_ap", "two_channel_ap", "f1", "area", "flat"]
    let columns = PointingProtocol.columns.count, counts = (names.count..<columns).map { Double($0) }
    let classes = [
      ClassSum(label: 0, rows: 2, values: [1, 2, 0.5, 1.5, 1.25, 0.75, 0.25, 1] + counts),
      ClassSum(label: 1, rows: 1, values: [0, 1, 1, 0.75, 0.25, 0, 0.5, 1] + counts),
    ]
    #expect(Array(PointingProtocol.columns.prefix(names.count)) == names)
    let found = Localisation(classes)
    #expect(found.prompts == 3 && found.flat == 2)
    #expect([found.pointing, found.tolerantPointing] == [1 / 3.0, 1])
    #expect(
      [found.meanIoU, found.pixelAP, found.twoChannelAP, found.meanF1, found.meanArea] == [0.5, 0.75, 0.5, 0.25, 0.25])
    #expect(found.half.values + found.mean.values == counts.map { 2 * $0 })
    #expect(PointingProtocol.figures(of: classes) == [0.5, 1 / 3.0, 1, 0.75])
  }

  @Test func pointsAreAddedUpForEachLabel() throws {
    let expected = try PointTests.expected().points, labels = expected.perLabelIou.keys.sorted()
    let arrays = try Golden.arrays("metrics/points.npz")
    var table = try CSV(Golden.url("metrics/points.csv").path), points: [String: [LabelledPoint]] = [:]
    while let row = try table.next() {
      guard row[4] != "unsure", let x = Double(row[1]), let y = Double(row[2]) else { continue }
      points["\(row[0])|\(row[3])", default: []].append(LabelledPoint(x: x, y: y, isThing: row[4] == "yes"))
    }
    let rows = try points.filter { $0.value.contains(where: \.isThing) }.map { pair, points in
      let map = try #require(arrays[pair.replacing("/", with: "_")])
      let counts = PointCounts(map: map.floats, height: map.shape[0], width: map.shape[1], points: points)
      return (
        labels.firstIndex(of: String(pair.split(separator: "|")[1])) ?? -1,
        [Double(counts.truePositives), Double(counts.falsePositives), Double(counts.falseNegatives), counts.iou]
      )
    }
    let found = PointsProtocol.figures(of: sums(rows, columns: PointsProtocol.columns.count))
    #expect(abs(found[0] - expected.pMiouOverLabels) < 1e-12)
    #expect(abs(found[1] - expected.pMiouOverPairs) < 1e-12)
  }

  /// Chefer's evaluation of a golden classifier on given maps: the same answers at each step.
  @Test func perturbationIsChefersScript() throws {
    struct File: Decodable {
      struct Curve: Decodable {
        let accuracy: [Double]
        let auc_percent: Double
      }
      struct Perturbation: Decodable { let accuracy: [String: Curve] }
      let perturbation: Perturbation
    }
    let expected = try JSONDecoder().decode(File.self, from: Data(contentsOf: Golden.url("metrics/case.json")))
      .perturbation
    let arrays = try Golden.arrays("metrics/perturbation.npz")
    let model = try GoldenModel("vit_classifier", "timm/model.safetensors").model
    let rules = try model.preprocessing
    let images = try #require(arrays["images_uint8"]), labels = try #require(arrays["labels"]).ints
    let maps = try #require(arrays["maps"])
    let perturbation = PerturbationProtocol(ClassifiedPictures(classes: [], pictures: []))
    func classify(_ pictures: [PixelTensor]) throws -> [Int] {
      try model.imageEmbeddings(pictures).map { logits in logits.indices.max { logits[$0] < logits[$1] } ?? 0 }
    }
    for sign in PerturbationProtocol.Sign.allCases {
      let curve = try #require(expected.accuracy[sign.rawValue])
      var right = [Double](repeating: 0, count: curve.accuracy.count)
      for index in labels.indices {
        let picture = preprocess(Picture(width: 32, height: 32, mode: .rgb, pixels: images[index].bytes), rules)
        let sample = PerturbationProtocol.Sample(
          input: picture, truth: labels[index], black: zip(rules.mean, rules.std).map { (0 - $0) / $1 })
        let start = try classify([picture.tensor])[0] == labels[index]
        let steps = try perturbation.answers(
          sample, map: maps[index].floats, size: GridSize(square: 32), sign: sign, by: classify)
        for (step, isRight) in ([start] + steps).enumerated() where isRight { right[step] += 1 }
      }
      let accuracies = right.map { $0 / Double(labels.count) }
      #expect(accuracies == curve.accuracy, "\(sign)")
      #expect(abs(100 * PerturbationProtocol.area(accuracies) - curve.auc_percent) < 1e-9)
    }
  }

  @Test func equalPixelsAreTakenInTheirOrder() {
    #expect(pixelOrder([0.5, 1, 0.5, 0, 1], highestFirst: true) == [1, 4, 0, 2, 3])
    #expect(pixelOrder([0.5, 1, 0.5, 0, 1], highestFirst: false) == [3, 0, 2, 1, 4])
  }

  @Test func pointsThatWereCutAwayDoNotCount() throws {
    // 40 x 20 pixels, of which the middle 20 x 20 are visible to the model.
    let picture = Picture(width: 40, height: 20, mode: .rgb, pixels: [UInt8](repeating: 9, count: 2400))
    var rules = try GoldenModel("clip_gelu", "openclip/open_clip_model.safetensors").model.preprocessing
    rules.resizeMode = .shortest
    let facts = PictureLoader(preprocessing: rules).load(picture).source, size = rules.size
    func place(_ x: Double, _ y: Double) -> [Double]? {
      facts.place(LabelledPoint(x: x, y: y, isThing: true), in: size).map { [$0.x, $0.y] }
    }
    #expect(place(0.5, 0.5) == [0.5, 0.5])
    #expect(place(0.1, 0.5) == nil && place(0.9, 0.5) == nil)
    #expect(place(0.25, 0) == [0, 0] && place(0.75, 1) == [1, 1])
  }
}
