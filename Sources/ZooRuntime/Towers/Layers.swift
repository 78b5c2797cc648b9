import CZooKernels
import ZooModels
import ZooTensors

/// What layers run with: the algebra and the threads that all parts of a model share.
package struct Engine: Sendable {
  package let algebra: any LinearAlgebra
  package let parallel: Parallel

  /// Whether kernels may round the factors of attention's products to bf16.
  package var roundsToBF16: Int32 { algebra.finer.precision == .bf16 ? 1 : 0 }

  /// Row-wise work that includes products: split across the threads as the algebra prefers.
  package func forRows(_ rows: Range<Int>, _ body: (Range<Int>, Parallel) -> Void) {
    if !algebra.splitsRows { return body(rows, parallel) }
    parallel.forRows(rows.count) { body(rows.lowerBound + $0.lowerBound..<rows.lowerBound + $0.upperBound, $1) }
  }
}

/// Gain and offset of a LayerNorm.
package struct Norm: Sendable {
  package let weight: FloatView
  package let bias: FloatView
  package let eps: Float
  private let kind: Kind

  private enum Kind {
    case layer
    /// Without mean and offset; for towers whose gradients are not needed.
    case rms
    /// Passes rows through unchanged: for models without a norm in this place.
    case passing
  }

  init(weight: FloatView, bias: FloatView, eps: Float) {
    (self.weight, self.bias, self.eps, kind) = (weight, bias, eps, .layer)
  }

  /// Divides by the root mean square.
  init(rms weight: FloatView, eps: Float) {
    (self.weight, bias, self.eps, kind) = (weight, weight, eps, .rms)
  }

  /// Passes rows of a given width through unchanged.
  init(passing width: Int) {
    func values(_ value: Float) -> FloatView { FloatView([Float](repeating: value, count: width)) }
    (weight, bias, eps, kind) = (values(1), values(0), 0, .passing)
  }

  package var width: Int { weight.count }

  /// y [rows, width] = the normalised rows of x; means and inverse deviations [rows] are stored if requested.
  package func apply(
    _ x: UnsafePointer<Float>, rows: Int, into y: UnsafeMutablePointer<Float>, mean: UnsafeMutablePointer<Float>? = nil,
    inverse: UnsafeMutablePointer<Float>? = nil, parallel: Parallel
  ) {
    switch kind {
    case .passing:
      if UnsafePointer(y) != x { y.update(from: x, count: rows * width) }
      return
    case .rms:
      return parallel.forRanges(rows, atLeast: 16) { range in
        let offset = range.lowerBound * width
        zoo_rms_norm(x + offset, range.count, width, weight.pointer, eps, y + offset)
      }
    case .layer: break
    }
    parallel.forRanges(rows, atLeast: 16) { range in
      let offset = range.lowerBound
      zoo_layer_norm(
        x + offset * width, range.count, width, weight.pointer, bias.pointer, eps, y + offset * width,
        mean.map { $0 + offset }, inverse.map { $0 + offset })
    }
  }

  /// g [rows, width] := J^T g at the rows of x, given their means and inverse deviations.
  package func backward(
    _ g: UnsafeMutablePointer<Float>, at x: UnsafePointer<Float>, mean: UnsafePointer<Float>,
    inverse: UnsafePointer<Float>, rows: Int, parallel: Parallel
  ) {
    if case .passing = kind { return }
    parallel.forRanges(rows, atLeast: 16) { range in
      let offset = range.lowerBound
      zoo_layer_norm_backward(
        g + offset * width, x + offset * width, mean + offset, inverse + offset, weight.pointer, range.count, width)
    }
  }
}

/// A linear map whose directions are prepared when first needed.
package struct Linear: Sendable {
  private let matrix: WeightMatrix
  let algebra: any LinearAlgebra
  package let bias: FloatView?
  private let forwardMatrix: Lazy<any PreparedMatrix>
  private let backwardMatrix: Lazy<any PreparedMatrix>

  init(weight matrix: WeightMatrix, bias: FloatView?, algebra: any LinearAlgebra) {
    self.matrix = matrix
    self.algebra = algebra
    self.bias = bias
    forwardMatrix = Lazy { algebra.prepare(matrix, direction: .forward, lasting: false) }
    backwardMatrix = Lazy { algebra.prepare(matrix, direction: .backward, lasting: false) }
  }

  /// Prepares the matrix before its first product, or for many.
  func prepare(_ direction: Direction, lasting: Bool = false) {
    if lasting { keep(direction) }
    (direction == .forward ? forwardMatrix : backwardMatrix).value.makeReady()
  }

  /// Whether forward products read the matrix as it is kept.
  var isArranged: Bool { forwardMatrix.value.isArranged }

  /// Declares that many products will follow the first one.
  func keep(_ direction: Direction) {
    let prepared = direction == .forward ? forwardMatrix : backwardMatrix
    prepared.replace(by: algebra.prepare(matrix, direction: direction, lasting: true))
  }

  /// Releases memory that the next product would read again.
  func release() { matrix.release() }
  /// The same, including the copy for forward products.
  func forget() {
    forwardMatrix.replace(by: algebra.prepare(matrix, direction: .forward, lasting: false))
    matrix.release()
  }
  /// The same, for weights that need no widening.
  func unmap() { matrix.unmap() }

  /// A part of each weight for products in f32, if that requires no separate matrix.
  package func part(_ part: WeightPart, direction: Direction) -> (any PreparedMatrix)? {
    algebra.exact.prepare(matrix, part: part, direction: direction)
  }

  package var outputs: Int { matrix.outputs }
  package var inputs: Int { matrix.inputs }
  /// `[outputs, inputs]` as f32.
  package var weight: FloatView { matrix.floats }

  /// y = act(x W^T + b), with the derivatives that `epilogue` requests; its bias is this map's own.
  package func forward(
    _ x: UnsafePointer<Float>, rows: Int, into y: UnsafeMutablePointer<Float>, epilogue: Epilogue = .none,
    parallel: Parallel
  ) {
    var epilogue = epilogue
    epilogue.bias = bias?.pointer
    forwardMatrix.value.multiply(
      x, scaledBy: nil, rows: rows, into: y, epilogue: epilogue, parallel: parallel)
  }

  /// y = x W^T, without the bias.
  package func product(_ x: UnsafePointer<Float>, rows: Int, into y: UnsafeMutablePointer<Float>, parallel: Parallel) {
    forwardMatrix.value.multiply(x, scaledBy: nil, rows: rows, into: y, epilogue: .none, parallel: parallel)
  }

  /// g_in [rows, inputs] = g_out [rows, outputs] W, after multiplying the columns of g_out by `factors`.
  package func backward(
    _ g: UnsafePointer<Float>, scaledBy factors: ColumnFactors? = nil, rows: Int,
    into y: UnsafeMutablePointer<Float>, parallel: Parallel
  ) {
    let few = factors == nil && rows <= fewRows
    if few, forwardMatrix.value.multiplyTransposed(g, rows: rows, into: y, parallel: parallel) { return }
    backwardMatrix.value.multiply(g, scaledBy: factors, rows: rows, into: y, epilogue: .none, parallel: parallel)
  }
}
