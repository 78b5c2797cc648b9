/// The figures of a run, with confidence intervals from the bootstrap over pictures.
public struct EvaluationTable: Sendable {
  /// The columns.
  public let figures: [Figure]
  /// The rows, in the order of the given names.
  public let methods: [Method]
  /// The number of samples measured.
  public let samples: Int

  /// One explainer.
  public struct Method: Sendable {
    /// The given name.
    public let name: String
    /// The number of questions measured, such as prompts.
    public let rows: Int
    /// In the order of `figures`.
    public let values: [Estimate]
    /// Differences to the first method, on the same pictures; empty for the first.
    public let differences: [Estimate]
    /// The figures of each class alone, in the order of the names.
    public let classes: [(name: String, rows: Int, values: [Double])]
    /// The sum of the rows of each class.
    package let sums: [ClassSum]
  }

  /// A number with its 95 % bootstrap interval.
  public struct Estimate: Sendable, Hashable, Codable {
    /// The figure for all samples.
    public let value: Double
    /// The 2.5th percentile of the bootstrap.
    public let low: Double
    /// The 97.5th percentile of the bootstrap.
    public let high: Double
  }

  /// - Parameters:
  ///   - rounds: How often the pictures are resampled, with a generator with a fixed seed.
  ///   - results: Calls its argument with each result, in the order of the samples.
  package init<P: EvaluationProtocol>(
    _: P.Type, methods names: [String], rounds: Int = 1000,
    results: (_ add: (SampleResult) throws -> Void) throws -> Void
  ) throws {
    figures = P.figures
    // Only classes that occur are numbered, so that the others in the set cost nothing.
    var places: [Int: Int] = [:], classNames: [String] = [], samples = 0
    var store = try RowStore(columns: P.columns.count)
    try results { sample in
      guard sample.error == nil else { return }
      for row in sample.results where names.indices.contains(row.method) {
        let place = places[row.label] ?? classNames.count
        if place == classNames.count {
          places[row.label] = place
          classNames.append(row.name)
        }
        try store.append(row.values, sample: samples, method: row.method, place: place)
      }
      samples += 1
    }
    self.samples = samples
    let rows = try store.finish()
    func sums(_ times: [Double]) -> [[ClassSum]] {
      rows.sums(methods: names.count, places: classNames.count, times: times)
    }
    let whole = sums([Double](repeating: 1, count: samples))
    let values = whole.map { P.figures(of: $0) }
    var drawn = [[[Double]]](repeating: [], count: names.count)
    var generator = SplitMix64(state: 20_240_403)
    for _ in 0..<(samples > 1 ? rounds : 0) {
      var times = [Double](repeating: 0, count: samples)
      for _ in 0..<samples { times[Int.random(in: 0..<samples, using: &generator)] += 1 }
      for (method, sums) in sums(times).enumerated() { drawn[method].append(P.figures(of: sums)) }
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
  /// The 2.5th and the 97.5th percentile of what was drawn; the value itself if nothing was.
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
