import Foundation
import Testing
import ZooImages

@testable import ZooEvaluate

/// Runs as folders: what is written is kept, matching parts are merged, and others are rejected.
@Suite struct RunTests {
  private func description(shard: Shard = .whole, model: String = "M:t") -> RunFolder.Description {
    RunFolder.Description(
      settings: RunSettings(
        protocolName: PointsProtocol.name, model: model, modelDigest: "d", dataDigest: "e", sampleCount: 6,
        methods: ["A", "B"], templates: ["{}"], pictures: [], choices: []),
      shard: shard, columns: PointsProtocol.columns, figures: PointsProtocol.figures, made: [])
  }

  /// Method 1 finds twice as much as method 0.
  private func result(_ index: Int) -> SampleResult {
    SampleResult(
      index, of: Fake(),
      (0..<2).map { method in
        [MeasuredRow(label: index % 3, values: [Double((method + 1) * (index + 1)), 3, 1, 0.25 * Double(method)])]
      })
  }

  private func table(_ results: [SampleResult]) throws -> EvaluationTable {
    try EvaluationTable(Fake.self, methods: ["A", "B"]) { try results.forEach($0) }
  }

  private struct Fake: EvaluationProtocol {
    static let name = PointsProtocol.name
    static let columns = PointsProtocol.columns
    static let figures = PointsProtocol.figures
    static func figures(of sums: [ClassSum]) -> [Double] { PointsProtocol.figures(of: sums) }
    static let meritName = PointsProtocol.meritName
    static func merit(of row: [Double]) -> Double? { PointsProtocol.merit(of: row) }
    func shown(_: Int, at: EvaluationDesk) throws -> ShownSample { throw EvaluateError.nothing(data: "") }
    let classes = ["a", "b", "c"]
    let samples = (0..<6).map { "s\($0)" }
    let choices: [Choice] = []
    func load(_ index: Int, by: PictureLoader) throws -> Int { index }
    func measure(_: [Int], at: EvaluationDesk) throws -> [[[MeasuredRow]]] { [] }
  }

  @Test func aRunGoesOnAfterAnyByte() throws {
    let folder = try scratch(), run = "\(folder)/run"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    do {
      let first = try RunFolder(run, description(), resume: false)
      for index in 0..<3 { try first.append(result(index)) }
    }
    let rows = URL(filePath: "\(run)/rows.jsonl"), whole = try Data(contentsOf: rows)
    let ends = whole.indices.filter { whole[$0] == 0x0A }
    // Killed in the middle of the third line, at its end, and before anything was written.
    for (length, count) in [(ends[2], 2), (ends[2] + 1, 3), (ends[1] + 5, 2), (0, 0)] {
      try whole.prefix(length).write(to: rows)
      let again = try RunFolder(run, description(), resume: true)
      #expect(again.lines.indices == Array(0..<count))
      #expect(try (0..<count).allSatisfy { try again.lines.line($0) == result($0) })
      for index in count..<6 { try again.append(result(index)) }
      #expect(try RunFolder.read(run).lines.count == 6)
    }
  }

