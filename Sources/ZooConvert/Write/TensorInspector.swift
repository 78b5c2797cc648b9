import CZooKernels
import ZooCheckpoints
import ZooTensors

/// Inspects the bytes of a tensor on their way to the file.
final class TensorInspector {
  private let dtype: DType
  private let hasher: SHA256Hasher?
  private var broken = 0
  private var nonzero: Int32 = 0

  /// What was found in a tensor.
  struct Findings {
    /// Nil if it was not requested.
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
