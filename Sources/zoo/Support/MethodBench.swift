import Foundation
import ZooExplain
import ZooImages
import ZooRuntime
import ZooTensors

/// The cost of each method compared with a forward pass of the image tower. They take turns, so that anything that slows the machine down affects
/// all.
struct MethodBench {
  let model: ZooModel
  let picture: PixelTensor
  let prompts: [Int]
  let runs: Int
  let only: String?
  let quiet: Bool

  /// All methods that run on the model with default options, and CheferCAM through all layers.
  func run() throws -> (forward: Double, rows: [MethodBenchReport.Row], undefined: [ChosenMethods.Undefined]) {
    let chosen = try ChosenMethods([ChosenMethods.all, "chefercam:start-layer=0"], on: model)
    let methods = chosen.methods.filter { method in only.map(method.displayName.contains) ?? true }
    let calls = methods.flatMap { method in prompts.map { (method: method, prompts: $0) } }
    let progress = Progress("methods", total: (runs + 1) * calls.count, quiet: quiet)
    defer { progress.finish() }
    var forward: [Double] = [], times = calls.map { _ in [Double]() }, memory = calls.map { _ in 0 }
    // The first turn is a warm-up, and measures memory.
    for turn in 0...runs {
      let pass = try milliseconds { _ = try model.imageEmbeddings([picture]) }
      if turn > 0 { forward.append(pass) }
      for (index, call) in calls.enumerated() {
        let canReset = turn == 0 && resetPeakMemory()
        let time = try milliseconds { try explain(call.method, prompts: call.prompts) }
        if turn > 0 { times[index].append(time) } else if canReset { memory[index] = peakMemory() }
        progress.update(turn * calls.count + index + 1)
      }
    }
    let rows = calls.indices.map { index in
      MethodBenchReport.Row(
        name: calls[index].method.displayName, method: calls[index].method.info.id,
        options: calls[index].method.options, prompts: calls[index].prompts, medianMs: median(times[index]),
        forwardPasses: median(zip(times[index], forward).map { $0 / $1 }),
        peakMemory: memory[index] > 0 ? memory[index] : nil)
    }
    return (median(forward), rows, chosen.undefined)
  }

  private func explain(_ method: HeatmapMethod, prompts: Int) throws {
    let width = model.architecture.embedding
    let directions = (0..<prompts).map { testEmbedding(width, seed: $0) }
    let job = Pass.Job(method.base, directions, background: [testEmbedding(width, seed: prompts)])
    _ = try Pass.run([picture], [job], model: model)
  }

  private func milliseconds(_ body: () throws -> Void) rethrows -> Double {
    let start = ContinuousClock.now
    try body()
    return (ContinuousClock.now - start).milliseconds
  }
}

/// The output of `zoo bench --methods`: a table, or JSON. Fields are only ever added.
struct MethodBenchReport: Encodable {
  let model: String
  let backend: String
  let precision: Precision
  let kernels: String
  let threads: Int
  /// Input height and width in pixels.
  let size: [Int]
  let runs: Int
  /// The image tower alone, one picture.
  let forwardMs: Double
  let methods: [Row]
  let undefined: [ChosenMethods.Undefined]

  struct Row: Encodable {
    let name: String
    let method: String
    let options: [String: String]
    let prompts: Int
    let medianMs: Double
    /// The median of the time's ratio to that of a forward pass in the same turn.
    let forwardPasses: Double
    /// In bytes, for the whole process with the model; nil if the system cannot tell.
    let peakMemory: Int?
  }

  var text: String {
    var table = Table(
      ["METHOD", "PROMPTS", "MEDIAN ms", "FORWARD PASSES", "PEAK MEMORY"], right: [1, 2, 3, 4])
    table.add(["forward pass", "-", formatted("%.1f", forwardMs), "1", ""])
    for row in methods {
      table.add([
        row.name, "\(row.prompts)", formatted("%.1f", row.medianMs), formatted("%.2f", row.forwardPasses),
        row.peakMemory.map(byteText) ?? "-",
      ])
    }
    let rest = undefined.map { "\n\($0.method) is not defined on this model: \($0.reason)" }.joined()
    return """
      \(model), \(size[0])x\(size[1]), medians of \(runs) turns
      \(backend), \(kernels), \(threads) threads

      \(table.text)\(rest)
      """
  }
}
