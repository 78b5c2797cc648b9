import CZooKernels
import ZooModels

/// The attention of one query to the tokens, with its output matrix: the core of attention poolers.
///
/// Only the first query is used, so keys and values are never formed: the query is folded through the key weights, and the attention-weighted mean of
/// the tokens is multiplied by the value weights. Tokens `x` are `[count, inputs]`.
package struct QueryAttention: Sendable {
  package let heads: Int
  private enum Query {
    /// Learned and already projected: `[width]`.
    case learned([Float])
    /// The projection of the first token.
    case firstToken(Linear)
  }

  private let query: Query
  /// The number of tokens before the patches that the query does not attend to.
  private let unseen: Int
  private let kv: Linear
  /// `[2 * width]`: the bias of keys and values.
  private let bias: FloatView
  /// Nil if the head's projection is the output matrix.
  private let out: Linear?

  /// - Parameter latent: The learned query at the input of its projection; nil if the first token is the query.
  init(
    _ weights: Weights, _ name: String, heads: Int, latent: [Float]?, unseen: Int = 0, hasOutput: Bool = true
  ) throws {
    (self.heads, self.unseen) = (heads, unseen)
    let projection = try weights.linear("\(name).q")
    query = latent.map { .learned(projection.row($0)) } ?? .firstToken(projection)
    kv = try weights.linear("\(name).kv")
    bias = try weights.vector("\(name).kv.bias")
    out = hasOutput ? try weights.linear("\(name).out") : nil
  }

  package var width: Int { kv.outputs / 2 }
  package var inputs: Int { kv.inputs }
  private var headWidth: Int { width / heads }

  /// `[heads, count]`: the attention probabilities, on this thread.
  package func probabilities(_ x: UnsafePointer<Float>, count: Int) -> FloatBuffer {
    let folded = foldedQuery(x), scores = FloatBuffer(uninitialised: heads * count)
    gemm(
      folded.pointer, rows: heads, depth: inputs, stride: inputs, x, transposed: true, columns: count,
      into: scores.pointer, stride: count, adding: false)
    for number in 0..<heads {
      let row = scores.pointer + number * count
      row.update(repeating: -.infinity, count: unseen)
      zoo_softmax(row, count, scale)
    }
    return scores
  }

  private var scale: Float { 1 / Float(headWidth).squareRoot() }

  private func foldedQuery(_ x: UnsafePointer<Float>) -> FloatBuffer {
    let folded = FloatBuffer(uninitialised: heads * inputs)
    switch query {
    case .learned(let query): fold(query, rows: 1, firstRow: 0, into: folded.pointer)
    case .firstToken(let projection):
      fold(
        projection.row(Array(UnsafeBufferPointer(start: x, count: inputs))), rows: 1, firstRow: 0, into: folded.pointer)
    }
    return folded
  }

  /// `[width]`: each head's attention-weighted values, on this thread.
  package func attend(_ x: UnsafePointer<Float>, count: Int) -> [Float] {
    let scores = probabilities(x, count: count), average = FloatBuffer(uninitialised: heads * inputs)
    gemm(
      scores.pointer, rows: heads, depth: count, stride: count, x, transposed: false, columns: inputs,
      into: average.pointer, stride: inputs, adding: false)
    let values = kv.weight
    return (0..<width).map { place in
      let row = width + place
      return zoo_dot(values.pointer + row * inputs, average.pointer + place / headWidth * inputs, inputs)
        + bias.pointer[row]
    }
  }

  /// Multiplies `[rows, width]` by the output matrix.
  package func project(_ mixed: [Float], rows: Int, parallel: Parallel) -> [Float] {
    guard let out else { return mixed }
    var y = [Float](repeating: 0, count: mixed.count)
    out.forward(mixed, rows: rows, into: &y, parallel: parallel)
    return y
  }

  /// `[rows, width]`: gradients with respect to the attention's output, before its output matrix.
  package func beforeOutput(_ gradients: [Float], rows: Int, parallel: Parallel) -> FloatBuffer {
    let r = FloatBuffer(uninitialised: gradients.count)
    if let out {
      out.backward(gradients, rows: rows, into: r.pointer, parallel: parallel)
    } else {
      r.pointer.update(from: gradients, count: gradients.count)
    }
    return r
  }

  /// `[rows, heads, count]`: the gradients `r_h . V_hj` with respect to the attention, for r `[rows, width]` at its output before the output matrix,
  /// on this thread; V is never formed, its weights are folded into r.
  package func attentionGradients(
    _ r: UnsafePointer<Float>, rows: Int, tokens x: UnsafePointer<Float>, count: Int
  ) -> FloatBuffer {
    let all = rows * heads, folded = FloatBuffer(uninitialised: all * inputs)
    let products = FloatBuffer(uninitialised: all * count)
    fold(r, rows: rows, firstRow: width, into: folded.pointer)
    gemm(
      folded.pointer, rows: all, depth: inputs, stride: inputs, x, transposed: true, columns: count,
      into: products.pointer, stride: count, adding: false)
    for index in 0..<all {
      let (row, number) = (index / heads, index % heads)
      let shift = zoo_dot(
        r + row * width + number * headWidth, bias.pointer + width + number * headWidth, headWidth)
      for token in 0..<count { products.pointer[index * count + token] += shift }
    }
    return products
  }

  /// flow `[count, inputs]` := the gradient with respect to the tokens, for r `[width]` at the attention's output before the output matrix, on this
  /// thread.
  package func tokenGradients(
    _ r: UnsafePointer<Float>, tokens x: UnsafePointer<Float>, count: Int, into flow: UnsafeMutablePointer<Float>
  ) {
    let probabilities = probabilities(x, count: count)
    let gradients = attentionGradients(r, rows: 1, tokens: x, count: count)
    // Through the values, then through the softmax and the keys: two sums over heads of a column times a row.
    let columns = FloatBuffer(uninitialised: count * 2 * heads), rows = FloatBuffer(uninitialised: 2 * heads * inputs)
    for number in 0..<heads {
      let p = probabilities.pointer + number * count, g = gradients.pointer + number * count
      let mean = zoo_dot(p, g, count)
      for token in 0..<count {
        columns.pointer[token * 2 * heads + number] = p[token]
        columns.pointer[token * 2 * heads + heads + number] = p[token] * (g[token] - mean) * scale
      }
    }
    fold(r, rows: 1, firstRow: width, into: rows.pointer)
    let query = foldedQuery(x)
    (rows.pointer + heads * inputs).update(from: query.pointer, count: heads * inputs)
    gemm(
      columns.pointer, rows: count, depth: 2 * heads, stride: 2 * heads, rows.pointer, transposed: false,
      columns: inputs, into: flow, stride: inputs, adding: false)
    addQueryGradient(columns, tokens: x, count: count, to: flow)
  }

  /// Adds the gradient with respect to the query to the first token, if that is the query.
  ///
  /// - Parameter columns: `[count, 2 * heads]`, whose second half are the gradients with respect to the unscaled products of query and keys.
  private func addQueryGradient(
    _ columns: FloatBuffer, tokens x: UnsafePointer<Float>, count: Int, to flow: UnsafeMutablePointer<Float>
  ) {
    guard case .firstToken(let projection) = query else { return }
    let scores = FloatBuffer(uninitialised: heads * count), sums = FloatBuffer(uninitialised: heads * inputs)
    for index in 0..<heads * count {
      scores.pointer[index] = columns.pointer[index % count * 2 * heads + heads + index / count]
    }
    gemm(
      scores.pointer, rows: heads, depth: count, stride: count, x, transposed: false, columns: inputs,
      into: sums.pointer, stride: inputs, adding: false)
    // The keys' bias cancels here too: the gradients of a softmax's scores add up to zero.
    let keys = kv.weight
    let atQuery = (0..<width).map { place in
      zoo_dot(keys.pointer + place * inputs, sums.pointer + place / headWidth * inputs, inputs)
    }
    var atToken = [Float](repeating: 0, count: inputs)
    projection.backward(atQuery, rows: 1, into: &atToken, parallel: Parallel(threads: 1))
    zoo_add_residual(flow, atToken, nil, nil, 1, inputs)
  }

  /// `[rows, heads, inputs]`: each head of vectors `[rows, width]` times its rows of the key or value weights. The keys' bias shifts all scores
  /// equally and cancels.
  private func fold(_ vectors: UnsafePointer<Float>, rows: Int, firstRow: Int, into folded: UnsafeMutablePointer<Float>)
  {
    let weights = kv.weight
    defer { withExtendedLifetime(weights) {} }
    for number in 0..<heads {
      gemm(
        vectors + number * headWidth, rows: rows, depth: headWidth, stride: width,
        weights.pointer + (firstRow + number * headWidth) * inputs, transposed: false, columns: inputs,
        into: folded + number * inputs, stride: heads * inputs, adding: false)
    }
  }
}

extension Linear {
  /// Passes one row through the map, on this thread.
  fileprivate func row(_ x: [Float]) -> [Float] {
    var y = [Float](repeating: 0, count: outputs)
    forward(x, rows: 1, into: &y, parallel: Parallel(threads: 1))
    return y
  }
}
