import CZooKernels
import Dispatch
import ZooCheckpoints
import ZooTensors

/// Digests and inspects bytes on a thread of its own while the caller writes them.
final class TensorInspector: @unchecked Sendable {
  private let queue = DispatchQueue(label: "zoo.convert.digest")
  private var hasher = SHA256Hasher()
  private var broken = 0
  private var nonzero: Int32 = 0

  /// What was found in a tensor.
  struct Findings {
    let digest: String
    /// Number of NaN and infinite elements.
    let broken: Int
    let isAllZero: Bool
  }

  /// Takes in the next bytes of a tensor and meanwhile runs `work`; returns when both are done.
  func take(_ bytes: UnsafeRawBufferPointer, dtype: DType, while work: () throws -> Void) rethrows {
    nonisolated(unsafe) let shared = bytes
    queue.async { self.inspect(shared, dtype) }
    defer { queue.sync {} }
    try work()
  }

  /// The findings of all bytes since the last call.
  func finish() -> Findings {
    defer { (hasher, broken, nonzero) = (SHA256Hasher(), 0, 0) }
    return Findings(digest: "\(hasher.finish())", broken: broken, isAllZero: nonzero == 0)
  }

  private func inspect(_ bytes: UnsafeRawBufferPointer, _ dtype: DType) {
    hasher.update(bytes)
    guard let start = bytes.baseAddress else { return }
    switch dtype {
    case .f32: broken += zoo_scan_f32(start, bytes.count / 4, &nonzero)
    case .f16: broken += zoo_scan_16(start, bytes.count / 2, 0x7C00, &nonzero)
    case .bf16: broken += zoo_scan_16(start, bytes.count / 2, 0x7F80, &nonzero)
    default: nonzero = 1
    }
  }
}

/// SHA-256 and size of the source files, computed on a thread of its own.
final class SourceDigests: @unchecked Sendable {
  private let done = DispatchGroup()
  private var files: Result<[(name: String, size: Int, sha256: String)], any Error> = .success([])

  init(_ paths: [String]) {
    DispatchQueue.global().async(group: done) {
      self.files = Result { try paths.map(self.digest) }
    }
  }

  /// Waits for the result.
  func wait() throws -> [(name: String, size: Int, sha256: String)] {
    done.wait()
    return try files.get()
  }

  private func digest(_ path: String) throws -> (name: String, size: Int, sha256: String) {
    let map = try MappedFile(path)
    let hasher = SHA256Hasher()
    let bytes = map.view.bytes
    withExtendedLifetime(map) {
      for first in stride(from: 0, to: bytes.count, by: 1 << 22) {
        hasher.update(UnsafeRawBufferPointer(rebasing: bytes[first..<min(bytes.count, first + (1 << 22))]))
        if first % (1 << 25) == 0 { map.release() }
      }
    }
    return (splitPath(path).name, bytes.count, "\(hasher.finish())")
  }
}
