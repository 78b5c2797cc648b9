import Foundation
import Testing
import ZooCheckpoints
import ZooTensors
import ZooTestSupport

/// Opens a golden file (or folder).
func openGolden(_ path: String) throws -> Checkpoint { try Checkpoint.open(Golden.url(path).path) }

/// Opens literal bytes as if they were a file with this name.
func openBytes(_ bytes: [UInt8], _ path: String = "x.safetensors") throws -> Checkpoint {
  try Checkpoint.open(ByteView(copying: bytes), path: path)
}

extension ByteView {
  /// A copy: a pointer to the bytes of a temporary would outlive them.
  var array: [UInt8] { withExtendedLifetime(self) { Array(bytes) } }
}

/// Reads every tensor.
func readAll(_ checkpoint: Checkpoint) throws {
  for entry in checkpoint.entries {
    let tensor = try checkpoint.tensor(entry.name)
    #expect(tensor.shape == entry.shape && tensor.dtype == entry.dtype && tensor.data.count == entry.byteCount)
  }
}

/// The error of a call that must fail.
func checkpointError(_ body: () throws -> Void) throws -> CheckpointError {
  do { try body() } catch let error as CheckpointError { return error }
  throw NothingThrown()
}

struct NothingThrown: Error {}

/// A folder for one test, removed with the object.
final class TemporaryFolder {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.appending(path: "zoo-checkpoints-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func callAsFunction(_ name: String) -> String { "\(path)/\(name)" }

  func write(_ bytes: [UInt8], _ name: String) throws -> String {
    try Data(bytes).write(to: URL(filePath: self(name)))
    return self(name)
  }

  func remove(_ name: String) { try? FileManager.default.removeItem(atPath: self(name)) }
}

/// The rows of `hostile/verdicts.tsv` for some folder.
struct Verdict: Sendable, CustomTestStringConvertible {
  let path: String
  let expected: String
  let why: String
  var testDescription: String { path }

  static func all(in folder: String) -> [Verdict] {
    let text = (try? String(contentsOf: Golden.url("hostile/verdicts.tsv"), encoding: .utf8)) ?? ""
    var verdicts: [Verdict] = []
    for line in text.split(separator: "\n") where line.hasPrefix(folder + "/") {
      let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
      verdicts.append(Verdict(path: fields[0], expected: fields[1], why: fields[3]))
    }
    return verdicts
  }
}

/// A safetensors file from a JSON text and data.
func safetensors(_ header: String, _ data: [UInt8] = []) -> [UInt8] {
  let length = UInt64(header.utf8.count)
  let prefix = (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) }
  return prefix + Array(header.utf8) + data
}
