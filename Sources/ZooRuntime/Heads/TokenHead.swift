import CZooKernels
import ZooModels

/// The class token, or some tokens reduced to one, or both concatenated; then the final norm and the projection.
package struct TokenHead: Head {
  /// `classToken`, `tokenMean`, `patchMean`, `patchMax` or `classAndPatchMean`.
  let pooler: Pooler
  /// The number of tokens before the patches.
  let prefix: Int
  package let norm: Norm
  package let projection: Linear?

  /// The tokens of each vector in the concatenated input of the projection.
  private func parts(of count: Int) -> [Range<Int>] {
    switch pooler {
    case .tokenMean: [0..<count]
    case .patchMean, .patchMax: [prefix..<count]
    case .classAndPatchMean: [0..<1, prefix..<count]
    default: [0..<1]
    }
  }

  /// The tokens that are reduced, from the first to the last.
  package func rows(of count: Int) -> Range<Int> {
    let parts = parts(of: count)
    return parts[0].lowerBound..<parts[parts.count - 1].upperBound
  }

  /// Whether the norm is applied to each token before the reduction.
  private var normFirst: Bool {
    switch pooler {
    case .patchMean(let normFirst), .patchMax(_, let normFirst): normFirst
    default: pooler == .classAndPatchMean
    }
  }

  /// `[parts * width]`, from all tokens `[count, width]`, starting at the first one that is reduced.
  private func reduce(_ tokens: UnsafePointer<Float>, count: Int) -> [Float] {
    let parts = parts(of: count), first = parts[0].lowerBound
    return parts.flatMap { part in
      pooler.reduction.value(
        of: tokens, rows: part.lowerBound - first..<part.upperBound - first, width: norm.width)
    }
  }

  package func embed(_ tokens: UnsafePointer<Float>, count: Int, engine: Engine) -> [Float] {
    let rows = rows(of: count)
    guard normFirst else { return project(normalise(reduce(tokens + rows.lowerBound * norm.width, count: count))) }
    // Until it is reduced, its memory must not be given to another thread.
    let normed = normed(tokens, rows: rows, engine: engine)
    return withExtendedLifetime(normed) { project(reduce(normed.pointer, count: count)) }
  }

  /// The embedding that one token `[width]` alone would have: it replaces all tokens that are reduced.
  package func embed(alone token: [Float]) -> [Float] {
    let normed = normalise(token)
    return project(parts(of: prefix + 1).flatMap { _ in normed })
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
    let width = norm.width, rows = rows(of: count), flow = FloatBuffer(directions.count * count * width)
    for (index, gradient) in pooledGradients(
      at: tokens, count: count, directions: directions, score: score, engine: engine
    ).enumerated() {
      (flow.pointer + (index * count + rows.lowerBound) * width).update(from: gradient, count: gradient.count)
    }
    return flow
  }

  /// `[directions][rows * width]`: the gradient of each direction's score with respect to the tokens that are reduced, `rows(of: count)`.
  package func pooledGradients(
    at tokens: UnsafePointer<Float>, count: Int, directions: [[Float]], score: Score, engine: Engine
  ) -> [[Float]] {
    let width = norm.width, rows = rows(of: count), parts = parts(of: count)
    let start = tokens + rows.lowerBound * width
    let buffer = normFirst ? normed(tokens, rows: rows, engine: engine) : nil
    let reduced = buffer.map { UnsafePointer($0.pointer) } ?? start
    defer { withExtendedLifetime(buffer) {} }
    let vector = reduce(reduced, count: count)
    let pooled =
      normFirst
      ? gradients(beforeProjection: vector, directions: directions, score: score, parallel: engine.parallel)
      : gradients(beforeNorm: vector, directions: directions, score: score, parallel: engine.parallel)
    return directions.indices.map { index in
      var flow = [Float](repeating: 0, count: rows.count * width)
      flow.withUnsafeMutableBufferPointer { flow in
        guard let base = flow.baseAddress else { return }
        for (number, part) in parts.enumerated() {
          let first = part.lowerBound - rows.lowerBound, place = (index * parts.count + number) * width
          pooler.reduction.backward(
            Array(pooled[place..<place + width]), at: reduced, rows: first..<first + part.count, width: width,
            into: base + first * width)
        }
      }
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
