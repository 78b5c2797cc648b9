import Foundation
import ZooCheckpoints
import ZooModels
import ZooTensors

/// A defect of an installed model.
public enum Defect: Sendable, Hashable, CustomStringConvertible {
  /// The bytes of a tensor differ from those that were written.
  case changed(tensor: String)
  /// A tensor is missing from the weights.
  case missing(tensor: String)
  /// A tensor that is not listed in `model.json`.
  case unknown(tensor: String)
  /// A tensor whose shape differs from the architecture's.
  case shape(tensor: String, expected: [Int], found: [Int])
  /// A file is missing from the folder.
  case missingFile(String)
  /// The bytes of a file differ from those that were converted.
  case changedFile(String)
  /// A file that is a link, a pipe or otherwise not the model's own.
  case strangeFile(String, reason: String)
  /// The weights or `model.json` cannot be read.
  case unreadable(reason: String)

  public var description: String {
    switch self {
    case .changed(let tensor): "'\(tensor)' is damaged: its bytes are not those that were converted"
    case .missing(let tensor): "'\(tensor)' is missing"
    case .unknown(let tensor): "'\(tensor)' does not belong to it"
    case .shape(let tensor, let expected, let found): "'\(tensor)' has shape \(found) and should have \(expected)"
    case .missingFile(let name): "the file \(name) is missing"
    case .changedFile(let name): "the file \(name) is damaged: its bytes are not those that were converted"
    case .strangeFile(let name, let reason): "the file \(name) is not used: \(reason)"
    case .unreadable(let reason): "it cannot be read: \(reason)"
    }
  }
}

extension InstalledModel {
  /// The number of bytes that `verify` reads from the weights.
  package var weightBytes: Int { fileSize(directory.appending(path: ModelDescription.weightsFileName)) ?? 0 }

  /// The defects that names and shapes alone reveal. (Only `progress` throws.)
  package var headerDefects: [Defect] { (try? verify(headersOnly: true)) ?? [] }

  /// Reads every tensor and compares its digest with the one in `model.json`.
  ///
  /// - Parameters:
  ///   - headersOnly: True to check only names and shapes, which is instant.
  ///   - progress: Called every few megabytes with the number of bytes so far. Throwing a `CancellationError` ends the work.
  /// - Returns: The defects, in the order of the weights; empty for an intact model.
  package func verify(headersOnly: Bool = false, progress: (Int) throws -> Void = { _ in }) throws -> [Defect] {
    var defects = fileDefects(headersOnly: headersOnly)
    let name = ModelDescription.weightsFileName
    guard let path = try? ModelDescription.path(of: name, in: directory),
      !defects.contains(.missingFile(name))
    else { return defects }
    do {
      let weights = try Checkpoint.openAsStored(path)
      let specs = Dictionary(
        description.architecture.tensors.map { ($0.name, $0.shape) }, uniquingKeysWith: { first, _ in first })
      var done = 0
      for entry in weights.entries {
        guard let digest = description.digests[entry.name] else {
          defects.append(.unknown(tensor: entry.name))
          continue
        }
        let found = headersOnly ? digest : try hash(weights, entry.name) { try progress(done + $0) }
        done += entry.byteCount
        if found != digest { defects.append(.changed(tensor: entry.name)) }
        if let shape = specs[entry.name], shape != entry.shape {
          defects.append(.shape(tensor: entry.name, expected: shape, found: entry.shape))
        }
      }
      let expected = Set(description.digests.keys).union(specs.keys)
      defects += expected.subtracting(weights.entries.map(\.name)).sorted().map { .missing(tensor: $0) }
    } catch let error as CancellationError {
      throw error
    } catch {
      defects.append(.unreadable(reason: "\(error)"))
    }
    return defects
  }

  /// Whether `model.json` has no digests of the tokenizer files, as written by earlier versions.
  package var lacksTokenizerDigests: Bool {
    !description.tokenizerFiles.isEmpty && description.tokenizerDigests == nil
  }

  /// Defects of the files that `model.json` requires, except the content of the weights.
  private func fileDefects(headersOnly: Bool) -> [Defect] {
    ([ModelDescription.weightsFileName] + description.tokenizerFiles).compactMap { name in
      do throws(FileError) {
        let path = try ModelDescription.path(of: name, in: directory)
        guard FileManager.default.fileExists(atPath: path) else { return .missingFile(name) }
        guard !headersOnly, name != ModelDescription.weightsFileName else { return nil }
        let data = try readFile(path, limit: Limits.tokenizerBytes, following: false)
        guard let digests = description.tokenizerDigests else { return nil }
        return "\(data.withUnsafeBytes(sha256))" == digests[name] ? nil : .changedFile(name)
      } catch {
        return .strangeFile(name, reason: error.reason)
      }
    }
  }

  private func hash(_ weights: Checkpoint, _ name: String, progress: (Int) throws -> Void) throws -> String {
    let tensor = try weights.tensor(name)
    let hasher = SHA256Hasher()
    for first in stride(from: 0, to: tensor.data.count, by: 8 << 20) {
      let bytes = tensor.data.bytes[first..<min(tensor.data.count, first + (8 << 20))]
      withExtendedLifetime(tensor) { hasher.update(UnsafeRawBufferPointer(rebasing: bytes)) }
      try progress(first + bytes.count)
    }
    weights.release()
    return "\(hasher.finish())"
  }
}
