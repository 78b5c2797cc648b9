import Foundation

/// The folder of an evaluation: `run.json` with its settings, and `rows.jsonl` with a line for each sample.
public typealias RunFolder = RunJournal<EvaluationDescription, SampleResult>

/// What stands in an evaluation's `run.json`.
public struct EvaluationDescription: RunDescription {
  public static let fileName = "run.json"
  public static let linesName = "rows.jsonl"

  public var settings: RunSettings
  public var shard: Shard
  public var columns: [String]
  public var figures: [Figure]
  /// How it was made, for people: the version, the call, the data's path, the processor. Two runs may differ in these.
  public var made: [Choice]

  public init(settings: RunSettings, shard: Shard, columns: [String], figures: [Figure], made: [Choice]) {
    (self.settings, self.shard, self.columns, self.figures, self.made) = (settings, shard, columns, figures, made)
  }

  public var coding: [CodingUserInfoKey: any Sendable] {
    SampleResult.Row.columnsKey.map { [$0: columns] } ?? [:]
  }

  public func difference(from other: EvaluationDescription) -> String? { settings.difference(from: other.settings) }
}
