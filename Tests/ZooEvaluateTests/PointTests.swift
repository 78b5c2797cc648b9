import Foundation
import Testing
import ZooEvaluate
import ZooTestSupport

@Suite struct PointTests {
  struct Expected: Decodable {
    let points: Points
    let pointingGame: Game

    struct Points: Decodable {
      let perLabelIou: [String: Double]
      let pMiouOverLabels: Double
      let pairs: [String: Double]
      let pMiouOverPairs: Double

      private enum CodingKeys: String, CodingKey {
        case perLabelIou = "per_label_iou"
        case pMiouOverLabels = "p_miou_over_labels"
        case pairs
        case pMiouOverPairs = "p_miou_over_pairs"
      }
    }

    struct Game: Decodable {
      let perMap: [Row]
      let accuracy: Double
      let accuracyTolerance3: Double

      private enum CodingKeys: String, CodingKey {
        case perMap = "per_map"
        case accuracy
        case accuracyTolerance3 = "accuracy_tolerance_3"
      }
    }

    struct Row: Decodable {
      let argmaxYX: [Int]
      let hit: Bool?
      let hitAnyMaximum: Bool?
      let distanceToMask: Double?
      let hitTolerance3: Bool?

      private enum CodingKeys: String, CodingKey {
        case argmaxYX = "argmax_yx"
        case hit
        case hitAnyMaximum = "hit_any_maximum"
        case distanceToMask = "distance_to_mask"
        case hitTolerance3 = "hit_tolerance_3"
      }
    }

    private enum CodingKeys: String, CodingKey {
      case points
      case pointingGame = "pointing_game"
    }
  }

  static func expected() throws -> Expected {
    try JSONDecoder().decode(Expected.self, from: Data(contentsOf: Golden.url("metrics/case.json")))
  }

  @Test func pointsScoreAsScikitLearnsJaccard() throws {
    let expected = try Self.expected().points, arrays = try Golden.arrays("metrics/points.npz")
    var points: [String: [LabelledPoint]] = [:]
    let lines = try String(contentsOf: Golden.url("metrics/points.csv"), encoding: .utf8).split(
      whereSeparator: \.isNewline)
    for line in lines.dropFirst() {
      let cells = line.split(separator: ",", omittingEmptySubsequences: false)
      guard cells[4] != "unsure", let x = Double(cells[1]), let y = Double(cells[2]) else { continue }
      points["\(cells[0])|\(cells[3])", default: []].append(LabelledPoint(x: x, y: y, isThing: cells[4] == "yes"))
    }
    var labels: [String: PointCounts] = [:], pairs: [String: Double] = [:]
    for (pair, points) in points where points.contains(where: \.isThing) {
      let map = try #require(arrays[pair.replacing("/", with: "_")])
      let counts = PointCounts(map: map.floats, height: map.shape[0], width: map.shape[1], points: points)
      pairs[pair] = counts.iou
      labels[String(pair.split(separator: "|")[1]), default: PointCounts()] += counts
    }
    #expect(pairs.keys.sorted() == expected.pairs.keys.sorted())
    for (pair, iou) in expected.pairs { #expect(abs((pairs[pair] ?? -1) - iou) < 1e-12, "\(pair)") }
    for (label, iou) in expected.perLabelIou { #expect(abs((labels[label]?.iou ?? -1) - iou) < 1e-12, "\(label)") }
    let overLabels = labels.values.map(\.iou).reduce(0, +) / Double(labels.count)
    let overPairs = pairs.values.reduce(0, +) / Double(pairs.count)
    #expect(abs(overLabels - expected.pMiouOverLabels) < 1e-12)
    #expect(abs(overPairs - expected.pMiouOverPairs) < 1e-12)
  }

  @Test func pointsOutsideFallOnTheEdge() {
    let far = [LabelledPoint(x: 1, y: 7, isThing: true), LabelledPoint(x: -3, y: .nan, isThing: true)]
    let counts = PointCounts(map: [0, 0, 0, 1], height: 2, width: 2, points: far)
    #expect(counts.truePositives == 1 && counts.falseNegatives == 1)
  }

  @Test func thePointingGameIsScipys() throws {
    let expected = try Self.expected().pointingGame, arrays = try Golden.arrays("metrics/pointing.npz")
    let maps = try #require(arrays["maps"]), masks = try #require(arrays["masks"])
    var played: [Pointing] = []
    for (index, row) in expected.perMap.enumerated() {
      let mask = Mask(
        height: masks.shape[1], width: masks.shape[2], values: masks[index].bytes.map { Int8($0) })
      let pointing = Pointing(map: maps[index].floats, mask: mask)
      #expect((pointing == nil) == (row.hit == nil))
      guard let pointing, let distance = row.distanceToMask else { continue }
      #expect([pointing.row, pointing.column] == row.argmaxYX)
      #expect(pointing.hits == row.hit && pointing.anyMaximumHits == row.hitAnyMaximum)
      #expect(abs(pointing.distance - distance) < 1e-12)
      #expect((pointing.distance <= 3) == row.hitTolerance3)
      played.append(pointing)
    }
    let count = Double(played.count)
    #expect(abs(Double(played.count { $0.hits }) / count - expected.accuracy) < 1e-12)
    #expect(abs(Double(played.count { $0.distance <= 3 }) / count - expected.accuracyTolerance3) < 1e-12)
  }

  @Test func theChessboardDistanceIsTheLargerOfRowsAndColumns() throws {
    var truth = [Int8](repeating: 0, count: 64), map = [Float](repeating: 0, count: 64)
    truth[0] = 1  // row 0, column 0
    map[3 * 8 + 4] = 1
    let pointing = try #require(Pointing(map: map, mask: Mask(height: 8, width: 8, values: truth)))
    #expect(pointing.chessboardDistance == 4 && pointing.distance == 5 && !pointing.hits)
  }
}
