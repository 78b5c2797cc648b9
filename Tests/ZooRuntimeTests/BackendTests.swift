import Testing
import ZooRuntime

@Suite("Backends") struct BackendTests {
  @Test func blasIsAlwaysThereInF32() throws {
    #expect(Backend.available.contains(.blas))
    #expect(try makeAlgebra(backend: .blas) is BLAS)
  }

  @Test func blasHasNoBF16() {
    #expect(throws: AlgebraError.backendLacks(.bf16)) { try makeAlgebra(backend: .blas, precision: .bf16) }
    #expect(AlgebraError.backendLacks(.bf16).description == "BLAS has no bf16 products: they need oneDNN")
  }

  @Test func automaticIsTheFastestBuiltIn() throws {
    let algebra = try makeAlgebra()
    if Backend.available.contains(.oneDNN) {
      #expect(algebra.name.hasPrefix("oneDNN "))
    } else {
      #expect(algebra is BLAS)
      #expect(throws: AlgebraError.notBuilt(.oneDNN)) { try makeAlgebra(backend: .oneDNN) }
    }
  }
}
