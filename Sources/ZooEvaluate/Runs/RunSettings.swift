import Foundation
import ZooImages
import ZooRuntime

/// What defines a run: two runs with the same settings give the same rows.
package struct RunSettings: Codable, Sendable, Hashable {
  package var schema = 1
  package var protocolName: String
  /// `ARCHITECTURE:TAG`.
  package var model: String
  /// SHA-256 of the digests of all its tensors and of its description.
  package var modelDigest: String
  /// SHA-256 of the ids of all samples and the names of all classes.
  package var dataDigest: String
  package var sampleCount: Int
  /// Each explainer, in the form in which it can be typed.
  package var methods: [String]
  package var templates: [String]
  /// How pictures are prepared for the model, and the precision: `size`, `resize`, `upright`, `precision`.
  package var pictures: [Choice]
  /// The protocol's conventions.
  package var choices: [Choice]

  package init(
    protocolName: String, model: String, modelDigest: String, dataDigest: String, sampleCount: Int, methods: [String],
    templates: [String], pictures: [Choice], choices: [Choice]
  ) {
    (self.protocolName, self.model, self.modelDigest) = (protocolName, model, modelDigest)
    (self.dataDigest, self.sampleCount, self.methods) = (dataDigest, sampleCount, methods)
    (self.templates, self.pictures, self.choices) = (templates, pictures, choices)
  }

  private enum CodingKeys: String, CodingKey {
    case schema, model, methods, templates, pictures, choices
    case protocolName = "protocol"
    case modelDigest = "model_digest"
    case dataDigest = "data_digest"
    case sampleCount = "samples"
  }

  /// The first difference between two runs, in words; nil if their rows belong together.
  func difference(from other: RunSettings) -> String? {
    func differ<Value: Equatable>(_ what: String, _ a: Value, _ b: Value) -> String? {
      a == b ? nil : "\(what): \(a) there, \(b) here"
    }
    func list(_ choices: [Choice]) -> String { choices.map { "\($0.name) \($0.value)" }.joined(separator: ", ") }
    return differ("protocol", other.protocolName, protocolName) ?? differ("model", other.model, model)
      ?? differ("the model's digest", other.modelDigest, modelDigest)
      ?? differ("samples", other.sampleCount, sampleCount)
      ?? differ("the digest of the data", other.dataDigest, dataDigest)
      ?? differ("methods", other.methods.joined(separator: " "), methods.joined(separator: " "))
      ?? differ("templates", other.templates.joined(separator: " | "), templates.joined(separator: " | "))
      ?? differ("pictures", list(other.pictures), list(pictures))
      ?? differ("choices", list(other.choices), list(choices))
  }
}

/// A part of a data set: every `count`th sample.
package struct Shard: Codable, Sendable, Hashable, CustomStringConvertible {
  /// From 1 to `count`.
  package let number: Int
  package let count: Int

  package static let whole = Shard(number: 1, count: 1)

  private init(number: Int, count: Int) { (self.number, self.count) = (number, count) }

  /// Parses `i/n`. Throws `EvaluateError.badShard`.
  package init(_ text: String) throws {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 2, let number = parts[0], let count = parts[1], count >= 1, (1...count).contains(number) else {
      throw EvaluateError.badShard(text)
    }
    (self.number, self.count) = (number, count)
  }

  /// The shard that a call names as `i/n`, or the one that a scheduler asks for, or everything. Throws `EvaluateError.badShard`.
  package static func chosen(_ text: String?, _ environment: [String: String]) throws -> Shard {
    try text.map { try Shard($0) } ?? ofScheduler(environment) ?? .whole
  }

  /// The indices of its samples.
  package func indices(of total: Int) -> [Int] { Array(stride(from: number - 1, to: total, by: count)) }

  package var description: String { "\(number)/\(count)" }

  /// The shard that a scheduler asks this process for: array tasks of Slurm, SGE and PBS, and indexed jobs of Kubernetes (which do not state their
  /// number: set `JOB_COMPLETIONS` in the job). Nil if there is none.
  package static func ofScheduler(_ environment: [String: String]) -> Shard? {
    func number(_ name: String) -> Int? { environment[name].flatMap { Int($0) } }
    func shard(_ task: Int?, first: Int?, count: Int?) -> Shard? {
      guard let task, let first, let count, count >= 1, (first..<first + count).contains(task) else { return nil }
      return Shard(number: task - first + 1, count: count)
    }
    func steps(_ first: Int?, _ last: Int?) -> Int? { first.flatMap { first in last.map { $0 - first + 1 } } }
    return shard(
      number("SLURM_ARRAY_TASK_ID"), first: number("SLURM_ARRAY_TASK_MIN"),
      count: steps(number("SLURM_ARRAY_TASK_MIN"), number("SLURM_ARRAY_TASK_MAX")))
      ?? shard(
        number("SGE_TASK_ID"), first: number("SGE_TASK_FIRST"),
        count: steps(number("SGE_TASK_FIRST"), number("SGE_TASK_LAST")))
      ?? shard(number("PBS_ARRAY_INDEX"), first: 0, count: number("PBS_ARRAY_COUNT"))
      ?? shard(number("JOB_COMPLETION_INDEX"), first: 0, count: number("JOB_COMPLETIONS"))
  }
}

extension PictureLoader {
  /// How a run describes its pictures: how they are prepared for the model, and the precision.
  package func choices(precision: Precision) -> [Choice] {
    [
      Choice("size", preprocessing.sizeText), Choice("resize", preprocessing.fitText),
      Choice("upright", upright ? "yes" : "no"), Choice("precision", precision.rawValue),
    ]
  }
}
