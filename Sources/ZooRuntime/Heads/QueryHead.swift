import CZooKernels
import ZooModels

/// A head in which one query attends to the tokens.
package protocol QueryHead: Head {
  var attention: QueryAttention { get }
  /// The norm applied to the tokens before the query attends to them.
  var tokenNorm: Norm { get }
  /// From the output of `attention.attend`, `[rows, width]`, to the vectors at the projection's input.
  func finish(_ mixed: [Float], rows: Int, parallel: Parallel) -> [Float]
  /// `[rows * directions, width]`: the gradient of each direction's score with respect to the output of the attention's output matrix, for each of
  /// `rows` rows of output from `attention.attend`.
  ///
  /// - Parameter skippingNorm: Skips the norm between the attention and the projection, if there is one (the authors' code for CoCa).
  func outputGradients(
    _ mixed: [Float], rows: Int, directions: [[Float]], score: Score, skippingNorm: Bool, parallel: Parallel
  ) -> [Float]
}

extension QueryHead {
  package func embed(_ tokens: UnsafePointer<Float>, count: Int, engine: Engine) -> [Float] {
    let normed = normed(tokens, count: count, parallel: engine.parallel)
    return project(finish(attention.attend(normed.pointer, count: count), rows: 1, parallel: engine.parallel))
  }

  /// Tokens `[count, inputs]` after the norm, as the query sees them.
  package func normed(_ tokens: UnsafePointer<Float>, count: Int, parallel: Parallel) -> FloatBuffer {
    let normed = FloatBuffer(uninitialised: count * tokenNorm.width)
    tokenNorm.apply(tokens, rows: count, into: normed.pointer, parallel: parallel)
    return normed
  }

  /// `[directions, width]`: the gradient of each direction's score with respect to the attention's output before the output matrix.
  ///
  /// - Parameter normed: The tokens as the query sees them.
  package func mixedGradients(
    at normed: FloatBuffer, count: Int, directions: [[Float]], score: Score, parallel: Parallel
  ) -> FloatBuffer {
    let mixed = attention.attend(normed.pointer, count: count)
    let g = outputGradients(
      mixed, rows: 1, directions: directions, score: score, skippingNorm: false, parallel: parallel)
    return attention.beforeOutput(g, rows: directions.count, parallel: parallel)
  }

  package func gradients(
    at tokens: UnsafePointer<Float>, count: Int, directions: [[Float]], score: Score, engine: Engine
  ) -> FloatBuffer {
    let normed = normed(tokens, count: count, parallel: engine.parallel), size = count * attention.inputs
    let r = mixedGradients(
      at: normed, count: count, directions: directions, score: score, parallel: engine.parallel)
    let flow = FloatBuffer(uninitialised: directions.count * size)
    engine.parallel.forEach(directions.count) { index in
      attention.tokenGradients(
        r.pointer + index * attention.width, tokens: normed.pointer, count: count, into: flow.pointer + index * size)
    }
    tokenNorm.backward(flow.pointer, flows: directions.count, at: tokens, rows: count, parallel: engine.parallel)
    return flow
  }
}

