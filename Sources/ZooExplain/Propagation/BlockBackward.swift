import CZooKernels
import ZooModels
import ZooRuntime

/// Gradients of a block's output for some prompts: one vector per prompt that all rows share, or one for each row.
struct OutputGradients {
  /// `[prompts, width]` if shared, otherwise `[prompts, rows, width]`.
  let values: [Float]
  let isShared: Bool
}

/// Propagates gradients at a block's output tokens back to the output of its attention.
///
/// For each row, with `c` the gradient at the output: `g = c + J_LN2(Y)^T [the MLP's VJP of (scale2 * c)]`, then
/// `r = J_attention_norm^T [(scale1 * g) Wo]`. In post-norm blocks `c` passes through the Jacobian of LN2 on its way into the MLP and `g` through
/// that of LN1 on its way into the attention.
struct BlockBackward {
  private let block: Block
  private let trace: BlockTrace
  /// The row of the trace that corresponds to row 0 of the gradients, and the number of rows with gradients.
  private let first: Int
  private let rows: Int
  private let gradients: OutputGradients
  /// `[prompts, mlpWidth]`: `(scale2 * c) W2`, if all rows of a prompt share it.
  private let entered: FloatBuffer?
  /// Set if the block is folded and only needs `entered`.
  private let folded: FoldedFlow?

  private var width: Int { block.shape.width }
  private var hidden: Int { block.shape.mlpWidth }

  init(
    block: Block, trace: BlockTrace, first: Int, rows: Int, gradients: OutputGradients, prompts: Int, engine: Engine
  ) {
    (self.block, self.trace, self.first, self.rows, self.gradients) = (block, trace, first, rows, gradients)
    // A norm after the MLP makes shared gradients differ from row to row.
    guard gradients.isShared, !block.shape.postNorm else {
      (entered, folded) = (nil, nil)
      return
    }
    var scaled = gradients.values
    if let scale = block.scale2 {
      zoo_scale_columns(gradients.values, scale.pointer, &scaled, prompts, block.shape.width)
    }
    let entered = FloatBuffer(prompts * block.shape.mlpWidth)
    block.fc2.backward(scaled, rows: prompts, into: entered.pointer, parallel: engine.parallel)
    self.entered = entered
    folded = FoldedFlow(
      block, trace: trace, first: first, rows: rows, gradients: gradients.values, entered: entered, engine: engine)
  }

  /// r `[prompts, range.count, width]`: the gradients of some prompts' scores with respect to the attention's output, for some of the rows.
  func attention(
    prompts chosen: Range<Int>, rows range: Range<Int>, into r: UnsafeMutablePointer<Float>, parallel: Parallel
  ) {
    let start = first + range.lowerBound, count = range.count, all = chosen.count * count
    if let folded {
      folded.attention(prompts: chosen, rows: range, into: r, parallel: parallel)
    } else {
      withScratch(all * width) { g in
        mlp(chosen, rows: range, into: g, parallel: parallel)
        for (index, prompt) in chosen.enumerated() {
          let part = g + index * count * width
          if let norm = block.mlpInputNorm {
            trace.mlpInputNorm?.backward(part, through: norm, first: start, rows: count)
          }
          if !block.shape.postNorm { norm(part, start: start, count: count) }
          add(prompt, rows: range, to: part)
          if let scale = block.scale1 { zoo_scale_columns(part, scale.pointer, part, count, width) }
          trace.postNorm1?.backward(part, through: block.norm1, first: start, rows: count)
        }
        block.out.backward(g, rows: all, into: r, parallel: parallel)
      }
    }
    guard let norm = block.attentionNorm, let trace = trace.attentionNorm else { return }
    for index in 0..<chosen.count {
      trace.backward(r + index * count * width, through: norm, first: start, rows: count)
    }
  }

  /// The MLP's VJP, into g `[prompts, range.count, width]` at its input.
  private func mlp(
    _ chosen: Range<Int>, rows range: Range<Int>, into g: UnsafeMutablePointer<Float>, parallel: Parallel
  ) {
    let start = first + range.lowerBound, count = range.count, all = chosen.count * count
    let derivative = UnsafePointer(trace.derivative.pointer + start * hidden)
    if let entered, block.gate == nil, block.mlpNorm == nil {
      let factors = ColumnFactors(entered.pointer + chosen.lowerBound * hidden, count: chosen.count)
      return block.fc1.backward(derivative, scaledBy: factors, rows: count, into: g, parallel: parallel)
    }
    withScratch(all * hidden) { flow in
      enter(chosen, rows: range, scratch: g, into: flow, parallel: parallel)
      if let norm = block.mlpNorm {
        for index in 0..<chosen.count {
          trace.mlpNorm?.backward(flow + index * count * hidden, through: norm, first: start, rows: count)
        }
      }
      if let gate = block.gate, let slope = trace.gateDerivative {
        withScratch(all * hidden) { gated in
          zoo_scale_columns(flow, slope.pointer + start * hidden, gated, chosen.count, count * hidden)
          withScratch(all * width) { more in
            gate.backward(gated, rows: all, into: more, parallel: parallel)
            zoo_scale_columns(flow, derivative, flow, chosen.count, count * hidden)
            block.fc1.backward(flow, rows: all, into: g, parallel: parallel)
            zoo_add_residual(g, more, nil, nil, all, width)
          }
        }
      } else {
        zoo_scale_columns(flow, derivative, flow, chosen.count, count * hidden)
        block.fc1.backward(flow, rows: all, into: g, parallel: parallel)
      }
    }
  }

  /// The gradients at the MLP's hidden values, flow `[prompts, range.count, mlpWidth]`. `scratch` is `[prompts, range.count, width]`.
  private func enter(
    _ chosen: Range<Int>, rows range: Range<Int>, scratch: UnsafeMutablePointer<Float>,
    into flow: UnsafeMutablePointer<Float>, parallel: Parallel
  ) {
    let count = range.count
    if let entered {
      for (index, prompt) in chosen.enumerated() {
        for row in 0..<count {
          (flow + (index * count + row) * hidden).update(from: entered.pointer + prompt * hidden, count: hidden)
        }
      }
      return
    }
    scratch.update(repeating: 0, count: chosen.count * count * width)
    for (index, prompt) in chosen.enumerated() {
      let part = scratch + index * count * width
      add(prompt, rows: range, to: part)
      trace.postNorm2?.backward(part, through: block.norm2, first: first + range.lowerBound, rows: count)
    }
    if let scale = block.scale2 { zoo_scale_columns(scratch, scale.pointer, scratch, chosen.count * count, width) }
    block.fc2.backward(scratch, rows: chosen.count * count, into: flow, parallel: parallel)
  }

  /// g `[range.count, width]` += a prompt's gradient at the block's output.
  private func add(_ prompt: Int, rows range: Range<Int>, to g: UnsafeMutablePointer<Float>) {
    gradients.values.withUnsafeBufferPointer { values in
      guard let values = values.baseAddress else { return }
      if gradients.isShared {
        zoo_add_bias(g, values + prompt * width, range.count, width)
      } else {
        zoo_add_residual(g, values + (prompt * rows + range.lowerBound) * width, nil, nil, range.count, width)
      }
    }
  }

  /// g := J_LN2(Y)^T g.
  private func norm(_ g: UnsafeMutablePointer<Float>, start: Int, count: Int) {
    zoo_layer_norm_backward(
      g, trace.middle.pointer + start * width, trace.mean.pointer + start, trace.inverse.pointer + start,
      block.norm2.weight.pointer, count, width)
  }
}
