import CZooKernels
import ZooModels
import ZooRuntime

/// The mean of some tokens through the final norm and the projection, compared with the prompt.
struct TokenReadout {
  /// Whose mean is taken; `normedPatches` where the final norm comes before the mean.
  enum Rows { case all, first, patches, normedPatches }
  let rows: Rows
  let score: LeGrad.Score

  func relevance(of prompts: [[Float]], block: ObservedBlock, engine: Engine) -> [[Float]] {
    let range =
      switch rows {
      case .all: 0..<block.count
      case .first: 0..<1
      case .patches, .normedPatches: block.prefix..<block.count
      }
    if rows == .normedPatches { return normedRelevance(of: prompts, rows: range, block: block, engine: engine) }
    let centre = mean(block.tokens, rows: range, width: block.width)
    var gradients = headGradients(
      at: centre, prompts: prompts, vision: block.vision, score: score, parallel: engine.parallel)
    for index in gradients.indices { gradients[index] /= Float(range.count) }
    return blockRelevance(
      .shared(gradients), prompts: prompts.count, rows: range, block: block, engine: engine)
  }
}

extension TokenReadout {
  /// The mean of normalised rows: each has a gradient of its own.
  private func normedRelevance(
    of prompts: [[Float]], rows: Range<Int>, block: ObservedBlock, engine: Engine
  ) -> [[Float]] {
    let vision = block.vision, width = block.width, count = prompts.count, one = Parallel(threads: 1)
    let tokens = block.tokens + rows.lowerBound * width
    let normed = FloatBuffer(rows.count * width)
    var means = [Float](repeating: 0, count: rows.count), inverses = means
    vision.norm.apply(
      tokens, rows: rows.count, into: normed.pointer, mean: &means, inverse: &inverses, parallel: one)
    let embedding = vision.project(mean(normed.pointer, rows: 0..<rows.count, width: width))
    let scored = prompts.flatMap { scoreGradient(of: embedding, prompt: $0, score: score) }
    var pooled = scored
    if let projection = vision.projection {
      pooled = [Float](repeating: 0, count: count * width)
      projection.backward(scored, rows: count, into: &pooled, parallel: one)
    }
    var gradients = [Float](repeating: 0, count: count * rows.count * width)
    gradients.withUnsafeMutableBufferPointer { gradients in
      for prompt in 0..<count {
        let target = gradients.baseAddress! + prompt * rows.count * width
        for index in 0..<rows.count * width {
          target[index] = pooled[prompt * width + index % width] / Float(rows.count)
        }
        vision.norm.backward(
          target, at: tokens, mean: means, inverse: inverses, rows: rows.count, parallel: engine.parallel)
      }
    }
    return blockRelevance(.perRow(gradients), prompts: count, rows: rows, block: block, engine: engine)
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

/// A block's output gradients: one vector per prompt that all rows share, `[prompts * width]`, or one for each row,
/// `[prompts * rows * width]`.
enum OutputGradients {
  case shared([Float])
  case perRow([Float])

  var values: [Float] {
    switch self {
    case .shared(let values), .perRow(let values): values
    }
  }
}

/// `[prompts][patches]`: gradients at `rows` of the block's output, carried back to its attention; positive part, mean over
/// heads and queries.
func blockRelevance(
  _ gradients: OutputGradients, prompts count: Int, rows: Range<Int>, block: ObservedBlock, engine: Engine
) -> [[Float]] {
  let observed = block.vision.blocks[block.layer], shape = observed.shape, width = shape.width
  guard let trace = block.trace else { preconditionFailure("a token readout needs the block's by-products") }
  let backward = BlockBackward(
    block: observed, trace: trace, first: block.sequence * block.count + rows.lowerBound, rows: rows.count,
    parallel: engine.parallel)
  // Prompts go through the block a few at a time, so that memory does not grow with their number.
  let chunk = max(1, min(count, 2048 / rows.count))
  let flow = FloatBuffer(uninitialised: chunk * rows.count * shape.mlpWidth),
    g = FloatBuffer(uninitialised: chunk * rows.count * width)
  let r = FloatBuffer(uninitialised: chunk * rows.count * width)
  // A norm behind the MLP makes shared gradients differ from row to row.
  var shared: FloatBuffer?, own: FloatBuffer?
  if case .shared(let values) = gradients, !shape.postNorm {
    shared = backward.shared(values, prompts: count)
  } else {
    own = FloatBuffer(uninitialised: chunk * rows.count * width)
  }
  var result: [[Float]] = []
  for first in stride(from: 0, to: count, by: chunk) {
    let some = min(chunk, count - first)
    if let own {
      gradients.fill(own, prompts: first..<first + some, rows: rows.count, width: width)
      backward.enter(own, prompts: some, scratch: r, into: flow)
    }
    let common = shared.map { UnsafePointer($0.pointer + first * shape.mlpWidth) }
    backward.mlp(common, flow, prompts: some, scratch: r, into: g)
    gradients.values.withUnsafeBufferPointer { values in
      let past = own.map { UnsafePointer($0.pointer) } ?? values.baseAddress! + first * width
      backward.attention(g, past: past, isShared: own == nil, prompts: some, into: r)
    }
    result += reluSums(r, prompts: some, rows: rows.count, block: block, shape: shape, parallel: engine.parallel)
  }
  return result
}

extension OutputGradients {
  /// Writes those of some prompts as `[prompts, rows, width]`.
  fileprivate func fill(_ target: FloatBuffer, prompts: Range<Int>, rows: Int, width: Int) {
    values.withUnsafeBufferPointer { values in
      guard let values = values.baseAddress else { return }
      if case .perRow = self {
        target.pointer.update(from: values + prompts.lowerBound * rows * width, count: prompts.count * rows * width)
        return
      }
      for (place, prompt) in prompts.enumerated() {
        for row in 0..<rows {
          (target.pointer + (place * rows + row) * width).update(from: values + prompt * width, count: width)
        }
      }
    }
  }
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
