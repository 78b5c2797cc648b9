import Foundation
import ZooModels

/// What defines a run, stored in the first file of its folder.
package protocol RunDescription: Codable, Sendable {
  /// The file's name.
  static var fileName: String { get }
  /// The name of the file with a line for each sample.
  static var linesName: String { get }
  var shard: Shard { get }
  /// The first difference between two runs, in words; nil if their lines belong together.
  func difference(from other: Self) -> String?
  /// User info for encoding and decoding lines.
  var coding: [CodingUserInfoKey: any Sendable] { get }
}

extension RunDescription {
  package var coding: [CodingUserInfoKey: any Sendable] { [:] }
}

/// The line of a sample.
package protocol RunLine: Codable, Sendable {
  /// The sample's index in the data set.
  var index: Int { get }
  /// Why there is no result.
  var error: String? { get }
}

/// The folder of a run: a file with its description, and one with a line for each sample, appended as soon as it is done, so that a process that is
/// killed loses only the samples in progress.
package final class RunJournal<Head: RunDescription, Line: RunLine> {
  package typealias Description = Head

  /// What is done, by the sample's index.
  package private(set) var lines: RunLines<Line>
  private let file: LineFile
  private let encoder = runEncoder()

  /// Creates the folder, or continues the run in it.
  ///
  /// Throws an `EvaluateError` if the folder holds a different run or something else, or if another process writes to it.
  package init(_ path: String, _ description: Head, resume: Bool) throws {
    let settings = path.appendingPathComponent(Head.fileName)
    if FileManager.default.fileExists(atPath: settings) {
      let other = try Self.description(in: path)
      if let difference = description.difference(from: other) {
        throw EvaluateError.otherRun(folder: path, difference: difference)
      }
      guard other.shard == description.shard else {
        throw EvaluateError.otherRun(folder: path, difference: "shard: \(other.shard) there, \(description.shard) here")
      }
      guard resume else {
        throw EvaluateError.notARun(folder: path, reason: "a run was begun there; --resume goes on with it")
      }
    } else {
      let others = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
      guard others.isEmpty else { throw EvaluateError.notARun(folder: path, reason: "it holds other files") }
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
      try replaceFile(settings, with: runEncoder(.prettyPrinted).encode(description))
    }
    file = try LineFile(path.appendingPathComponent(Head.linesName), isWritable: true)
    guard file.lock() else {
      throw EvaluateError.notARun(folder: path, reason: "another process is writing to it")
    }
    lines = try RunLines(file, coding: description.coding)
    try file.cutOffRest()
    encoder.userInfo = description.coding
  }

  /// A run that is not kept: its lines are in a file without a name.
  package init(temporary description: Head) throws {
    file = try LineFile()
    lines = try RunLines(file, coding: description.coding)
    encoder.userInfo = description.coding
  }

  /// Appends a sample's line; it is handed to the system when this returns.
  package func append(_ line: Line) throws { try append([line]) }

  /// Appends several lines at once.
  package func append(_ new: [Line]) throws {
    let places = try file.append(try new.map { try encoder.encode($0) })
    for (line, bytes) in zip(new, places) { lines.add(line, at: bytes) }
  }

  /// The description and all complete lines of a run; of several lines for one sample, the last wins.
  package static func read(_ path: String) throws -> (description: Head, lines: RunLines<Line>) {
    let description = try description(in: path)
    let file = path.appendingPathComponent(Head.linesName)
    // A run may have ended before its first line.
    let lines = FileManager.default.fileExists(atPath: file) ? try LineFile(file, isWritable: false) : try LineFile()
    return (description, try RunLines(lines, coding: description.coding))
  }

  package static func description(in path: String) throws -> Head {
    let file = path.appendingPathComponent(Head.fileName)
    guard let json = FileManager.default.contents(atPath: file) else {
      throw EvaluateError.notARun(folder: path, reason: "it has no \(Head.fileName)")
    }
    do {
      return try JSONDecoder().decode(Head.self, from: json)
    } catch {
      throw EvaluateError.notARun(folder: path, reason: "\(Head.fileName) is not that of a run")
    }
  }
}

private func runEncoder(_ more: JSONEncoder.OutputFormatting = []) -> JSONEncoder {
  let encoder = JSONEncoder()
  encoder.outputFormatting = more.union([.sortedKeys, .withoutEscapingSlashes])
  return encoder
}
