import CZooKernels
import Foundation
import ZooCheckpoints
import ZooTensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Appends embeddings to the files in a folder. After every call, each file's header states the actual number of rows, so that it is a valid NPY or
/// safetensors file however the process ends.
final class EmbeddingWriter {
  private let folder: String
  private let storage: EmbeddingStorage
  private let width: Int
  private var rows: Int
  private var current: (number: Int, descriptor: Int32)?

  private var rowBytes: Int { width * (storage.element == .f32 ? 4 : 2) }
  /// The length of the header for any number of rows.
  private static let headerBytes = 128

  /// - Parameter rows: The number of existing rows; anything after them is truncated.
  init(_ folder: String, _ storage: EmbeddingStorage, width: Int, rows: Int) throws {
    (self.folder, self.storage, self.width, self.rows) = (folder, storage, width, rows)
    let full = rows / storage.rowsPerFile
    for name in try FileManager.default.contentsOfDirectory(atPath: folder)
    where name.hasSuffix(storage.format.rawValue) {
      let number = Int(name.deletingPathExtension) ?? -1
      if number > full { try FileManager.default.removeItem(atPath: path(number)) }
    }
    try settle(full)
  }

  deinit { finish() }

  /// Appends rows, each of `width` numbers.
  func append(_ embeddings: [[Float]]) throws {
    var left = embeddings[...]
    while !left.isEmpty {
      let number = rows / storage.rowsPerFile, place = rows % storage.rowsPerFile
      let part = left.prefix(storage.rowsPerFile - place)
      try write(bytes(of: part.flatMap { $0 }), at: Self.headerBytes + place * rowBytes, number)
      rows += part.count
      try settle(number)
      left = left.dropFirst(part.count)
    }
  }

  /// Sets the length of a file to that of its rows and updates its header.
  private func settle(_ number: Int) throws {
    let count = min(max(rows - number * storage.rowsPerFile, 0), storage.rowsPerFile)
    let shape = [count, width], slot = (EmbeddingStorage.tensorName, storage.dtype, shape), file = path(number)
    let header =
      switch storage.format {
      case .npy: npyHeader(storage.dtype, shape) ?? []
      case .safetensors: try safetensorsHeader(slot, file: file)
      }
    guard header.count == Self.headerBytes else {
      throw EvaluateError.notARun(folder: folder, reason: "it is too large")
    }
    guard ftruncate(try descriptor(number), off_t(Self.headerBytes + count * rowBytes)) == 0 else {
      throw failure(number)
    }
    try write(header, at: 0, number)
  }

  private func bytes(of values: [Float]) -> [UInt8] {
    switch storage.element {
    case .f32: return values.withUnsafeBytes { Array($0) }
    case .f16:
      var halves = [UInt16](repeating: 0, count: values.count)
      zoo_narrow_to_f16(values, &halves, values.count)
      return halves.withUnsafeBytes { Array($0) }
    }
  }

  private func write(_ bytes: [UInt8], at offset: Int, _ number: Int) throws {
    let descriptor = try descriptor(number)
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes {
        pwrite(descriptor, $0.baseAddress?.advanced(by: done), bytes.count - done, off_t(offset + done))
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw failure(number) }
      done += count
    }
  }

  private func descriptor(_ number: Int) throws -> Int32 {
    if let current, current.number == number { return current.descriptor }
    finish()
    let descriptor = open(path(number), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
    guard descriptor >= 0 else { throw failure(number) }
    current = (number, descriptor)
    return descriptor
  }

  private func finish() {
    if let current { close(current.descriptor) }
    current = nil
  }

  private func path(_ number: Int) -> String { folder.appendingPathComponent(storage.fileName(number)) }

  private func failure(_ number: Int) -> EvaluateError {
    .unwritable(file: path(number), reason: String(cString: strerror(errno)))
  }
}
