import CZooKernels
import ZooModels

/// What the gradient of a LayerNorm inside a branch needs: its input `[rows, width]`, and the rows' means and inverse deviations.
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
  /// Normalises the rows of x in place; with `trace` what a gradient needs is kept in it.
  func apply(inPlace x: FloatBuffer, rows: Int, keeping trace: NormTrace?, parallel: Parallel) {
    trace.map { copy(x, to: $0.input, count: rows * width) }
    apply(
      x.pointer, rows: rows, into: x.pointer, mean: trace?.mean.pointer, inverse: trace?.inverse.pointer,
      parallel: parallel)
  }
}

extension Block {
  /// Adds a branch's product in `work.normed` to the stream: bias and scale, or, in post-norm blocks, bias and norm.
  func addBranch(
    of work: BlockWork, bias: FloatView?, scale: FloatView?, norm: Norm, trace: NormTrace?, parallel: Parallel
  ) {
    let rows = work.rows
    guard shape.postNorm else {
      return addResidual(work.normed, to: work.x, bias: bias, scale: scale, rows: rows, parallel: parallel)
    }
    if let bias {
      parallel.forRanges(rows, atLeast: 16) { range in
        zoo_add_bias(work.normed.pointer + range.lowerBound * shape.width, bias.pointer, range.count, shape.width)
      }
    }
    norm.apply(inPlace: work.normed, rows: rows, keeping: trace, parallel: parallel)
    addResidual(work.normed, to: work.x, bias: nil, scale: scale, rows: rows, parallel: parallel)
  }

  /// The hidden values of SwiGLU in `work.hidden`: `act(gate x) * fc1 x`. With `trace` its two derivatives are kept.
  func gated(
    _ x: UnsafePointer<Float>, gate: Linear, buffer: FloatBuffer, work: BlockWork, trace: BlockTrace?,
    parallel: Parallel
  ) {
    let rows = work.rows, width = shape.mlpWidth
    gate.product(x, rows: rows, into: buffer.pointer, parallel: parallel)
    fc1.forward(x, rows: rows, into: work.hidden.pointer, parallel: parallel)
    parallel.forRanges(rows, atLeast: 8) { range in
      let offset = range.lowerBound * width, count = range.count * width
      let open = buffer.pointer + offset, hidden = work.hidden.pointer + offset
      let slope = trace?.gateDerivative.map { $0.pointer + offset }
      zoo_activate(open, gate.bias?.pointer, shape.activation.kernel, range.count, width, slope)
      if let trace, let slope {
        (trace.derivative.pointer + offset).update(from: open, count: count)
        zoo_scale_columns(slope, hidden, slope, 1, count)
      }
      zoo_scale_columns(hidden, open, hidden, 1, count)
    }
  }
}
