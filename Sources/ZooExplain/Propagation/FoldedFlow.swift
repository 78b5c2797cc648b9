import CZooKernels
import ZooRuntime

/// Gradients shared by all rows of a block, propagated to the attention's output in one product: see `FoldedMatrices`.
struct FoldedFlow {
  private let matrices: FoldedMatrices
  private let trace: BlockTrace
  /// The row of the trace that corresponds to row 0 here.
  private let first: Int
  private let rows: Int
  private let prompts: Int
  /// `[prompts, mlpWidth]`: the gradients at the hidden values.
  private let entered: FloatBuffer
  /// `[rows + prompts, width]`: `(s1 * xh) Wo` for each row, then `(s1 * c) Wo` for each prompt.
  private let along: FloatBuffer
  /// `[rows, prompts]`: t.
  private let shares: FloatBuffer

  /// Nil if the block ran without recording what this needs.
  ///
  /// - Parameters:
  ///   - gradients: c at the block's output, `[prompts, width]`.
  ///   - entered: `(s2 * c) W2`, `[prompts, mlpWidth]`.
  init?(
    _ block: Block, trace: BlockTrace, first: Int, rows: Int, gradients: [Float], entered: FloatBuffer, engine: Engine
  ) {
    guard let moment = trace.moment, let matrices = block.folded?.value else { return nil }
    let width = block.shape.width, hidden = block.shape.mlpWidth, prompts = entered.count / hidden
    (self.matrices, self.trace, self.first, self.rows) = (matrices, trace, first, rows)
    (self.prompts, self.entered) = (prompts, entered)
    let along = FloatBuffer(uninitialised: (rows + prompts) * block.out.inputs)
    let shares = FloatBuffer(uninitialised: rows * prompts)
    let units = FloatBuffer(uninitialised: (rows + prompts) * width)
    let gain = block.scale1.map(\.array) ?? Array(repeating: 1, count: width)
    zoo_scale_columns(gradients, gain, units.pointer + rows * width, prompts, width)
    engine.parallel.forRanges(rows, atLeast: 8) { range in
      let start = first + range.lowerBound
      zoo_normalise(
        trace.middle.pointer + start * width, trace.mean.pointer + start, trace.inverse.pointer + start, gain,
        range.count, width, units.pointer + range.lowerBound * width)
      let target = shares.pointer + range.lowerBound * prompts
      zoo_row_dots(
        moment.pointer + start * hidden, range.count, entered.pointer, prompts, hidden, target)
      for index in 0..<range.count * prompts { target[index] /= Float(width) }
    }
    block.out.backward(units.pointer, rows: rows + prompts, into: along.pointer, parallel: engine.parallel)
    (self.along, self.shares) = (along, shares)
  }

  /// r `[prompts, range.count, width]`: the gradients with respect to the attention's output, for some prompts and rows.
  func attention(
    prompts chosen: Range<Int>, rows range: Range<Int>, into r: UnsafeMutablePointer<Float>, parallel: Parallel
  ) {
    let hidden = matrices.matrix.inputs, width = matrices.matrix.outputs, start = first + range.lowerBound
    matrices.matrix.multiply(
      trace.derivative.pointer + start * hidden,
      scaledBy: ColumnFactors(entered.pointer + chosen.lowerBound * hidden, count: chosen.count), rows: range.count,
      into: r, epilogue: .none, parallel: parallel)
    for prompt in chosen {
      zoo_take_share(
        r + (prompt - chosen.lowerBound) * range.count * width, along.pointer + range.lowerBound * width,
        shares.pointer + range.lowerBound * prompts + prompt, prompts, trace.inverse.pointer + start,
        along.pointer + (rows + prompt) * width, range.count, width)
    }
  }
}
