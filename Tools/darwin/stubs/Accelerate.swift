// The matrix product in vecLib, as declared in <vecLib/cblas.h>.

public struct CBLAS_ORDER: Equatable { public init() {} }
public struct CBLAS_TRANSPOSE: Equatable { public init() {} }

public var CblasRowMajor: CBLAS_ORDER { CBLAS_ORDER() }
public var CblasNoTrans: CBLAS_TRANSPOSE { CBLAS_TRANSPOSE() }
public var CblasTrans: CBLAS_TRANSPOSE { CBLAS_TRANSPOSE() }

public func cblas_sgemm(
  _ order: CBLAS_ORDER, _ transA: CBLAS_TRANSPOSE, _ transB: CBLAS_TRANSPOSE, _ m: Int32, _ n: Int32, _ k: Int32,
  _ alpha: Float,
  _ a: UnsafePointer<Float>!, _ lda: Int32, _ b: UnsafePointer<Float>!, _ ldb: Int32, _ beta: Float,
  _ c: UnsafeMutablePointer<Float>!, _ ldc: Int32
) {}
