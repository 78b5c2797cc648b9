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

  @Test func int8IsEverywhereButInTheLibraries() throws {
    #expect(try makeAlgebra(precision: .int8).name == "own kernels int8")
    #expect(try makeAlgebra(backend: .own, precision: .int8).precision == .int8)
    for backend in Backend.available where backend != .own && backend != .automatic {
      #expect(throws: AlgebraError.backendLacks(.int8)) { try makeAlgebra(backend: backend, precision: .int8) }
    }
    #expect(AlgebraError.backendLacks(.int8).description == "only --backend own has int8 products")
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
