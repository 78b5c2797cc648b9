import ZooExplain
import ZooModels

/// How well two maps of one picture agree, on the model's patches.
package struct MapAgreement: Sendable, Hashable {
  /// The fraction of patches that count as top patches.
  package static let topShare = 0.1

  /// Spearman's rank correlation of the patches, before normalisation.
  package let rankCorrelation: Double
  /// The fraction of the top patches of one map that are also top patches of the other.
  package let topOverlap: Double
  /// The distance between the maxima, in patches; nil if a map has the same value everywhere.
  package let peakDistance: Double?

  /// - Parameter patch: The side of the model's patches in pixels.
  /// - Precondition: The maps are from the same model and have the same picture size.
  package init(_ a: Heatmap, _ b: Heatmap, patch: Int) {
    let first = PatchMap(a, patch: patch), second = PatchMap(b, patch: patch)
    rankCorrelation = Double(ZooEvaluate.rankCorrelation(first.values, second.values))
    let top = max(1, Int((Double(first.values.count) * Self.topShare).rounded()))
    topOverlap =
      zip(first.membership(ofTop: top), second.membership(ofTop: top)).reduce(0) { $0 + min($1.0, $1.1) }
      / Double(top)
    peakDistance = first.peak.flatMap { a in
      second.peak.map { b in
        let rows = Double(a.row - b.row), columns = Double(a.column - b.column)
        return (rows * rows + columns * columns).squareRoot()
      }
    }
  }

  private init(rankCorrelation: Double, topOverlap: Double, peakDistance: Double?) {
    self.rankCorrelation = rankCorrelation
    self.topOverlap = topOverlap
    self.peakDistance = peakDistance
  }

  /// The mean of each figure; for distances, over those that exist.
  package static func mean(of agreements: [MapAgreement]) -> MapAgreement {
    func average(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
    let distances = agreements.compactMap(\.peakDistance)
    return MapAgreement(
      rankCorrelation: average(agreements.map(\.rankCorrelation)), topOverlap: average(agreements.map(\.topOverlap)),
      peakDistance: distances.isEmpty ? nil : average(distances))
  }
}

/// A map's values on the model's patches: values of single pixels are added up.
private struct PatchMap {
  let values: [Float]
  private let width: Int

  init(_ map: Heatmap, patch: Int) {
    let cell = patch / map.patch, grid = map.grid
    width = grid.width / cell
    var sums = [Float](repeating: 0, count: grid.height / cell * width)
    for (index, value) in map.values.enumerated() {
      sums[index / grid.width / cell * width + index % grid.width / cell] += value
    }
    values = sums
  }

  /// The first maximum; nil if all values are equal.
  var peak: (row: Int, column: Int)? {
    guard let highest = values.max(), values.min() != highest, let place = values.firstIndex(of: highest) else {
      return nil
    }
    return (place / width, place % width)
  }

  /// The membership of each patch in the `count` highest: 0 or 1, or in between for equal values that only partly fit.
  func membership(ofTop count: Int) -> [Double] {
    let limit = values.sorted(by: >)[count - 1]
    let above = values.count { $0 > limit }, equal = values.count { $0 == limit }
    return values.map { $0 > limit ? 1 : $0 == limit ? Double(count - above) / Double(equal) : 0 }
  }
}
