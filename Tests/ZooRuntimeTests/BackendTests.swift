import CZooKernels
import Testing
import ZooRuntime

@Suite("Backends") struct BackendTests {
  @Test func blasIsAlwaysThereInF32() throws {
    #expect(Backend.available.contains(.blas))
    #expect(try makeAlgebra(backend: .blas) is BLAS)
  }

  @Test func blasHasNoBF16() {
    #expect(throws: AlgebraError.backendLacks(.bf16)) { try makeAlgebra(backend: .blas, precision: .bf16) }
    #expect(
      AlgebraError.backendLacks(.bf16).description
        == "BLAS has no bf16 products: --backend own and onednn have them, on processors that do")
  }

  @Test func int8IsOnEveryProcessor() throws {
    #expect(try makeAlgebra(precision: .int8).precision == .int8)
    #expect(try makeAlgebra(backend: .own, precision: .int8).name == "own kernels int8")
    #expect(throws: AlgebraError.backendLacks(.int8)) { try makeAlgebra(backend: .blas, precision: .int8) }
    guard Backend.available.contains(.oneDNN) else { return }
    let vectors: Set = ["avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512_vnni"]
    if vectors.isSubset(of: ProcessorFeatures.current.flags) {
      let algebra = try makeAlgebra(backend: .oneDNN, precision: .int8)
      #expect(algebra.name.hasPrefix("oneDNN ") && algebra.name.hasSuffix(" int8"))
    } else {
      #expect(throws: AlgebraError.processorLacks(.int8)) { try makeAlgebra(backend: .oneDNN, precision: .int8) }
    }
  }

  @Test func whatInt8LeavesIsComputedInWhatTheProcessorHas() throws {
    let int8 = try makeAlgebra(precision: .int8)
    #expect(int8.finer.precision == (zoo_multiplies_bf16() == 1 ? .bf16 : .f32))
    #expect(int8.exact.precision == .f32)
    let bf16 = try? makeAlgebra(precision: .bf16)
    #expect(bf16?.finer.precision ?? .bf16 == .bf16)
    #expect(try makeAlgebra().finer.precision == .f32)
  }

  @Test func bothTowersAreStreamed() throws {
    // The text tower uses the exact algebra of the same kind.
    #expect(try #require(Kernels(streams: true).exact as? Kernels).streams)
    #expect(try !#require(Kernels(precision: .f32)?.exact as? Kernels).streams)
  }

  @Test func automaticIsTheFastestOfThisBuildAndProcessor() throws {
    let algebra = try makeAlgebra()
    if String(cString: zoo_kernel_name()).hasPrefix("avx512") {
      #expect(algebra.name.hasPrefix("own kernels f32"))
    } else if Backend.available.contains(.oneDNN) {
      #expect(algebra.name.hasPrefix("oneDNN "))
    } else {
      #expect(algebra is BLAS)
    }
    if !Backend.available.contains(.oneDNN) {
      #expect(throws: AlgebraError.notBuilt(.oneDNN)) { try makeAlgebra(backend: .oneDNN) }
    }
  }
}
