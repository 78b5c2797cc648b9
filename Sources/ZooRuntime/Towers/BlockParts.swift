import CZooKernels
import ZooModels

/// What the gradient of a LayerNorm inside a branch needs: its input `[rows, width]`, and the means and inverse deviations of the rows.
package final class NormTrace: Sendable {
  package let input: FloatBuffer
  package let mean: FloatBuffer
  package let inverse: FloatBuffer
  private let width: Int

  init(rows: Int, width: Int) {
    self.width = width
    input = FloatBuffer(rows * width)
    mean = FloatBuffer(rows)
    inverse = FloatBuffer(rows)
  }

  /// g [rows, width] := J^T g at `rows` rows from `first` on.
  package func backward(_ g: UnsafeMutablePointer<Float>, through norm: Norm, first: Int, rows: Int) {
    zoo_layer_norm_backward(
      g, input.pointer + first * width, mean.pointer + first, inverse.pointer + first, norm.weight.pointer, rows, width)
  }
}

extension Norm {
  /// Normalises some rows in place, starting at `x`; with `trace`, what a gradient needs is recorded in it.
  func apply(inPlace x: UnsafeMutablePointer<Float>, rows: Range<Int>, keeping trace: NormTrace?, parallel: Parallel) {
    let first = rows.lowerBound
    trace.map { ($0.input.pointer + first * width).update(from: x, count: rows.count * width) }
    apply(
      x, rows: rows.count, into: x, mean: trace.map { $0.mean.pointer + first },
      inverse: trace.map { $0.inverse.pointer + first }, parallel: parallel)
  }
}

extension Block {
  /// Adds a branch's product `y` to the residual stream `x`, for some rows, on this thread: bias and scale, or, in post-norm blocks, bias and norm. A
  /// norm of the sum comes last.
  func addBranch(
    _ y: UnsafeMutablePointer<Float>, to x: UnsafeMutablePointer<Float>, rows: Range<Int>, bias: FloatView?,
    scale: FloatView?, norm: Norm, trace: NormTrace?
  ) {
    var bias = bias
    if shape.postNorm {
      if let bias { zoo_add_bias(y, bias.pointer, rows.count, shape.width) }
      bias = nil
      norm.apply(inPlace: y, rows: rows, keeping: trace, parallel: Parallel(threads: 1))
    }
    zoo_add_residual(x, y, bias?.pointer, scale?.pointer, rows.count, shape.width)
    if shape.sumNorm { norm.apply(inPlace: x, rows: rows, keeping: trace, parallel: Parallel(threads: 1)) }
  }

  /// The hidden values of a gated MLP for some rows: `act(gate x) * fc1 x`. With `trace`, its two derivatives are recorded.
  func gated(
    _ x: UnsafePointer<Float>, gate: Linear, open: UnsafeMutablePointer<Float>,
    into hidden: UnsafeMutablePointer<Float>,
    rows: Range<Int>, trace: BlockTrace?, parallel: Parallel
  ) {
    let width = shape.mlpWidth, first = rows.lowerBound * width, count = rows.count * width
    let slope = trace?.gateDerivative.map { $0.pointer + first }
    gate.forward(
      x, rows: rows.count, into: open, epilogue: Epilogue(activation: shape.activation, derivative: slope),
      parallel: parallel)
    fc1.forward(x, rows: rows.count, into: hidden, parallel: parallel)
    if let trace, let slope {
      (trace.derivative.pointer + first).update(from: open, count: count)
      zoo_scale_columns(slope, hidden, slope, 1, count)
    }
    zoo_scale_columns(hidden, open, hidden, 1, count)
  }
}
