import CZooKernels
import ZooModels
import ZooRuntime

/// SigLIP's attention pooler over a layer's tokens; the gradient is taken with respect to the pooler's attention.
struct AttentionReadout {
  /// True where the final norm comes first, as in the model; the authors' code leaves it out.
  let normFirst: Bool
  let score: LeGrad.Score

  func relevance(of prompts: [[Float]], block: ObservedBlock) -> [[Float]] {
    let vision = block.vision, one = Parallel(threads: 1)
    guard let pooler = vision.pooler, let norm = pooler.norm, let fc1 = pooler.fc1, let fc2 = pooler.fc2 else {
      preconditionFailure("an attention readout needs an attention pooler")
    }
    let width = block.width, count = prompts.count
    let normed = normFirst ? FloatBuffer(block.count * width) : nil
    if let normed { vision.norm.apply(block.tokens, rows: block.count, into: normed.pointer, parallel: one) }
    let tokens = normed.map { UnsafePointer($0.pointer) } ?? block.tokens
    let attended = pooler.attention(tokens, tokens: block.count)

    // c: the score's gradient with respect to the pooled vector.
    let embedding = vision.project(attended.pooled)
    let scored = prompts.flatMap { scoreGradient(of: embedding, prompt: $0, score: score) }
    var c = [Float](repeating: 0, count: count * width)
    if let projection = vision.projection {
      projection.backward(scored, rows: count, into: &c, parallel: one)
    } else {
      c = scored
    }
    // g = c + J_norm(y)^T [(act'(a) * (c W2)) W1]
    var slope = [Float](repeating: 0, count: fc1.outputs), active = attended.hidden
    zoo_activate(&active, nil, pooler.activation.kernel, 1, active.count, &slope)
    var flow = [Float](repeating: 0, count: count * fc1.outputs)
    fc2.backward(c, rows: count, into: &flow, parallel: one)
    flow.withUnsafeMutableBufferPointer { flow in
      zoo_scale_columns(flow.baseAddress!, slope, flow.baseAddress!, count, slope.count)
    }
    var g = [Float](repeating: 0, count: count * width)
    fc1.backward(flow, rows: count, into: &g, parallel: one)
    var mean: Float = 0, inverse: Float = 0, scratch = attended.y
    norm.apply(attended.y, rows: 1, into: &scratch, mean: &mean, inverse: &inverse, parallel: one)
    norm.backward(
      &g, at: (0..<count).flatMap { _ in attended.y }, mean: Array(repeating: mean, count: count),
      inverse: Array(repeating: inverse, count: count), rows: count, parallel: one)
    zoo_add_residual(&g, c, nil, nil, 1, count * width)
    var r = g
    pooler.out.backward(g, rows: count, into: &r, parallel: one)
    return (0..<count).map {
      poolerMap(Array(r[$0 * width..<($0 + 1) * width]), pooler: pooler, tokens: tokens, block: block)
    }
  }
}

/// CoCa's attention pooler over a layer's tokens.
struct CoCaReadout {
  /// True where the final norm comes between pooler and projection, as in the model; the authors' code leaves it out.
  let throughNorm: Bool
  let score: LeGrad.Score

  func relevance(of prompts: [[Float]], block: ObservedBlock) -> [[Float]] {
    let vision = block.vision, one = Parallel(threads: 1)
    guard let pooler = vision.pooler, let normKV = pooler.normKV, let projection = vision.projection else {
      preconditionFailure("a CoCa readout needs CoCa's pooler")
    }
    let count = prompts.count, width = pooler.width
    let tokens = FloatBuffer(block.count * block.width)
    normKV.apply(block.tokens, rows: block.count, into: tokens.pointer, parallel: one)
    var g = [Float](repeating: 0, count: count * width)
    if throughNorm {
      let y = pooler.coca(block.tokens, tokens: block.count)
      g = headGradients(at: y, prompts: prompts, vision: vision, score: score, parallel: one)
    } else {
      let scored =
        score == .dot
        ? prompts.flatMap { $0 }
        : prompts.flatMap {
          scoreGradient(
            of: vision.project(pooler.coca(block.tokens, tokens: block.count)), prompt: $0, score: .cosine)
        }
      projection.backward(scored, rows: count, into: &g, parallel: one)
    }
    var r = g
    pooler.out.backward(g, rows: count, into: &r, parallel: one)
    return (0..<count).map {
      poolerMap(Array(r[$0 * width..<($0 + 1) * width]), pooler: pooler, tokens: tokens.pointer, block: block)
    }
  }
}

/// `[patches]`: mean over heads of `max(0, r_h . V_hj)`, with the value weights folded into `r`.
private func poolerMap(
  _ r: [Float], pooler: PoolerRuntime, tokens: UnsafePointer<Float>, block: ObservedBlock
) -> [Float] {
  let folded = pooler.foldValues(r), width = block.width
  return folded.weights.withUnsafeBufferPointer { weights in
    (block.prefix..<block.count).map { token in
      var sum: Float = 0
      for head in 0..<pooler.heads {
        let product = zoo_dot(weights.baseAddress! + head * width, tokens + token * width, width)
        sum += max(0, product + folded.biases[head])
      }
      return sum / Float(pooler.heads)
    }
  }
}
