import Foundation
import ZooTensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The folder of a run: `run.json` with its settings, and `rows.jsonl` with a line for each sample, appended as it is measured, so that a
/// process that is killed loses the samples in hand and no others.
public final class RunFolder {
  public static let settingsName = "run.json"
  public static let rowsName = "rows.jsonl"

  public let path: String
  /// What was measured before, by the sample's place.
  public let known: [Int: SampleResult]
  private let rows: FileHandle

  /// What stands in `run.json`.
  public struct Description: Codable, Sendable {
    public var settings: RunSettings
    public var shard: Shard
    public var columns: [String]
    public var figures: [Figure]
    /// How it was made, for people: the version, the call, the data's path, the processor. Two runs may differ in these.
    public var made: [Choice]

    public init(settings: RunSettings, shard: Shard, columns: [String], figures: [Figure], made: [Choice]) {
      (self.settings, self.shard, self.columns, self.figures, self.made) = (settings, shard, columns, figures, made)
    }
  }

  /// Makes the folder, or goes on with the run in it.
  ///
  /// Throws an `EvaluateError` where the folder holds another run or something else, or another process writes to it.
  public init(_ path: String, _ description: Description, resume: Bool) throws {
    self.path = path
    let folder = path as NSString, settings = folder.appendingPathComponent(Self.settingsName)
    let file = folder.appendingPathComponent(Self.rowsName)
    if FileManager.default.fileExists(atPath: settings) {
      let other = try Self.description(in: path)
      if let difference = description.settings.difference(from: other.settings) {
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
      try Self.encoder.encode(description).write(to: URL(filePath: settings), options: .atomic)
    }
    let descriptor = open(file, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0o644)
    guard descriptor >= 0 else { throw EvaluateError.unreadable(file: file, reason: String(cString: strerror(errno))) }
    rows = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      throw EvaluateError.notARun(folder: path, reason: "another process is writing to it")
    }
    let (results, whole) = try Self.results(in: file)
    // A line that was being written when the process was killed.
    guard ftruncate(descriptor, off_t(whole)) == 0 else {
      throw EvaluateError.unreadable(file: file, reason: String(cString: strerror(errno)))
    }
    known = results.filter { $0.value.error == nil }
  }

  /// Appends a sample's line; it is with the system when this returns.
  public func append(_ result: SampleResult) throws {
    try rows.write(contentsOf: try Self.lineEncoder.encode(result) + Data("\n".utf8))
  }

  /// The settings and all whole lines of a run; of several lines for one sample, the last counts.
  public static func read(_ path: String) throws -> (description: Description, results: [Int: SampleResult]) {
    let description = try description(in: path)
    return (description, try results(in: (path as NSString).appendingPathComponent(rowsName)).results)
  }

  private static func description(in path: String) throws -> Description {
    let file = (path as NSString).appendingPathComponent(settingsName)
    guard let json = FileManager.default.contents(atPath: file) else {
      throw EvaluateError.notARun(folder: path, reason: "it has no \(settingsName)")
    }
    do {
      return try JSONDecoder().decode(Description.self, from: json)
    } catch {
      throw EvaluateError.notARun(folder: path, reason: "\(settingsName) is not that of a run")
    }
  }

  /// Also how many bytes the whole lines take.
  private static func results(in file: String) throws -> (results: [Int: SampleResult], bytes: Int) {
    guard let data = try? Data(contentsOf: URL(filePath: file), options: .mappedIfSafe) else { return ([:], 0) }
    var results: [Int: SampleResult] = [:], start = data.startIndex, line = 1
    let decoder = JSONDecoder()
    while let end = data[start...].firstIndex(of: 0x0A) {
      do {
        let result = try decoder.decode(SampleResult.self, from: data[start..<end])
        results[result.index] = result
      } catch {
        throw EvaluateError.badLine(line, file: file, reason: "it is not a sample's row")
      }
      (start, line) = (end + 1, line + 1)
    }
    return (results, start - data.startIndex)
  }

  private static let encoder: JSONEncoder = {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return encoder
  }()

  private static let lineEncoder: JSONEncoder = {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return encoder
  }()
}
