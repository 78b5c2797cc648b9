import Foundation
import ZooTestSupport

/// Calls `body` with a temporary folder that contains the given files.
func withFolder<Result>(_ files: [String: [UInt8]], _ body: (URL) throws -> Result) throws -> Result {
  let folder = FileManager.default.temporaryDirectory.appending(path: "zoo-text-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  for (name, bytes) in files { try Data(bytes).write(to: folder.appending(path: name)) }
  return try body(folder)
}
