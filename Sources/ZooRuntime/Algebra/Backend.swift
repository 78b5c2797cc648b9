import Foundation
import ZooTensors

/// A matrix-multiplication backend.
public enum Backend: String, Sendable, Hashable, CaseIterable, Codable {
  /// The fastest on this processor: according to a table, or for a model opened from a `ModelStore` to what `zoo doctor --tune` measured, if it ran
  /// with that store.
  case automatic
  /// The project's own kernels: int8 on all processors, bf16 on those with native bf16 products.
  case own
  /// OpenBLAS, or Accelerate on macOS: f32 only.
  case blas
  /// oneDNN, on Linux with the package trait OneDNN: f32, and on x86 processors with native products bf16 and int8.
  case oneDNN = "onednn"

  /// The backends in this build.
  public static var available: [Backend] {
    #if OneDNN && os(Linux)
      [.automatic, .own, .blas, .oneDNN]
    #else
      [.automatic, .own, .blas]
    #endif
  }
}

/// The algebra of a backend in a precision.
///
/// Throws an `AlgebraError` if the build does not have the backend, or if the processor or the backend does not support the precision.
///
/// - Parameter tuning: The file of a `Tuning`, which `automatic` prefers to the table; nil for none.
package func makeAlgebra(
  backend: Backend = .automatic, precision: Precision = .f32, tuning: URL? = nil
) throws(AlgebraError) -> any LinearAlgebra {
  if backend == .automatic {
    if let choice = tuning.flatMap(Tuning.read)?.choice(for: precision) { return choice.algebra }
    guard let choice = BackendRule.choice(for: precision) else { throw .processorLacks(precision) }
    return choice.algebra
  }
  if backend == .own {
    guard let algebra = Kernels(precision: precision) else { throw .processorLacks(precision) }
    return algebra
  }
  #if OneDNN && os(Linux)
    if backend != .blas {
      guard let algebra = OneDNN(precision: precision) else { throw .processorLacks(precision) }
      return algebra
    }
  #else
    if backend == .oneDNN { throw .notBuilt(backend) }
  #endif
  guard precision == .f32 else { throw .backendLacks(precision) }
  return BLAS()
}

/// Why products cannot be computed as requested.
public enum AlgebraError: ZooError, Equatable {
  /// This build does not have the backend.
  case notBuilt(Backend)
  /// This processor does not support products in this precision.
  case processorLacks(Precision)
  /// The backend does not support products in this precision.
  case backendLacks(Precision)

  public var blame: Blame { .input }

  public var description: String {
    switch self {
    case .notBuilt(let backend): "this build has no \(backend.rawValue): it was made without that package trait"
    case .processorLacks(let precision): "this processor has no \(precision.rawValue) products"
    case .backendLacks(let precision):
      "BLAS has no \(precision.rawValue) products: --backend own and onednn have them, on processors that do"
    }
  }
}
