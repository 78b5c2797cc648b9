import CZooKernels
import ZooModels
import ZooRuntime

/// The mean of some tokens through the final norm and the projection, compared with the prompt.
struct TokenReadout {
  enum Rows { case all, first, patches }
  let rows: Rows
  let score: LeGrad.Score

  func relevance(of prompts: [[Float]], block: ObservedBlock, engine: Engine) -> [[Float]] {
    let range =
      switch rows {
      case .all: 0..<block.count
      case .first: 0..<1
      case .patches: block.prefix..<block.count
      }
    let centre = mean(block.tokens, rows: range, width: block.width)
    var gradients = headGradients(
      at: centre, prompts: prompts, vision: block.vision, score: score, parallel: engine.parallel)
    for index in gradients.indices { gradients[index] /= Float(range.count) }
    return blockRelevance(gradients, rows: range, block: block, engine: engine)
  }
}

/// `[prompts * width]`: the gradient of each prompt's score with respect to the vector that the final norm sees.
func headGradients(
  at vector: [Float], prompts: [[Float]], vision: VisionRuntime, score: LeGrad.Score, parallel: Parallel
) -> [Float] {
  let width = vector.count, count = prompts.count, one = Parallel(threads: 1)
  var normed = vector, average: Float = 0, inverse: Float = 0
  vision.norm.apply(vector, rows: 1, into: &normed, mean: &average, inverse: &inverse, parallel: one)
  let embedding = vision.project(normed)
  let scored = prompts.flatMap { scoreGradient(of: embedding, prompt: $0, score: score) }
  var gradients = [Float](repeating: 0, count: count * width)
  if let projection = vision.projection {
    projection.backward(scored, rows: count, into: &gradients, parallel: parallel)
  } else {
    gradients = scored
  }
  let points = (0..<count).flatMap { _ in vector }
  vision.norm.backward(
    &gradients, at: points, mean: Array(repeating: average, count: count),
    inverse: Array(repeating: inverse, count: count), rows: count, parallel: one)
  return gradients
}

/// The gradient of a score with respect to the embedding: `t` for the dot product, `(t - s e) / |e|` for the cosine.
func scoreGradient(of embedding: [Float], prompt: [Float], score: LeGrad.Score) -> [Float] {
  guard score == .cosine else { return prompt }
  let length = max(embedding.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot(), 1e-12)
  let unit = embedding.map { Double($0) / length }
  let cosine = zip(unit, prompt).reduce(0.0) { $0 + $1.0 * Double($1.1) }
  return zip(unit, prompt).map { Float((Double($1) - cosine * $0) / length) }
}

/// `[prompts][patches]`: the gradients `[prompts * width]`, each the same for all of `rows`, carried back through the block
/// to its attention; positive part, mean over heads and queries.
func blockRelevance(_ gradients: [Float], rows: Range<Int>, block: ObservedBlock, engine: Engine) -> [[Float]] {
  let observed = block.vision.blocks[block.layer], shape = observed.shape
  let width = shape.width, hidden = shape.mlpWidth, count = gradients.count / width, tokens = block.count
  let parallel = engine.parallel
  guard let trace = block.trace else { preconditionFailure("a token readout needs the block's by-products") }
  let start = block.sequence * tokens + rows.lowerBound
  let derivative = trace.derivative.pointer + start * hidden
  let middle = trace.middle.pointer + start * width
  let mean = trace.mean.pointer + start, inverse = trace.inverse.pointer + start

  // w = (scale2 * c) W2 is shared by all rows of a prompt.
  var scaled = gradients
  if let scale = observed.scale2 { zoo_scale_columns(gradients, scale.pointer, &scaled, count, width) }
  let shared = FloatBuffer(uninitialised: count * hidden)
  observed.fc2.backward(scaled, rows: count, into: shared.pointer, parallel: parallel)

  // Prompts go through the block a few at a time, so that memory does not grow with their number.
  let chunk = max(1, min(count, 2048 / rows.count))
  let flow = FloatBuffer(uninitialised: chunk * rows.count * hidden),
    g = FloatBuffer(uninitialised: chunk * rows.count * width)
  let r = FloatBuffer(uninitialised: chunk * rows.count * width)
  var result: [[Float]] = []
  for first in stride(from: 0, to: count, by: chunk) {
    let some = min(chunk, count - first)
    parallel.forEach(some) { prompt in
      zoo_scale_columns(
        derivative, shared.pointer + (first + prompt) * hidden, flow.pointer + prompt * rows.count * hidden, rows.count,
        hidden)
    }
    observed.fc1.backward(flow.pointer, rows: some * rows.count, into: g.pointer, parallel: parallel)
    gradients.withUnsafeBufferPointer { gradients in
      let gradients = gradients.baseAddress! + first * width
      parallel.forEach(some) { prompt in
        let target = g.pointer + prompt * rows.count * width
        zoo_layer_norm_backward(
          target, middle, mean, inverse, observed.norm2.weight.pointer, rows.count, width)
        zoo_add_bias(target, gradients + prompt * width, rows.count, width)
        if let scale = observed.scale1 { zoo_scale_columns(target, scale.pointer, target, rows.count, width) }
      }
    }
    observed.out.backward(g.pointer, rows: some * rows.count, into: r.pointer, parallel: parallel)
    result += reluSums(r, prompts: some, rows: rows.count, block: block, shape: shape, parallel: parallel)
  }
  return result
}

/// `[prompts][patches]`: `(1 / (heads * tokens)) * sum of max(0, r . V)` over heads and rows.
private func reluSums(
  _ r: FloatBuffer, prompts: Int, rows: Int, block: ObservedBlock, shape: Blocks, parallel: Parallel
) -> [[Float]] {
  let (width, head, heads, tokens) = (shape.width, shape.headWidth, shape.heads, block.count)
  guard let trace = block.trace else { return [] }
  let values = trace.qkv.pointer + block.sequence * tokens * 3 * width + 2 * width
  let sums = FloatBuffer(prompts * heads * tokens)
  parallel.forEach(prompts * heads) { index in
    let (prompt, number) = (index / heads, index % heads)
    withScratch(zoo_relu_sums_scratch(tokens, head)) { scratch in
      zoo_relu_sums(
        r.pointer + prompt * rows * width + number * head, width, values + number * head, 3 * width, rows, tokens, head,
        sums.pointer + index * tokens, scratch)
    }
  }
  return (0..<prompts).map { prompt in
    (block.prefix..<tokens).map { token in
      let total = (0..<heads).reduce(Float(0)) { $0 + sums.pointer[(prompt * heads + $1) * tokens + token] }
      return total / Float(heads * tokens)
    }
  }
}
