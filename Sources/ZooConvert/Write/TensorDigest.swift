import CZooKernels
import Dispatch
import ZooCheckpoints
import ZooTensors

/// Looks at the bytes of a tensor on their way to the file.
final class TensorInspector {
  private let dtype: DType
  private let hasher: SHA256Hasher?
  private var broken = 0
  private var nonzero: Int32 = 0

  /// What was found in a tensor.
  struct Findings {
    /// Nil where it was not asked for.
    let digest: String?
    /// Number of NaN and infinite elements.
    let broken: Int
    let isAllZero: Bool
  }

  init(_ dtype: DType, digesting: Bool) {
    self.dtype = dtype
    hasher = digesting ? SHA256Hasher() : nil
  }

  func take(_ bytes: UnsafeRawBufferPointer) {
    hasher?.update(bytes)
    guard let start = bytes.baseAddress else { return }
    switch dtype {
    case .f32: broken += zoo_scan_f32(start, bytes.count / 4, &nonzero)
    case .f16: broken += zoo_scan_16(start, bytes.count / 2, 0x7C00, &nonzero)
    case .bf16: broken += zoo_scan_16(start, bytes.count / 2, 0x7F80, &nonzero)
    default: nonzero = 1
    }
  }

  func finish() -> Findings {
    Findings(digest: hasher.map { "\($0.finish())" }, broken: broken, isAllZero: nonzero == 0)
  }
}

/// Name, size and SHA-256 of a file; its memory is given back on the way.
func digest(ofFile path: String) throws -> (name: String, size: Int, sha256: String) {
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

/// Work that is done beside other work, on one thread from its start.
final class Meanwhile<Value: Sendable>: @unchecked Sendable {
  private let done = DispatchGroup()
  private var result: Result<Value, any Error>?

  init(_ work: @escaping @Sendable () throws -> Value) {
    DispatchQueue.global(qos: .userInitiated).async(group: done) { self.result = Result { try work() } }
  }

  /// Waits for what the work gives, or throws.
  func wait() throws -> Value {
    done.wait()
    return try result!.get()
  }
}
