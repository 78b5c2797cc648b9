import CZooKernels
import ZooModels
import ZooRuntime

/// Carries gradients at a block's output tokens back to the output of its attention.
///
/// For each row, with `c` the gradient at the output: `g = c + J_LN2(Y)^T [the MLP's VJP of (scale2 * c)]`, then
/// `r = J_attention_norm^T [(scale1 * g) Wo]`. In post-norm blocks `c` passes the Jacobian of LN2 on its way into the MLP and
/// `g` that of LN1 on its way into the attention.
struct BlockBackward {
  let block: Block
  let trace: BlockTrace
  /// The rows of the trace that have a gradient.
  let first: Int
  let rows: Int
  let parallel: Parallel

  private var width: Int { block.shape.width }
  private var hidden: Int { block.shape.mlpWidth }

  /// What all rows of a prompt share of their way into the MLP, `[prompts, mlpWidth]`: `w = (scale2 * c) W2` for gradients
  /// `[prompts, width]`.
  func shared(_ gradients: [Float], prompts: Int) -> FloatBuffer {
    var scaled = gradients
    if let scale = block.scale2 { zoo_scale_columns(gradients, scale.pointer, &scaled, prompts, width) }
    let result = FloatBuffer(prompts * hidden)
    block.fc2.backward(scaled, rows: prompts, into: result.pointer, parallel: parallel)
    return result
  }

  /// The same where each row has a gradient of its own, from c `[prompts, rows, width]` to `[prompts, rows, mlpWidth]`. `scratch` has
  /// c's size.
  func enter(_ c: FloatBuffer, prompts: Int, scratch: FloatBuffer, into flow: FloatBuffer) {
    parallel.forEach(prompts) { prompt in
      let offset = prompt * rows * width, target = scratch.pointer + offset
      target.update(from: c.pointer + offset, count: rows * width)
      trace.postNorm2?.backward(target, through: block.norm2, first: first, rows: rows)
      if let scale = block.scale2 { zoo_scale_columns(target, scale.pointer, target, rows, width) }
    }
    block.fc2.backward(scratch.pointer, rows: prompts * rows, into: flow.pointer, parallel: parallel)
  }

  /// The MLP's VJP: from its hidden values to `g` `[prompts, rows, width]` at its input.
  ///
  /// - Parameters:
  ///   - shared: `[prompts, mlpWidth]` where all rows of a prompt have the same gradient at their hidden values; otherwise `flow` has them.
  ///   - flow: `[prompts, rows, mlpWidth]`, used up.
  ///   - scratch: of the size of g.
  func mlp(
    _ shared: UnsafePointer<Float>?, _ flow: FloatBuffer, prompts: Int, scratch: FloatBuffer, into g: FloatBuffer
  ) {
    let count = rows * hidden, derivative = UnsafePointer(trace.derivative.pointer + first * hidden)
    let gated = trace.gateDerivative.map { _ in FloatBuffer(prompts * count) }
    let isPlain = gated == nil && block.mlpNorm == nil
    parallel.forEach(prompts) { prompt in
      let flow = flow.pointer + prompt * count
      if let shared {
        let source = shared + prompt * hidden
        if isPlain { return zoo_scale_columns(derivative, source, flow, rows, hidden) }
        for row in 0..<rows { (flow + row * hidden).update(from: source, count: hidden) }
      }
      if let norm = block.mlpNorm { trace.mlpNorm?.backward(flow, through: norm, first: first, rows: rows) }
      if let slope = trace.gateDerivative, let gated {
        zoo_scale_columns(flow, slope.pointer + first * hidden, gated.pointer + prompt * count, 1, count)
      }
      zoo_scale_columns(flow, derivative, flow, 1, count)
    }
    block.fc1.backward(flow.pointer, rows: prompts * rows, into: g.pointer, parallel: parallel)
    if let gate = block.gate, let gated {
      gate.backward(gated.pointer, rows: prompts * rows, into: scratch.pointer, parallel: parallel)
      zoo_add_residual(g.pointer, scratch.pointer, nil, nil, 1, prompts * rows * width)
    }
  }

  /// From `g` after `mlp` to the gradient at the attention's output, in `r` `[prompts, rows, width]`.
  ///
  /// - Parameter c: the gradient that goes past the MLP, at row `row` of prompt `prompt`; `isShared` where it is the same for all rows.
  func attention(
    _ g: FloatBuffer, past c: UnsafePointer<Float>, isShared: Bool, prompts: Int, into r: FloatBuffer
  ) {
    parallel.forEach(prompts) { prompt in
      let target = g.pointer + prompt * rows * width
      if !block.shape.postNorm {
        zoo_layer_norm_backward(
          target, trace.middle.pointer + first * width, trace.mean.pointer + first, trace.inverse.pointer + first,
          block.norm2.weight.pointer, rows, width)
      }
      if isShared {
        zoo_add_bias(target, c + prompt * width, rows, width)
      } else {
        zoo_add_residual(target, c + prompt * rows * width, nil, nil, 1, rows * width)
      }
      if let scale = block.scale1 { zoo_scale_columns(target, scale.pointer, target, rows, width) }
      trace.postNorm1?.backward(target, through: block.norm1, first: first, rows: rows)
    }
    block.out.backward(g.pointer, rows: prompts * rows, into: r.pointer, parallel: parallel)
    guard let norm = block.attentionNorm, let kept = trace.attentionNorm else { return }
    parallel.forEach(prompts) { prompt in
      kept.backward(r.pointer + prompt * rows * width, through: norm, first: first, rows: rows)
    }
  }
}