  @Test func anotherRunIsNotMixedIn() throws {
    let folder = try scratch(), run = "\(folder)/run"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    do { _ = try RunFolder(run, description(), resume: false) }
    #expect(throws: EvaluateError.notARun(folder: run, reason: "a run was begun there; --resume goes on with it")) {
      try RunFolder(run, description(), resume: false)
    }
    #expect(throws: EvaluateError.otherRun(folder: run, difference: "model: M:t there, N:t here")) {
      try RunFolder(run, description(model: "N:t"), resume: true)
    }
    #expect(throws: EvaluateError.otherRun(folder: run, difference: "shard: 1/1 there, 2/3 here")) {
      try RunFolder(run, description(shard: try Shard("2/3")), resume: true)
    }
    #expect(throws: EvaluateError.notARun(folder: folder, reason: "it holds other files")) {
      try RunFolder(folder, description(), resume: true)
    }
    let writer = try RunFolder(run, description(), resume: true)
    #expect(throws: EvaluateError.notARun(folder: run, reason: "another process is writing to it")) {
      try RunFolder(run, description(), resume: true)
    }
    withExtendedLifetime(writer) {}
  }

  @Test func shardsAreTheWhole() throws {
    let folder = try scratch()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    var runs: [String] = []
    for number in 1...3 {
      let shard = try Shard("\(number)/3")
      runs.append("\(folder)/\(number)")
      let run = try RunFolder(runs[number - 1], description(shard: shard), resume: false)
      for index in shard.indices(of: 6) where index != 4 { try run.append(result(index)) }
    }
    let (_, part, missing) = try RunFolder.merge(runs)
    #expect(missing == [4] && part.count == 5)
    do { try RunFolder(runs[1], description(shard: try Shard("2/3")), resume: true).append(result(4)) }
    let (_, lines, none) = try RunFolder.merge(runs)
    #expect(none.isEmpty)
    let merged = try EvaluationTable(Fake.self, methods: ["A", "B"], results: lines.forEach)
    let single = try table((0..<6).map(result))
    #expect(merged.methods.map(\.values) == single.methods.map(\.values))
    #expect(merged.methods.map(\.differences) == single.methods.map(\.differences))
    let overlap = #expect(throws: EvaluateError.self) { try RunFolder.merge([runs[0], runs[0]]) }
    #expect(overlap?.description.hasPrefix("\(runs[0]) and \(runs[0]) both have the sample s") == true)
    do { _ = try RunFolder("\(folder)/other", description(model: "N:t"), resume: false) }
    #expect(throws: EvaluateError.runsDiffer(runs[0], "\(folder)/other", difference: "model: M:t there, N:t here")) {
      try RunFolder.merge([runs[0], "\(folder)/other"])
    }
  }

  @Test func intervalsHoldTheValue() throws {
    let table = try table((0..<6).map(result))
    // Computed by hand: label 0 has samples 0 and 3, with 1 + 4 of 1 + 4 + 8, and so on.
    let labels: [Double] = [5.0 / 13.0, 7.0 / 15.0, 9.0 / 17.0]
    let byHand = (labels[0] + labels[1] + labels[2]) / 3
    #expect(abs(table.methods[0].values[0].value - byHand) < 1e-12)
    for method in table.methods {
      for value in method.values { #expect(value.low <= value.value && value.value <= value.high) }
    }
    #expect(table.methods[0].differences.isEmpty)
    // On every picture, the second method gains 0.25.
    #expect(table.methods[1].differences[1] == .init(value: 0.25, low: 0.25, high: 0.25))
    #expect(table.methods[0].classes.map(\.name) == ["a", "b", "c"])
  }

  @Test func schedulersSayWhichShard() throws {
    func shard(_ variables: [String: String]) -> String? { Shard.ofScheduler(variables)?.description }
    #expect(
      shard(["SLURM_ARRAY_TASK_ID": "5", "SLURM_ARRAY_TASK_MIN": "1", "SLURM_ARRAY_TASK_MAX": "8"]) == "5/8")
    #expect(
      shard(["SLURM_ARRAY_TASK_ID": "0", "SLURM_ARRAY_TASK_MIN": "0", "SLURM_ARRAY_TASK_MAX": "7"]) == "1/8")
    #expect(shard(["SGE_TASK_ID": "2", "SGE_TASK_FIRST": "1", "SGE_TASK_LAST": "4"]) == "2/4")
    #expect(shard(["SGE_TASK_ID": "undefined"]) == nil)
    #expect(shard(["JOB_COMPLETION_INDEX": "3", "JOB_COMPLETIONS": "4"]) == "4/4")
    #expect(shard(["JOB_COMPLETION_INDEX": "3"]) == nil)
    #expect(shard([:]) == nil)
    for text in ["0/3", "4/3", "1/0", "1", "a/b", "1/2/3", "-1/2"] {
      #expect(throws: EvaluateError.badShard(text)) { try Shard(text) }
    }
    #expect(try Shard("2/3").indices(of: 8) == [1, 4, 7])
  }
}
