import CZooKernels
import ZooModels

/// The class token or a mean of tokens, the final norm and the projection.
package struct TokenHead: Head {
  /// `classToken`, `tokenMean` or `patchMean`.
  let pooler: Pooler
  /// Tokens before the patches.
  let prefix: Int
  package let norm: Norm
  package let projection: Linear?

  /// The tokens whose mean is taken, and whether each goes through the norm before.
  private func pooled(of count: Int) -> (rows: Range<Int>, normFirst: Bool) {
    switch pooler {
    case .tokenMean: (0..<count, false)
    case .patchMean(let normFirst): (prefix..<count, normFirst)
    default: (0..<1, false)
    }
  }

  package func embed(_ tokens: UnsafePointer<Float>, count: Int, engine: Engine) -> [Float] {
    let (rows, normFirst) = pooled(of: count)
    guard normFirst else { return project(normalise(mean(tokens, rows: rows, width: norm.width))) }
    return project(meanOfNormed(tokens, rows: rows, engine: engine))
  }

  private func meanOfNormed(_ tokens: UnsafePointer<Float>, rows: Range<Int>, engine: Engine) -> [Float] {
    let normed = FloatBuffer(uninitialised: rows.count * norm.width)
    norm.apply(
      tokens + rows.lowerBound * norm.width, rows: rows.count, into: normed.pointer, parallel: engine.parallel)
    return mean(normed.pointer, rows: 0..<rows.count, width: norm.width)
  }

  package func gradients(
    at tokens: UnsafePointer<Float>, count: Int, directions: [[Float]], score: Score, engine: Engine
  ) -> FloatBuffer {
    let width = norm.width, (rows, normFirst) = pooled(of: count), parallel = engine.parallel
    let pooled =
      normFirst
      ? gradients(
        beforeProjection: meanOfNormed(tokens, rows: rows, engine: engine), directions: directions, score: score,
        parallel: parallel)
      : gradients(
        beforeNorm: mean(tokens, rows: rows, width: width), directions: directions, score: score, parallel: parallel)
    let flow = FloatBuffer(directions.count * count * width)
    for index in directions.indices {
      let start = flow.pointer + (index * count + rows.lowerBound) * width
      for row in 0..<rows.count {
        for column in 0..<width { start[row * width + column] = pooled[index * width + column] / Float(rows.count) }
      }
      if normFirst {
        norm.backward(
          start, flows: 1, at: tokens + rows.lowerBound * width, rows: rows.count, parallel: parallel)
      }
    }
    return flow
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
