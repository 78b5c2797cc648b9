/// f32 products that keep nothing: weights are read in pieces, widened on the way where they have to be, and their memory is
/// given back after each product. Slower than `BLAS`; memory does not grow with the model.
public struct StreamedBLAS: LinearAlgebra {
  private let blas = BLAS()

  public init() {}

  public var name: String { "\(blas.name), streamed" }
  public var splitsRows: Bool { false }

  public func prepare(_ matrix: WeightMatrix, direction: Direction, lasting: Bool) -> any PreparedMatrix {
    StreamedMatrix(matrix: matrix, direction: direction)
  }
}

private struct StreamedMatrix: PreparedMatrix {
  let matrix: WeightMatrix
  let direction: Direction

  var inputs: Int { direction == .forward ? matrix.inputs : matrix.outputs }
  var outputs: Int { direction == .forward ? matrix.outputs : matrix.inputs }

  func multiply(
    _ x: UnsafePointer<Float>, rows: Int, into y: UnsafeMutablePointer<Float>, epilogue: Epilogue, parallel: Parallel
  ) {
    let piece = max(16, (1 << 20) / max(matrix.inputs, 1))
    let starts = Array(stride(from: 0, to: matrix.outputs, by: piece))
    func product(_ start: Int) {
      let range = start..<min(start + piece, matrix.outputs)
      let weights = matrix.rows(range)
      switch direction {
      case .forward:
        gemm(
          x, rows: rows, depth: inputs, stride: inputs, weights.pointer, transposed: true, columns: range.count,
          into: y + start, stride: outputs, adding: false)
      case .backward:  // the pieces are summed, so they go one after another
        gemm(
          x + start, rows: rows, depth: range.count, stride: inputs, weights.pointer, transposed: false,
          columns: outputs, into: y, stride: outputs, adding: start > 0)
      }
    }
    switch direction {
    case .forward: parallel.forEach(starts.count) { product(starts[$0]) }
    case .backward: starts.forEach(product)
    }
    matrix.tensor.data.release()
    epilogue.apply(to: y, rows: rows, width: outputs, parallel: parallel)
  }
}
