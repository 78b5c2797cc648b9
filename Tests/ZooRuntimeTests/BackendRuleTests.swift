import Testing
import ZooRuntime

/// What `--backend automatic` selects, depending on the processor flags in `/proc/cpuinfo`.
@Suite struct BackendRuleTests {
  struct Machine: Sendable, CustomTestStringConvertible {
    let name: String
    let flags: String
    let f32: Backend
    let bf16: Backend
    var int8 = Backend.own
    var testDescription: String { name }
  }

  private static let wide = "avx2 fma avx512f avx512dq avx512bw avx512vl"

  static let machines = [
    Machine(name: "Haswell", flags: "avx avx2 fma f16c", f32: .oneDNN, bf16: .oneDNN),
    Machine(name: "Skylake-SP", flags: wide, f32: .own, bf16: .oneDNN),
    Machine(name: "Zen 4", flags: "\(wide) avx512_vnni avx512_bf16", f32: .own, bf16: .own),
    Machine(
      name: "Sapphire Rapids", flags: "\(wide) avx512_vnni avx512_bf16 amx_tile amx_bf16 amx_int8", f32: .own,
      bf16: .oneDNN, int8: .oneDNN),
    Machine(name: "AVX-512 without all of it", flags: "avx2 fma avx512f", f32: .oneDNN, bf16: .oneDNN),
    Machine(name: "Neoverse V1", flags: "asimd asimddp bf16 i8mm sve", f32: .oneDNN, bf16: .oneDNN),
    Machine(name: "Apple M", flags: "apple", f32: .blas, bf16: .oneDNN),
    Machine(name: "a system that tells nothing", flags: "", f32: .oneDNN, bf16: .oneDNN),
  ]

  @Test(arguments: machines) func theFirstRowThatHoldsIsTheBackend(_ machine: Machine) throws {
    let features = ProcessorFeatures(
      name: machine.name, flags: Set(machine.flags.split(separator: " ").map(String.init)))
    #expect(BackendRule.rows(for: .f32, on: features).first?.backend == machine.f32)
    #expect(BackendRule.rows(for: .bf16, on: features).first?.backend == machine.bf16)
    #expect(BackendRule.rows(for: .int8, on: features).first?.backend == machine.int8)
    // If the build has no oneDNN, there is always another backend.
    #expect(BackendRule.rows(for: .f32, on: features).contains { $0.backend == .blas })
    for precision in [Precision.bf16, .int8] {
      #expect(BackendRule.rows(for: precision, on: features).contains { $0.backend == .own })
    }
  }

  @Test func whatIsChosenHereIsOfThisBuild() throws {
    let (algebra, rule) = try #require(BackendRule.choice(for: .f32))
    #expect(Backend.available.contains(rule.backend))
    #expect(try makeAlgebra().name == algebra.name)
    #expect(try makeAlgebra(backend: rule.backend).name == algebra.name)
  }
}
