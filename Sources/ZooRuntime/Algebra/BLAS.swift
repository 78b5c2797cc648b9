import CZooKernels
import ZooModels

#if canImport(Accelerate)
  import Accelerate
#else
  import COpenBLAS
#endif

/// f32 products by OpenBLAS or Accelerate.
///
/// OpenBLAS runs on one thread per call; the columns of a product are split across our threads, so that no second thread pool competes with the
/// kernels.
package struct BLAS: LinearAlgebra {
  package init() {}

  package var name: String {
    #if canImport(Accelerate)
      "Accelerate"
    #else
      "\(String(cString: openblas_get_config()).split(separator: " ").prefix(2).joined(separator: " ")) "
        + String(cString: openblas_get_corename())
    #endif
  }

  package func prepare(_ matrix: WeightMatrix, direction: Direction, lasting: Bool) -> any PreparedMatrix {
    BLASMatrix(matrix: matrix.floats, direction: direction)
  }
}

private struct BLASMatrix: PreparedMatrix {
  let matrix: FloatView
  let direction: Direction

  private var out: Int { matrix.shape[0] }
  private var width: Int { matrix.count / out }
  var inputs: Int { direction == .forward ? width : out }
  var outputs: Int { direction == .forward ? out : width }

  func multiply(
    _ x: UnsafePointer<Float>, scaledBy factors: ColumnFactors?, rows: Int, into y: UnsafeMutablePointer<Float>,
    epilogue: Epilogue, parallel: Parallel
  ) {
    withScaled(x, by: factors, rows: rows, parallel: parallel) {
      multiply($0, rows: $1, into: y, epilogue: epilogue, parallel: parallel)
    }
  }

  private func multiply(
    _ x: UnsafePointer<Float>, rows: Int, into y: UnsafeMutablePointer<Float>, epilogue: Epilogue, parallel: Parallel
  ) {
    let panels = Panels(rows: rows, columns: outputs, threads: parallel.threads)
    parallel.forEach(panels.count) { index in
      let (rowRange, columnRange) = panels[index]
      let source = x + rowRange.lowerBound * inputs
      let target = y + rowRange.lowerBound * outputs + columnRange.lowerBound
      let weights = matrix.pointer + (direction == .forward ? columnRange.lowerBound * width : columnRange.lowerBound)
      gemm(
        source, rows: rowRange.count, depth: inputs, stride: inputs, weights, transposed: direction == .forward,
        columns: columnRange.count, weightStride: width, into: target, stride: outputs, adding: false)
    }
    epilogue.apply(to: y, rows: rows, width: outputs, parallel: parallel)
  }
}

/// Limits OpenBLAS to one thread, once.
private let blasIsOnOneThread: Bool = {
  #if !canImport(Accelerate)
    openblas_set_num_threads(1)
  #endif
  return true
}()

/// y [rows, columns] (+)= x [rows, depth] times a weight matrix, on this thread.
///
/// - Parameters:
///   - transposed: True if the weights are `[columns, depth]`.
///   - weightStride: The row stride of the weights in floats; by default they are dense.
package func gemm(
  _ x: UnsafePointer<Float>, rows: Int, depth: Int, stride xStride: Int, _ weights: UnsafePointer<Float>,
  transposed: Bool, columns: Int, weightStride: Int? = nil, into y: UnsafeMutablePointer<Float>, stride yStride: Int,
  adding: Bool
) {
  _ = blasIsOnOneThread
  #if os(Linux)
    BLASBuffers.enter()
    defer { BLASBuffers.leave() }
  #endif
  cblas_sgemm(
    CblasRowMajor, CblasNoTrans, transposed ? CblasTrans : CblasNoTrans, numericCast(rows), numericCast(columns),
    numericCast(depth), 1, x, numericCast(xStride), weights,
    numericCast(weightStride ?? (transposed ? depth : columns)),
    adding ? 1 : 0, y, numericCast(yStride))
}

/// Tiles of a product, at least one for each thread: columns are split first, so that each weight is read once.
struct Panels {
  private let rows: Int, columns: Int, rowPieces: Int, columnPieces: Int

  init(rows: Int, columns: Int, threads: Int) {
    self.rows = rows
    self.columns = columns
    columnPieces = max(1, min(threads, columns / 64))
    rowPieces = max(1, min((threads + columnPieces - 1) / columnPieces, rows / 32))
  }

  var count: Int { rowPieces * columnPieces }

  subscript(index: Int) -> (rows: Range<Int>, columns: Range<Int>) {
    let (row, column) = (index / columnPieces, index % columnPieces)
    // Columns are split at multiples of 16 floats, one cache line.
    func columnEdge(_ piece: Int) -> Int { piece == columnPieces ? columns : columns * piece / columnPieces / 16 * 16 }
    return (rows * row / rowPieces..<rows * (row + 1) / rowPieces, columnEdge(column)..<columnEdge(column + 1))
  }
}

extension Activation {
  /// The number of this activation in the kernels.
  package var kernel: Int32 {
    switch self {
    case .gelu: Int32(ZOO_GELU.rawValue)
    case .geluTanh: Int32(ZOO_GELU_TANH.rawValue)
    case .quickGELU: Int32(ZOO_QUICK_GELU.rawValue)
    case .silu: Int32(ZOO_SILU.rawValue)
    case .relu: Int32(ZOO_RELU.rawValue)
    }
  }
}
