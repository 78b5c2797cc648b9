import CZooKernels
import ZooModels

/// The class token, or some tokens reduced to one, the final norm and the projection.
package struct TokenHead: Head {
  /// `classToken`, `tokenMean`, `patchMean` or `patchMax`.
  let pooler: Pooler
  /// Tokens before the patches.
  let prefix: Int
  package let norm: Norm
  package let projection: Linear?

  /// The tokens that are reduced, and whether each goes through the norm before.
  private func pooled(of count: Int) -> (rows: Range<Int>, normFirst: Bool) {
    switch pooler {
    case .tokenMean: (0..<count, false)
    case .patchMean(let normFirst), .patchMax(_, let normFirst): (prefix..<count, normFirst)
    default: (0..<1, false)
    }
  }

  package func embed(_ tokens: UnsafePointer<Float>, count: Int, engine: Engine) -> [Float] {
    let (rows, normFirst) = pooled(of: count)
    guard normFirst else {
      return project(normalise(pooler.reduction.value(of: tokens, rows: rows, width: norm.width)))
    }
    let normed = normed(tokens, rows: rows, engine: engine)
    return project(pooler.reduction.value(of: normed.pointer, rows: 0..<rows.count, width: norm.width))
  }

  /// `[rows.count, width]`.
  private func normed(_ tokens: UnsafePointer<Float>, rows: Range<Int>, engine: Engine) -> FloatBuffer {
    let normed = FloatBuffer(uninitialised: rows.count * norm.width)
    norm.apply(
      tokens + rows.lowerBound * norm.width, rows: rows.count, into: normed.pointer, parallel: engine.parallel)
    return normed
  }

  package func gradients(
    at tokens: UnsafePointer<Float>, count: Int, directions: [[Float]], score: Score, engine: Engine
  ) -> FloatBuffer {
    let width = norm.width, rows = pooled(of: count).rows, flow = FloatBuffer(directions.count * count * width)
    for (index, gradient) in pooledGradients(
      at: tokens, count: count, directions: directions, score: score, engine: engine
    ).enumerated() {
      (flow.pointer + (index * count + rows.lowerBound) * width).update(from: gradient, count: gradient.count)
    }
    return flow
  }

  /// `[directions][rows * width]`: the gradient of each direction's score at the tokens that are reduced.
  package func pooledGradients(
    at tokens: UnsafePointer<Float>, count: Int, directions: [[Float]], score: Score, engine: Engine
  ) -> [[Float]] {
    let width = norm.width, (rows, normFirst) = pooled(of: count), all = 0..<rows.count, reduction = pooler.reduction
    let start = tokens + rows.lowerBound * width
    let buffer = normFirst ? normed(tokens, rows: rows, engine: engine) : nil
    let reduced = buffer.map { UnsafePointer($0.pointer) } ?? start
    defer { withExtendedLifetime(buffer) {} }
    let vector = reduction.value(of: reduced, rows: all, width: width)
    let pooled =
      normFirst
      ? gradients(beforeProjection: vector, directions: directions, score: score, parallel: engine.parallel)
      : gradients(beforeNorm: vector, directions: directions, score: score, parallel: engine.parallel)
    return directions.indices.map { index in
      let gradient = Array(pooled[index * width..<(index + 1) * width])
      var flow = [Float](repeating: 0, count: rows.count * width)
      reduction.backward(gradient, at: reduced, rows: all, width: width, into: &flow)
      if normFirst { norm.backward(&flow, flows: 1, at: start, rows: rows.count, parallel: engine.parallel) }
      return flow
    }
  }
}

/// The mean of some rows of tokens.
package func mean(_ tokens: UnsafePointer<Float>, rows: Range<Int>, width: Int) -> [Float] {
  if rows.count == 1 { return Array(UnsafeBufferPointer(start: tokens + rows.lowerBound * width, count: width)) }
  var sum = [Double](repeating: 0, count: width)
  sum.withUnsafeMutableBufferPointer { sum in
    for row in rows {
      let token = UnsafeBufferPointer(start: tokens + row * width, count: width)
      for k in 0..<width { sum[k] += Double(token[k]) }
    }
  }
  return sum.map { Float($0 / Double(rows.count)) }
}
