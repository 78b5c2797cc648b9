import CZooKernels
import ZooModels
import ZooRuntime

/// The mean of some tokens through the final norm and the projection, compared with the prompt.
struct TokenReadout {
  /// Whose mean is taken; `normedPatches` where the final norm comes before the mean.
  enum Rows { case all, first, patches, normedPatches }
  let rows: Rows
  let score: LeGrad.Score

  /// The rows among a picture's tokens.
  func range(of tokens: Int, prefix: Int) -> Range<Int> {
    switch rows {
    case .all: 0..<tokens
    case .first: 0..<1
    case .patches, .normedPatches: prefix..<tokens
    }
  }

  func relevance(of prompts: [[Float]], block: ObservedBlock, engine: Engine) -> [[Float]] {
    let range = range(of: block.count, prefix: block.prefix)
    if rows == .normedPatches { return normedRelevance(of: prompts, rows: range, block: block, engine: engine) }
    let centre = block.mean ?? mean(block.tokens, rows: range, width: block.width)
    var gradients = headGradients(
      at: centre, prompts: prompts, vision: block.vision, score: score, parallel: engine.parallel)
    for index in gradients.indices { gradients[index] /= Float(range.count) }
    return blockRelevance(
      OutputGradients(values: gradients, isShared: true), prompts: prompts.count, rows: range, block: block,
      engine: engine)
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
    return blockRelevance(
      OutputGradients(values: gradients, isShared: false), prompts: count, rows: rows, block: block, engine: engine)
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

/// `[prompts][patches]`: gradients at `rows` of the block's output, carried back to its attention; then
/// `(1 / (heads * tokens)) * sum of max(0, r . V)` over heads and rows.
///
/// Each thread takes some rows of a prompt all the way, so that neither gradients nor products with V are ever stored whole.
func blockRelevance(
  _ gradients: OutputGradients, prompts: Int, rows: Range<Int>, block: ObservedBlock, engine: Engine
) -> [[Float]] {
  let observed = block.vision.blocks[block.layer], shape = observed.shape, tokens = block.count
  guard let trace = block.trace else { preconditionFailure("a token readout needs the block's by-products") }
  let backward = BlockBackward(
    block: observed, trace: trace, first: block.sequence * trace.tokens + rows.lowerBound, rows: rows.count,
    gradients: gradients, prompts: prompts, engine: engine)
  let bf16: Int32 = engine.algebra.precision == .bf16 ? 1 : 0
  // Prompts go together, so that rows are read once for several of them.
  let group = min(prompts, 8), groups = (prompts + group - 1) / group
  let pieces = pieces(of: rows.count, prompts: group, groups: groups, threads: engine.parallel.threads)
  let inner = groups * pieces == 1 ? engine.parallel : Parallel(threads: 1)
  let sums = FloatBuffer(prompts * pieces * tokens)
  engine.parallel.forEach(groups * pieces) { index in
    let (number, piece) = (index / pieces, index % pieces)
    let chosen = prompts * number / groups..<prompts * (number + 1) / groups
    let range = rows.count * piece / pieces..<rows.count * (piece + 1) / pieces
    withScratch(group * range.count * shape.width) { r in
      backward.attention(prompts: chosen, rows: range, into: r, parallel: inner)
      withScratch(zoo_relu_sums_scratch(tokens, shape.headWidth)) { scratch in
        for head in 0..<shape.heads {
          for prompt in chosen {
            let start = r + (prompt - chosen.lowerBound) * range.count * shape.width
            zoo_relu_sums(
              start + head * shape.headWidth, shape.width, trace.values(head: block.sequence * shape.heads + head),
              range.count, tokens, shape.headWidth, bf16, sums.pointer + (prompt * pieces + piece) * tokens, scratch)
          }
        }
      }
    }
  }
  return (0..<prompts).map { prompt in
    (block.prefix..<tokens).map { token in
      let total = (0..<pieces).reduce(Float(0)) { $0 + sums.pointer[(prompt * pieces + $1) * tokens + token] }
      return total / Float(shape.heads * tokens)
    }
  }
}

/// How many pieces the rows are cut into for each group of prompts, so that all threads end at about the same time.
private func pieces(of rows: Int, prompts: Int, groups: Int, threads: Int) -> Int {
  var count = max(1, (rows * prompts + 511) / 512)
  while groups * count % threads != 0, groups * count < 4 * threads, rows / (count + 1) >= 8 { count += 1 }
  return count
}
