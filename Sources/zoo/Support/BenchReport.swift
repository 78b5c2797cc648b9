import Foundation
import ZooRuntime
import ZooTensors

/// The median times of stages.
struct Bench {
  let runs: Int
  let only: String?
  let quiet: Bool
  private(set) var stages: [BenchReport.Stage] = []

  init(runs: Int, only: String?, quiet: Bool) {
    self.runs = runs
    self.only = only
    self.quiet = quiet
  }

  mutating func once<T>(_ name: String, flops: Double?, _ body: () throws -> T) rethrows -> T {
    let start = ContinuousClock.now
    let value = try body()
    stages.append(.init(name, times: [(ContinuousClock.now - start).milliseconds], flops: flops))
    return value
  }

  /// One warm-up run, then `runs` that are measured.
  mutating func measure(_ name: String, flops: Double, _ body: () throws -> Void) rethrows {
    if let only, !name.contains(only) { return }
    let progress = Progress(name, total: runs, quiet: quiet)
    try body()
    var times: [Double] = []
    for run in 0..<runs {
      let start = ContinuousClock.now
      try body()
      times.append((ContinuousClock.now - start).milliseconds)
      progress.update(run + 1)
    }
    progress.finish()
    stages.append(.init(name, times: times, flops: flops))
  }
}

/// The middle value, or the mean of the two in the middle.
func median(_ values: [Double]) -> Double {
  guard !values.isEmpty else { return .nan }
  let sorted = values.sorted(), middle = sorted.count / 2
  return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/// The output of `zoo bench`: a table, or JSON. Fields are only ever added.
struct BenchReport: Encodable {
  static let product = "packed product"

  var model: String
  /// The library for matrix products, with its kernel.
  var backend: String
  /// The precision of products.
  var precision: Precision
  /// The instruction set of our own kernels.
  var kernels: String
  var threads: Int
  /// Input height and width in pixels.
  var size: [Int]
  /// Layers that LeGrad uses.
  var layers: Int
  var runs: Int
  /// In bytes, for the whole process.
  var peakMemory: Int
  var stages: [Stage]

  struct Stage: Encodable {
    var name: String
    var medianMs: Double
    var minMs: Double
    /// Operations, in units of 10^9.
    var gflop: Double?
    var gflopPerSecond: Double?

    init(_ name: String, times: [Double], flops: Double?) {
      self.name = name
      medianMs = median(times)
      minMs = times.min() ?? .nan
      gflop = flops.map { $0 / 1e9 }
      gflopPerSecond = flops.map { $0 / (medianMs * 1e6) }
    }
  }

  var text: String {
    let rate = stages.first { $0.name == Self.product }?.gflopPerSecond
    var table = Table(["STAGE", "MEDIAN ms", "MIN ms", "GFLOP", "GFLOP/s", "OF PRODUCT"], right: [1, 2, 3, 4, 5])
    for stage in stages {
      func number(_ value: Double?, _ format: String) -> String { value.map { formatted(format, $0) } ?? "-" }
      let share = rate.flatMap { rate in stage.gflopPerSecond.map { 100 * $0 / rate } }
      table.add([
        stage.name, number(stage.medianMs, "%.1f"), number(stage.minMs, "%.1f"), number(stage.gflop, "%.1f"),
        number(stage.gflopPerSecond, "%.0f"), number(share, "%.0f %%"),
      ])
    }
    let environment = ProcessInfo.processInfo.environment
    let hint =
      environment["OPENBLAS_CORETYPE"].map {
        "\nhint: OPENBLAS_CORETYPE=\($0) is set; without it OpenBLAS chooses its kernel itself"
      }
      ?? ""
    return """
      \(model), \(size[0])x\(size[1]), \(layers) layers, median of \(runs)
      \(backend), \(kernels), \(threads) threads, peak memory \(byteText(peakMemory))

      \(table.text)\(hint)
      """
  }
}
