import Testing
import ZooFixtures

/// Compares maps, computed with some backend and precision, with golden ones.
///
/// In f32 every value must be within the tolerance of its array, on every backend. In bf16 and int8 no tolerance is known for single values. There
/// the error of a map is measured as a share of its spread: |found - golden| / |golden - mean of golden|, in Euclidean norms. For a map unrelated to
/// the golden one this exceeds 1; with a share of s the correlation is at least the square root of 1 - s^2.
///
/// The limits are about twice the largest shares measured on all goldens with our kernels and oneDNN. For the 771 layers of LeGrad these were 0.041
/// in bf16 (median 0.010) and 0.104 in int8 (0.029). The cause is rounding: the unit of bf16, 2^-9, is 2^15 times that of f32, and the shares grow
/// from f32 to bf16 by 2^13.0 to 2^14.1 for LeGrad and by 2^12.6 to 2^14.3 for the other methods (10th to 90th percentile).
struct MapComparison {
  let expected: GoldenModel.Expected
  let arithmetic: Arithmetic
  /// The names of the arrays compared so far.
  private(set) var compared: Set<String> = []
  private var shares: [Double] = []

  init(_ expected: GoldenModel.Expected, _ arithmetic: Arithmetic) {
    (self.expected, self.arithmetic) = (expected, arithmetic)
  }

  private var limit: Double { arithmetic.precision == .int8 ? 0.2 : 0.08 }

  /// - Parameters:
  ///   - maps: The number of maps that the values form.
  ///   - isSteady: False if rounding decides between nearly equal values, or if large values cancel. The error may then be four times as large.
  mutating func check(_ found: [Float], _ key: String, row: Int? = nil, maps: Int, isSteady: Bool = true) {
    compared.insert(key)
    guard arithmetic.precision != .f32 else {
      let distance = expected.distance(found, to: key, row: row)
      #expect(distance <= 1, "\(key) row \(row ?? 0): \(distance) times the tolerance")
      return
    }
    let array = expected[key], want = row.map { array[$0] } ?? array
    guard found.count == want.count else {
      Issue.record("\(key): \(found.count) values for \(want.count)")
      return
    }
    let share = share(found, want.doubles, maps: maps)
    #expect(share <= (isSteady ? limit : 4 * limit), "\(key) row \(row ?? 0): an error of \(share) of the spread")
    shares.append(share)
  }

  /// Checks the number of arrays compared and, in bf16 and int8, the mean of their errors.
  func finish(atLeast count: Int) {
    #expect(compared.count >= count)
    guard arithmetic.precision != .f32 else { return }
    let mean = shares.reduce(0, +) / Double(shares.count)
    #expect(shares.count >= count && mean <= limit, "a mean error of \(mean) of the spread")
  }

  private func share(_ found: [Float], _ want: [Double], maps: Int) -> Double {
    let count = want.count / maps
    var distance = 0.0, spread = 0.0
    for start in stride(from: 0, to: want.count, by: count) {
      let mean = want[start..<start + count].reduce(0, +) / Double(count)
      for place in start..<start + count {
        distance += (Double(found[place]) - want[place]) * (Double(found[place]) - want[place])
        spread += (want[place] - mean) * (want[place] - mean)
      }
    }
    return (distance / spread).squareRoot()
  }
}