/// SigLIP's attention pooler: the final norm over the tokens, the query's attention, then `z = y + MLP(norm(y))`.
package struct SigLIPHead: QueryHead {
  package let attention: QueryAttention
  package let norm: Norm
  package let projection: Linear?
  private let mlpNorm: Norm
  private let fc1: Linear
  private let fc2: Linear
  private let activation: Activation

  package var tokenNorm: Norm { norm }

  init(
    _ weights: Weights, tower: VisionTower, heads: Int, activation: Activation, norm: Norm, projection: Linear?
  ) throws {
    let name = "vision.pooler"
    attention = try QueryAttention(
      weights, name, heads: heads, latent: try weights.vector("\(name).latent").array,
      unseen: tower.poolerSkipsPrefix ? tower.prefixTokens : 0)
    mlpNorm = try weights.norm("\(name).norm", eps: tower.blocks.normEps)
    fc1 = try weights.linear("\(name).fc1")
    fc2 = try weights.linear("\(name).fc2")
    (self.activation, self.norm, self.projection) = (activation, norm, projection)
  }

  /// The result of the pooler for attended values, `[rows, width]`, with what its gradient needs.
  private struct Attended {
    /// `[rows, width]`: the attention's output.
    var y: [Float]
    /// `[rows, mlpWidth]`: the MLP's hidden values before the activation.
    var hidden: [Float]
    /// `[rows, width]`: `y + MLP(norm(y))`.
    var pooled: [Float]
  }

  private func attended(_ mixed: [Float], rows: Int, parallel: Parallel) -> Attended {
    let y = attention.project(mixed, rows: rows, parallel: parallel)
    var normed = y, hidden = [Float](repeating: 0, count: rows * fc1.outputs), pooled = y
    mlpNorm.apply(y, rows: rows, into: &normed, parallel: parallel)
    fc1.forward(normed, rows: rows, into: &hidden, parallel: parallel)
    var active = hidden
    zoo_activate(&active, nil, activation.kernel, 1, active.count, nil)
    fc2.forward(active, rows: rows, into: &normed, parallel: parallel)
    zoo_add_residual(&pooled, normed, nil, nil, 1, pooled.count)
    return Attended(y: y, hidden: hidden, pooled: pooled)
  }

  package func finish(_ mixed: [Float], rows: Int, parallel: Parallel) -> [Float] {
    attended(mixed, rows: rows, parallel: parallel).pooled
  }

  package func outputGradients(
    _ mixed: [Float], rows: Int, directions: [[Float]], score: Score, skippingNorm: Bool, parallel: Parallel
  ) -> [Float] {
    let attended = attended(mixed, rows: rows, parallel: parallel), width = attention.width, count = directions.count
    let all = rows * count, deep = fc1.outputs
    // c: the score's gradient with respect to the pooled vector.
    let scored = (0..<rows).flatMap { row in
      let embedding = project(attended.pooled.row(row, width))
      return directions.flatMap { score.gradient(of: embedding, direction: $0) }
    }
    var c = scored
    if let projection {
      c = [Float](repeating: 0, count: all * width)
      projection.backward(scored, rows: all, into: &c, parallel: parallel)
    }
    // g = c + J_norm(y)^T [(act'(a) * (c W2)) W1]
    var active = attended.hidden, slope = active
    zoo_activate(&active, nil, activation.kernel, 1, active.count, &slope)
    let flow = FloatBuffer(uninitialised: all * deep)
    fc2.backward(c, rows: all, into: flow.pointer, parallel: parallel)
    for row in 0..<rows {
      let part = flow.pointer + row * count * deep
      zoo_scale_columns(part, slope.row(row, deep), part, count, deep)
    }
    var g = [Float](repeating: 0, count: all * width)
    fc1.backward(flow.pointer, rows: all, into: &g, parallel: parallel)
    var means = [Float](repeating: 0, count: rows), inverses = means, scratch = attended.y
    mlpNorm.apply(attended.y, rows: rows, into: &scratch, mean: &means, inverse: &inverses, parallel: parallel)
    func repeated(_ values: [Float]) -> [Float] { values.flatMap { Array(repeating: $0, count: count) } }
    mlpNorm.backward(
      &g, at: (0..<rows).flatMap { row in directions.flatMap { _ in attended.y.row(row, width) } },
      mean: repeated(means), inverse: repeated(inverses), rows: all, parallel: parallel)
    zoo_add_residual(&g, c, nil, nil, 1, all * width)
    return g
  }
}

/// CoCa's attention pooler: a norm of the tokens, the query's attention, the final norm.
package struct CoCaHead: QueryHead {
  package let attention: QueryAttention
  package let tokenNorm: Norm
  package let norm: Norm
  package let projection: Linear?

  init(_ weights: Weights, tower: VisionTower, heads: Int, width: Int, norm: Norm, projection: Linear?) throws {
    let eps = tower.blocks.normEps, name = "vision.pooler"
    let latent = Array(try weights.vector("\(name).latent").array.prefix(width))
    var normed = latent
    try weights.norm("\(name).norm_q", eps: eps)
      .apply(latent, rows: 1, into: &normed, parallel: Parallel(threads: 1))
    attention = try QueryAttention(weights, name, heads: heads, latent: normed)
    tokenNorm = try weights.norm("\(name).norm_kv", eps: eps)
    (self.norm, self.projection) = (norm, projection)
  }

  package func finish(_ mixed: [Float], rows: Int, parallel: Parallel) -> [Float] {
    var y = attention.project(mixed, rows: rows, parallel: parallel)
    norm.apply(y, rows: rows, into: &y, parallel: parallel)
    return y
  }

  package func outputGradients(
    _ mixed: [Float], rows: Int, directions: [[Float]], score: Score, skippingNorm: Bool, parallel: Parallel
  ) -> [Float] {
    let pooled = attention.project(mixed, rows: rows, parallel: parallel)
    return (0..<rows).flatMap { index in
      let row = pooled.row(index, attention.width)
      return skippingNorm
        ? gradients(beforeProjection: row, directions: directions, score: score, parallel: parallel)
        : gradients(beforeNorm: row, directions: directions, score: score, parallel: parallel)
    }
  }
}

/// The attention pool of CLIP's ResNets: the first token, the mean of the others, is the query for all; the projection is its output matrix.
package struct MeanQueryHead: QueryHead {
  package let attention: QueryAttention
  package let tokenNorm: Norm
  /// Passes tokens through unchanged.
  package let norm: Norm
  package let projection: Linear?

  init(_ weights: Weights, heads: Int, norm: Norm, projection: Linear?) throws {
    attention = try QueryAttention(weights, "vision.pooler", heads: heads, latent: nil, hasOutput: false)
    (tokenNorm, self.norm, self.projection) = (norm, norm, projection)
  }

  package func finish(_ mixed: [Float], rows: Int, parallel: Parallel) -> [Float] { mixed }

  package func outputGradients(
    _ mixed: [Float], rows: Int, directions: [[Float]], score: Score, skippingNorm: Bool, parallel: Parallel
  ) -> [Float] {
    (0..<rows).flatMap {
      gradients(
        beforeProjection: mixed.row($0, attention.width), directions: directions, score: score, parallel: parallel)
    }
  }
}

extension [Float] {
  /// Row `index` of `[rows, width]`.
  fileprivate func row(_ index: Int, _ width: Int) -> [Float] { Array(self[index * width..<(index + 1) * width]) }
}
