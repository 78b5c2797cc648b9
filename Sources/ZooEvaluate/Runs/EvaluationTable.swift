/// The figures of a run, with confidence intervals from the bootstrap over pictures.
public struct EvaluationTable: Sendable {
  public let figures: [Figure]
  public let methods: [Method]
  /// Samples that were measured.
  public let samples: Int

  public struct Method: Sendable {
    public let name: String
    public let rows: Int
    /// In the order of `figures`.
    public let values: [Estimate]
    /// Less those of the first method, on the same pictures; empty for the first.
    public let differences: [Estimate]
    /// The figures of each class alone, by name, in the order of the names.
    public let classes: [(name: String, rows: Int, values: [Double])]
    /// The rows of each class, added up.
    public let sums: [ClassSum]
  }

  /// A number, and where 95 % of the bootstrap's lie.
  public struct Estimate: Sendable, Hashable, Codable {
    public let value: Double
    public let low: Double
    public let high: Double
  }

  /// - Parameters:
  ///   - results: in any order.
  ///   - rounds: how often the pictures are drawn again, with a generator of fixed seed.
  public init<P: EvaluationProtocol>(
    _: P.Type, _ results: some Sequence<SampleResult>, methods names: [String], rounds: Int = 1000
  ) {
    let samples = results.filter { $0.error == nil }.sorted { $0.index < $1.index }
    self.samples = samples.count
    figures = P.figures
    // Classes get places of their own here, so that those of the whole set that do not occur cost nothing.
    var places: [Int: Int] = [:], classNames: [String] = []
    var rows = [[[(place: Int, values: [Double])]]](
      repeating: Array(repeating: [], count: samples.count), count: names.count)
    for (number, sample) in samples.enumerated() {
      for row in sample.results where names.indices.contains(row.method) {
        let place = places[row.label] ?? classNames.count
        if place == classNames.count {
          places[row.label] = place
          classNames.append(row.name)
        }
        rows[row.method][number].append((place, row.values))
      }
    }
    let classCount = classNames.count
    func sums(_ method: Int, _ times: [Double]) -> [ClassSum] {
      var sums = (0..<classCount).map { ClassSum(label: $0, columns: P.columns.count) }
      for (number, weight) in times.enumerated() where weight > 0 {
        for row in rows[method][number] { sums[row.place].add(row.values, times: weight) }
      }
      return sums
    }
    let once = [Double](repeating: 1, count: samples.count)
    let whole = names.indices.map { sums($0, once) }
    let values = whole.map { P.figures(of: $0) }
    var drawn = [[[Double]]](repeating: [], count: names.count)
    var generator = SplitMix64(state: 20_240_403)
    for _ in 0..<(samples.count > 1 ? rounds : 0) {
      var times = [Double](repeating: 0, count: samples.count)
      for _ in samples.indices { times[Int.random(in: samples.indices, using: &generator)] += 1 }
      for method in names.indices { drawn[method].append(P.figures(of: sums(method, times))) }
    }
    methods = names.indices.map { method in
      Method(
        name: names[method], rows: Int(whole[method].total.rows),
        values: P.figures.indices.map { figure in
          Estimate(values[method][figure], drawn[method].map { $0[figure] })
        },
        differences: method == 0
          ? []
          : P.figures.indices.map { figure in
            Estimate(
              values[method][figure] - values[0][figure],
              zip(drawn[method], drawn[0]).map { $0[figure] - $1[figure] })
          },
        classes: whole[method].filter { $0.rows > 0 }
          .map { (classNames[$0.label], Int($0.rows), P.figures(of: [$0])) }.sorted { $0.0 < $1.0 },
        sums: whole[method])
    }
  }
}

extension EvaluationTable.Estimate {
  /// The 2.5th and the 97.5th percentile of what was drawn; the value itself where nothing was.
  fileprivate init(_ value: Double, _ drawn: [Double]) {
    let sorted = drawn.sorted()
    func percentile(_ share: Double) -> Double {
      sorted.isEmpty ? value : sorted[Int((share * Double(sorted.count - 1)).rounded())]
    }
    self.init(value: value, low: percentile(0.025), high: percentile(0.975))
  }
}

/// Steele, Lea and Flood's generator: the same numbers on every machine.
private struct SplitMix64: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
