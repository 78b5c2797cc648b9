import Foundation

/// The folder of an evaluation: `run.json` with its settings, and `rows.jsonl` with a line for each sample.
package typealias RunFolder = RunJournal<EvaluationDescription, SampleResult>

/// The content of an evaluation's `run.json`.
package struct EvaluationDescription: RunDescription {
  package static let fileName = "run.json"
  package static let linesName = "rows.jsonl"

  package var settings: RunSettings
  package var shard: Shard
  package var columns: [String]
  package var figures: [Figure]
  /// How it was made, for people to read: the version, the call, the data's path, the processor. Two runs may differ in these.
  package var made: [Choice]

  package init(settings: RunSettings, shard: Shard, columns: [String], figures: [Figure], made: [Choice]) {
    (self.settings, self.shard, self.columns, self.figures, self.made) = (settings, shard, columns, figures, made)
  }

  package var coding: [CodingUserInfoKey: any Sendable] {
    SampleResult.Row.columnsKey.map { [$0: columns] } ?? [:]
  }

  package func difference(from other: EvaluationDescription) -> String? { settings.difference(from: other.settings) }
}
