import Foundation
import ZooTensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// What makes a run what it is, as the first file of its folder has it.
public protocol RunDescription: Codable, Sendable {
  /// The file's name.
  static var fileName: String { get }
  /// The name of the file with a line for each sample.
  static var linesName: String { get }
  var shard: Shard { get }
  /// The first thing in which two runs differ, in words; nil where their lines belong together.
  func difference(from other: Self) -> String?
  /// What lines are coded with.
  var coding: [CodingUserInfoKey: any Sendable] { get }
}

extension RunDescription {
  public var coding: [CodingUserInfoKey: any Sendable] { [:] }
}

/// A sample's line.
public protocol RunLine: Codable, Sendable {
  /// The sample's place in the data set.
  var index: Int { get }
  /// Why there is no result.
  var error: String? { get }
}

/// The folder of a run: a file with its description, and one with a line for each sample, appended as it is done, so that a process
/// that is killed loses the samples in hand and no others.
public final class RunJournal<Head: RunDescription, Line: RunLine> {
  public typealias Description = Head

  public let path: String
  /// What was done before, by the sample's place.
  public let known: [Int: Line]
  private let rows: FileHandle
  private let encoder: JSONEncoder

  /// Makes the folder, or goes on with the run in it.
  ///
  /// Throws an `EvaluateError` where the folder holds another run or something else, or another process writes to it.
  public init(_ path: String, _ description: Head, resume: Bool) throws {
    self.path = path
    encoder = runEncoder()
    encoder.userInfo = description.coding
    let folder = path as NSString, settings = folder.appendingPathComponent(Head.fileName)
    let file = folder.appendingPathComponent(Head.linesName)
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
      try runEncoder(.prettyPrinted).encode(description).write(to: URL(filePath: settings), options: .atomic)
    }
    let descriptor = open(file, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0o644)
    guard descriptor >= 0 else { throw EvaluateError.unreadable(file: file, reason: String(cString: strerror(errno))) }
    rows = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      throw EvaluateError.notARun(folder: path, reason: "another process is writing to it")
    }
    let (results, whole) = try Self.results(in: file, description)
    // A line that was being written when the process was killed.
    guard ftruncate(descriptor, off_t(whole)) == 0 else {
      throw EvaluateError.unreadable(file: file, reason: String(cString: strerror(errno)))
    }
    known = results.filter { $0.value.error == nil }
  }

  /// Appends a sample's line; it is with the system when this returns.
  public func append(_ line: Line) throws { try append([line]) }

  /// Appends several lines at once.
  public func append(_ lines: [Line]) throws {
    try rows.write(contentsOf: try lines.reduce(into: Data()) { $0 += try encoder.encode($1) + Data("\n".utf8) })
  }

  /// The description and all whole lines of a run; of several lines for one sample, the last counts.
  public static func read(_ path: String) throws -> (description: Head, results: [Int: Line]) {
    let description = try description(in: path)
    return (
      description, try results(in: (path as NSString).appendingPathComponent(Head.linesName), description).results
    )
  }

  public static func description(in path: String) throws -> Head {
    let file = (path as NSString).appendingPathComponent(Head.fileName)
    guard let json = FileManager.default.contents(atPath: file) else {
      throw EvaluateError.notARun(folder: path, reason: "it has no \(Head.fileName)")
    }
    do {
      return try JSONDecoder().decode(Head.self, from: json)
    } catch {
      throw EvaluateError.notARun(folder: path, reason: "\(Head.fileName) is not that of a run")
    }
  }

  /// Also how many bytes the whole lines take.
  private static func results(in file: String, _ description: Head) throws -> (results: [Int: Line], bytes: Int) {
    guard let data = try? Data(contentsOf: URL(filePath: file), options: .mappedIfSafe) else { return ([:], 0) }
    var results: [Int: Line] = [:], start = data.startIndex, line = 1
    let decoder = JSONDecoder()
    decoder.userInfo = description.coding
    while let end = data[start...].firstIndex(of: 0x0A) {
      do {
        let result = try decoder.decode(Line.self, from: data[start..<end])
        results[result.index] = result
      } catch {
        throw EvaluateError.badLine(line, file: file, reason: "it is not a sample's row")
      }
      (start, line) = (end + 1, line + 1)
    }
    return (results, start - data.startIndex)
  }
}

private func runEncoder(_ more: JSONEncoder.OutputFormatting = []) -> JSONEncoder {
  let encoder = JSONEncoder()
  encoder.outputFormatting = more.union([.sortedKeys, .withoutEscapingSlashes])
  return encoder
}
