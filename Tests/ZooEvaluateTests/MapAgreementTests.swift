import Testing
import ZooExplain
import ZooModels

@testable import ZooEvaluate

/// Figures that can be counted by hand.
@Suite struct MapAgreementTests {
  private func map(_ values: [Float], width: Int, patch: Int = 8) -> Heatmap {
    Heatmap(
      grid: GridSize(height: values.count / width, width: width), patch: patch, layers: [], values: values,
      finish: .upsampleThenNormalise)
  }

  @Test func equalMapsAgreeAndOppositeOnesDoNot() {
    let values = (0..<20).map { Float($0) }
    let equal = MapAgreement(map(values, width: 5), map(values.map { 3 * $0 - 1 }, width: 5), patch: 8)
    #expect(equal.rankCorrelation == 1 && equal.topOverlap == 1 && equal.peakDistance == 0)
    let opposite = MapAgreement(map(values, width: 5), map(values.map(-), width: 5), patch: 8)
    #expect(opposite.rankCorrelation == -1 && opposite.topOverlap == 0)
    // From the last position, row 3 and column 4, to the first.
    #expect(opposite.peakDistance == 5)
  }

  @Test func equalValuesShareTheTopPlaces() {
    // Of 20 positions, two are top ones: each of the four equal maxima counts as half of one.
    let four = map((0..<20).map { $0 < 4 ? 1 : 0 }, width: 5)
    #expect(MapAgreement(four, four, patch: 8).topOverlap == 1)
    let two = map((0..<20).map { $0 < 2 ? 1 : 0 }, width: 5)
    #expect(MapAgreement(four, two, patch: 8).topOverlap == 0.5)
  }

  @Test func aFlatMapHasNoPeak() {
    let flat = map([Float](repeating: 0, count: 20), width: 5), other = map((0..<20).map { Float($0) }, width: 5)
    let agreement = MapAgreement(flat, other, patch: 8)
    #expect(agreement.peakDistance == nil && agreement.rankCorrelation == 0)
    // Each of the 20 positions counts as a tenth.
    #expect(abs(agreement.topOverlap - 0.1) < 1e-9)
    #expect(MapAgreement(flat, flat, patch: 8).rankCorrelation == 1)
  }

  @Test func pixelsOfAPatchAreAddedUp() {
    // 2 x 2 patches of 2 x 2 pixels.
    let pixels: [Float] = [0, 0, 1, 0, 0, 0, 0, 1, 3, 0, 0, 0, 0, 0, 0, 1]
    let agreement = MapAgreement(map(pixels, width: 4, patch: 1), map([0, 2, 3, 1], width: 2, patch: 2), patch: 2)
    #expect(agreement.rankCorrelation == 1 && agreement.peakDistance == 0)
  }

  /// `scipy.stats.spearmanr(a, b)`
  @Test func rankCorrelationIsThatOfSciPy() {
    #expect(abs(rankCorrelation([1, 2, 2, 4, 7, 7, 7], [3, 1, 4, 4, 9, 2, 6]) - 0.481_475) < 1e-5)
  }
}
