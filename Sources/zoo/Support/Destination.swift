import Foundation
import ZooImages
import ZooModels
import ZooTensors

/// Where results go: a folder, created if it does not exist, or the one file that the call names.
struct Destination {
  private let path: String
  private let isFile: Bool
  /// Files that must not be overwritten.
  private let inputs: Set<FileIdentity>
  private var written: Set<String> = []

  /// - Parameters:
  ///   - path: The value of `-o`.
  ///   - ending: The extension of a single result.
  ///   - results: The number of results.
  ///   - inputs: The pictures that are read.
  ///   - folders: Subfolders of the results, created here, so that failing to do so is reported before anything is computed.
  init(_ path: String, ending: String, results: Int, inputs: [String], folders: Set<String>) throws {
    self.path = path
    self.inputs = Set(inputs.compactMap { FileIdentity($0) })
    isFile = try Self.isFile(path, ending: ending)
    if isFile {
      guard results == 1 else { throw CallError.oneFile(path, results: results) }
      try check(path)
    }
    let parent = isFile ? path.deletingLastPathComponent : path
    for folder in folders.isEmpty || isFile ? [""] : folders.sorted() {
      let full = folder.isEmpty ? parent : parent.appendingPathComponent(folder)
      if full.isEmpty { continue }
      do {
        try FileManager.default.createDirectory(atPath: full, withIntermediateDirectories: true)
      } catch {
        throw CallError.unwritable(full, reason: systemReason(of: error))
      }
    }
  }

  /// The folder that results go to; nil if they go to a file.
  static func folder(_ path: String, ending: String) throws -> String? { try isFile(path, ending: ending) ? nil : path }

  /// A path with the extension of a result is a file, unless a folder with that name exists.
  private static func isFile(_ path: String, ending: String) throws -> Bool {
    if path.hasSuffix("/") || FileIdentity(path)?.isFolder == true { return false }
    switch path.pathExtension.lowercased() {
    case ending: return true
    case "png", "jpg", "jpeg", "webp", "gif", "bmp", "tif", "tiff", "svg", "pdf", "npy", "npz":
      throw CallError.wrongEnding(path, needed: ending)
    default: return false
    }
  }

  private func check(_ file: String) throws {
    if let identity = FileIdentity(file), inputs.contains(identity) { throw CallError.wouldOverwrite(file) }
  }

  /// Writes a file atomically and returns its path. Results with the same name are identical: they are written once.
  mutating func write(_ data: Data, as name: String) throws -> String {
    let file = isFile ? path : path.appendingPathComponent(name)
    try check(file)
    if written.insert(file).inserted {
      do throws(FileError) { try writeWhole(data, to: file) } catch {
        throw PictureError.unwritable(name: file, reason: error.reason)
      }
    }
    return file
  }
}
