import ZooRuntime

/// What a machine multiplies with: a backend in a precision.
package struct Arithmetic: Sendable, Hashable, CustomStringConvertible {
  package let backend: Backend
  package let precision: Precision

  package var description: String { "\(backend.rawValue) \(precision.rawValue)" }

  package static let standard = Arithmetic(backend: .automatic, precision: .f32)

  /// All that this build has and this processor can do.
  package static let all: [Arithmetic] = Backend.available.flatMap { backend in
    Precision.allCases.map { Arithmetic(backend: backend, precision: $0) }
  }.filter { $0 == standard || $0.backend != .automatic && (try? $0.algebra()) != nil }

  package func algebra() throws -> any LinearAlgebra { try makeAlgebra(backend: backend, precision: precision) }

  /// How far results may be from a reference, as a share of the largest number of its array.
  ///
  /// None in f32, where the tolerance of the array counts. In bf16 a factor is off by up to 2^-9 of its size; what that makes of results
  /// goes by how many products follow one another: up to six in each of two to four blocks, and twice as many on the way back to a map.
  /// In int8 a factor is off by up to 2^-8 of the largest of its row, and a row of these small models has few numbers to even that out.
  package func share(of kind: Kind) -> Double {
    switch (precision, kind) {
    case (.f32, _): 0
    case (.bf16, .outputs): 0x1p-5
    case (.bf16, .maps): 0x1p-4
    case (.int8, .outputs): 0x1p-4
    case (.int8, .maps): 0x1p-3
    }
  }

  package enum Kind: Sendable { case outputs, maps }
}
