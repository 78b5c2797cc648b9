import ZooRuntime

/// A backend in a precision.
package struct Arithmetic: Sendable, Hashable, CustomStringConvertible {
  package let backend: Backend
  package let precision: Precision

  package var description: String { "\(backend.rawValue) \(precision.rawValue)" }

  package static let standard = Arithmetic(backend: .automatic, precision: .f32)
  /// By our own kernels; `Int8ProductTests` holds oneDNN's products to the same numbers.
  package static let int8 = Arithmetic(backend: .own, precision: .int8)

  /// Everything that this build and this processor support, with what `automatic` selects listed once; 8-bit integers have tests of their own.
  package static let all: [Arithmetic] = Backend.available.flatMap { backend in
    [Precision.f32, .bf16].map { Arithmetic(backend: backend, precision: $0) }
  }.filter { $0 == standard || $0.backend != .automatic && (try? $0.algebra()).map { $0.name != usual } ?? false }

  /// All backends, in f32.
  package static let exact = all.filter { $0.precision == .f32 }
  /// The precisions below f32 that this processor supports: bf16 on each backend, and int8.
  package static let rounding = all.filter { $0.precision != .f32 } + [int8]

  private static let usual = (try? standard.algebra())?.name

  package func algebra() throws -> any LinearAlgebra { try makeAlgebra(backend: backend, precision: precision) }

  /// How far results may be from a reference, as a fraction of the largest number in its array.
  ///
  /// Zero in f32, where the tolerance of the array applies. In bf16 both factors of a product are off by up to 2^-9 of their size; the effect on
  /// results depends on how many products follow one another: about twelve in the two to four blocks of a golden.
  package var share: Double { precision == .bf16 ? 12 * 2 * 0x1p-9 : 0 }
}
