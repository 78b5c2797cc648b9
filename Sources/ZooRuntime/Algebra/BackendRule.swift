/// Which backend is the fastest on a kind of processor: a row in the table behind `--backend automatic`.
package struct BackendRule: Sendable, Hashable {
  /// Flags that the processor must have, with the names in `ProcessorFeatures`.
  package let needs: Set<String>
  package let precision: Precision
  package let backend: Backend
  /// The reason, as a clause that `zoo doctor` prints.
  package let reason: String

  private init(_ needs: Set<String>, _ precision: Precision, _ backend: Backend, _ reason: String) {
    (self.needs, self.precision, self.backend, self.reason) = (needs, precision, backend, reason)
  }

  private static let wide: Set = ["avx512f", "avx512bw", "avx512dq", "avx512vl"]

  /// For each precision, the first row that applies wins, among the backends that the build and the processor support.
  package static let table = [
    BackendRule(["apple"], .f32, .blas, "Accelerate uses Apple's matrix units"),
    BackendRule(wide, .f32, .own, "the project's kernels use vectors of 512 bits"),
    BackendRule([], .f32, .oneDNN, "oneDNN has kernels for this processor"),
    BackendRule([], .f32, .blas, "this build has no oneDNN"),
    BackendRule(
      ["amx_bf16"], .bf16, .oneDNN, "oneDNN multiplies bf16 in tiles (AMX), several times as fast as vectors do"),
    BackendRule(wide.union(["avx512_bf16"]), .bf16, .own, "the project's kernels use vectors of 512 bits"),
    BackendRule([], .bf16, .oneDNN, "oneDNN has bf16 kernels for this processor"),
    BackendRule([], .bf16, .own, "the project's kernels multiply bf16 on this processor"),
    BackendRule(
      ["amx_int8"], .int8, .oneDNN,
      "oneDNN multiplies 8-bit integers in tiles (AMX), several times as fast as vectors do"),
    BackendRule([], .int8, .own, "the project's kernels multiply 8-bit integers on every processor"),
  ]

  /// The rows that apply to a processor, best first.
  package static func rows(for precision: Precision, on features: ProcessorFeatures = .current) -> [BackendRule] {
    table.filter { $0.precision == precision && $0.needs.isSubset(of: features.flags) }
  }

  /// The backend that `automatic` selects, and why; nil if no backend supports this precision.
  package static func choice(
    for precision: Precision, on features: ProcessorFeatures = .current
  ) -> (algebra: any LinearAlgebra, rule: BackendRule)? {
    for rule in rows(for: precision, on: features) where Backend.available.contains(rule.backend) {
      if let algebra = try? makeAlgebra(backend: rule.backend, precision: precision) { return (algebra, rule) }
    }
    return nil
  }
}
