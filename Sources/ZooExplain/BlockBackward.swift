import CZooKernels
import ZooModels
import ZooRuntime

/// A block's output gradients for some prompts: one vector per prompt that all rows share, or one for each row.
struct OutputGradients {
  /// `[prompts, width]` where shared, otherwise `[prompts, rows, width]`.
  let values: [Float]
  let isShared: Bool
}

/// Carries gradients at a block's output tokens back to the output of its attention.
///
/// For each row, with `c` the gradient at the output: `g = c + J_LN2(Y)^T [the MLP's VJP of (scale2 * c)]`, then
/// `r = J_attention_norm^T [(scale1 * g) Wo]`. In post-norm blocks `c` passes the Jacobian of LN2 on its way into the MLP and
/// `g` that of LN1 on its way into the attention.
struct BlockBackward {
  private let block: Block
  private let trace: BlockTrace
  /// The row of the trace that is row 0 of the gradients, and how many have one.
  private let first: Int
  private let rows: Int
  private let gradients: OutputGradients
  /// `[prompts, mlpWidth]`: `(scale2 * c) W2`, where all rows of a prompt share it.
  private let entered: FloatBuffer?
  /// Where the block is folded and `entered` is all that it needs.
  private let folded: FoldedFlow?

  private var width: Int { block.shape.width }
  private var hidden: Int { block.shape.mlpWidth }

  init(
    block: Block, trace: BlockTrace, first: Int, rows: Int, gradients: OutputGradients, prompts: Int, engine: Engine
  ) {
    (self.block, self.trace, self.first, self.rows, self.gradients) = (block, trace, first, rows, gradients)
    // A norm behind the MLP makes shared gradients differ from row to row.
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

  /// r `[prompts, range.count, width]`: the gradients of some prompts' scores at the attention's output, for some of the rows.
  func attention(
    prompts: Range<Int>, rows range: Range<Int>, into r: UnsafeMutablePointer<Float>, parallel: Parallel
  ) {
    if let folded {
      folded.attention(prompts: prompts, rows: range, into: r, parallel: parallel)
    } else {
      for prompt in prompts {
        let target = r + (prompt - prompts.lowerBound) * range.count * width
        attention(prompt: prompt, rows: range, into: target, parallel: parallel)
      }
    }
    guard let norm = block.attentionNorm, let trace = trace.attentionNorm else { return }
    for index in prompts.indices {
      let target = r + (index - prompts.lowerBound) * range.count * width
      trace.backward(target, through: norm, first: first + range.lowerBound, rows: range.count)
    }
  }

  /// r `[range.count, width]` for one prompt, before the attention's own norm.
  private func attention(
    prompt: Int, rows range: Range<Int>, into r: UnsafeMutablePointer<Float>, parallel: Parallel
  ) {
    let start = first + range.lowerBound, count = range.count
    withScratch(count * width) { g in
      if let entered {
        let shared = UnsafePointer(entered.pointer + prompt * hidden)
        mlp(shared, nil, start: start, count: count, into: g, parallel: parallel)
        norm(g, start: start, count: count)
        gradients.values.withUnsafeBufferPointer { zoo_add_bias(g, $0.baseAddress! + prompt * width, count, width) }
      } else {
        withScratch(count * width) { c in
          fill(c, prompt: prompt, rows: range)
          mlp(nil, c, start: start, count: count, into: g, parallel: parallel)
          norm(g, start: start, count: count)
          zoo_add_residual(g, c, nil, nil, count, width)
        }
      }
      if let scale = block.scale1 { zoo_scale_columns(g, scale.pointer, g, count, width) }
      trace.postNorm1?.backward(g, through: block.norm1, first: start, rows: count)
      block.out.backward(g, rows: count, into: r, parallel: parallel)
    }
  }

  /// g := J_LN2(Y)^T g, where that norm comes before the MLP.
  private func norm(_ g: UnsafeMutablePointer<Float>, start: Int, count: Int) {
    guard !block.shape.postNorm else { return }
    zoo_layer_norm_backward(
      g, trace.middle.pointer + start * width, trace.mean.pointer + start, trace.inverse.pointer + start,
      block.norm2.weight.pointer, count, width)
  }

  /// c `[range.count, width]`.
  private func fill(_ c: UnsafeMutablePointer<Float>, prompt: Int, rows range: Range<Int>) {
    gradients.values.withUnsafeBufferPointer { values in
      guard let values = values.baseAddress else { return }
      if gradients.isShared {
        for row in 0..<range.count { (c + row * width).update(from: values + prompt * width, count: width) }
      } else {
        c.update(from: values + (prompt * rows + range.lowerBound) * width, count: range.count * width)
      }
    }
  }

  /// The MLP's VJP: from `shared` `[mlpWidth]`, the gradient at its hidden values, or from c `[count, width]` at its output to g
  /// `[count, width]` at its input, for rows from `start` of the trace on.
  private func mlp(
    _ shared: UnsafePointer<Float>?, _ c: UnsafePointer<Float>?, start: Int, count: Int,
    into g: UnsafeMutablePointer<Float>, parallel: Parallel
  ) {
    let derivative = UnsafePointer(trace.derivative.pointer + start * hidden)
    if let shared, block.gate == nil, block.mlpNorm == nil {
      return block.fc1.backward(derivative, scaledBy: ColumnFactors(shared), rows: count, into: g, parallel: parallel)
    }
    withScratch(count * hidden) { flow in
      if let shared {
        for row in 0..<count { (flow + row * hidden).update(from: shared, count: hidden) }
      } else if let c {
        enter(c, start: start, count: count, scratch: g, into: flow, parallel: parallel)
      }
      if let norm = block.mlpNorm { trace.mlpNorm?.backward(flow, through: norm, first: start, rows: count) }
      if let gate = block.gate, let slope = trace.gateDerivative {
        withScratch(count * hidden) { gated in
          zoo_scale_columns(flow, slope.pointer + start * hidden, gated, 1, count * hidden)
          zoo_scale_columns(flow, derivative, flow, 1, count * hidden)
          block.fc1.backward(flow, rows: count, into: g, parallel: parallel)
          withScratch(count * width) { more in
            gate.backward(gated, rows: count, into: more, parallel: parallel)
            zoo_add_residual(g, more, nil, nil, count, width)
          }
        }
      } else {
        zoo_scale_columns(flow, derivative, flow, 1, count * hidden)
        block.fc1.backward(flow, rows: count, into: g, parallel: parallel)
      }
    }
  }

  /// From c `[count, width]` to flow `[count, mlpWidth]`, where each row has a gradient of its own. `scratch` has c's size.
  private func enter(
    _ c: UnsafePointer<Float>, start: Int, count: Int, scratch: UnsafeMutablePointer<Float>,
    into flow: UnsafeMutablePointer<Float>, parallel: Parallel
  ) {
    scratch.update(from: c, count: count * width)
    trace.postNorm2?.backward(scratch, through: block.norm2, first: start, rows: count)
    if let scale = block.scale2 { zoo_scale_columns(scratch, scale.pointer, scratch, count, width) }
    block.fc2.backward(scratch, rows: count, into: flow, parallel: parallel)
  }
}
