import CZooKernels
import ZooModels

/// A learned query that attends to the tokens: SigLIP's and CoCa's poolers.
///
/// There is one query that counts, so keys and values are never formed: the query is folded through the key weights and
/// the attention-weighted mean of the tokens goes through the value weights.
package struct PoolerRuntime: Sendable {
  package let heads: Int
  /// The query that counts, already projected: `[width]`.
  let query: [Float]
  package let kv: Linear
  package let out: Linear
  package let normKV: Norm?
  package let norm: Norm?
  package let fc1: Linear?
  package let fc2: Linear?
  package let activation: Activation

  init?(_ weights: Weights, tower: VisionTower) throws {
    let eps = tower.blocks.normEps, name = "vision.pooler"
    switch tower.pooler {
    case .classToken, .tokenMean, .patchMean: return nil
    case .attention(let heads, _, let activation):
      self.heads = heads
      self.activation = activation
      normKV = nil
      norm = try weights.norm("\(name).norm", eps: eps)
      fc1 = try weights.linear("\(name).fc1")
      fc2 = try weights.linear("\(name).fc2")
      let latent = try weights.vector("\(name).latent").array
      query = try PoolerRuntime.project(latent, weights.linear("\(name).q"))
    case .coca(let heads, _, let width):
      self.heads = heads
      activation = .gelu
      normKV = try weights.norm("\(name).norm_kv", eps: eps)
      (norm, fc1, fc2) = (nil, nil, nil)
      let latent = try weights.vector("\(name).latent").array.prefix(width)
      var normed = [Float](repeating: 0, count: width)
      try weights.norm("\(name).norm_q", eps: eps)
        .apply(Array(latent), rows: 1, into: &normed, parallel: Parallel(threads: 1))
      query = try PoolerRuntime.project(normed, weights.linear("\(name).q"))
    }
    kv = try weights.linear("\(name).kv")
    out = try weights.linear("\(name).out")
  }

  /// Width of the pooled vector.
  package var width: Int { query.count }
  var headWidth: Int { width / heads }

  private static func project(_ vector: [Float], _ linear: Linear) throws -> [Float] {
    [Float](unsafeUninitializedCapacity: linear.outputs) { buffer, count in
      linear.forward(vector, rows: 1, into: buffer.baseAddress!, parallel: Parallel(threads: 1))
      count = linear.outputs
    }
  }

  /// What SigLIP's pooler computes from attended values, for several rows, with what its gradient needs.
  package struct Attended: Sendable {
    /// `[rows, width]`: the attention's output after `out`.
    package var y: [Float]
    /// `[rows, mlpWidth]`: the MLP's hidden values before the activation.
    package var hidden: [Float]
    /// `[rows, width]`: `y + MLP(norm(y))`.
    package var pooled: [Float]
  }

  /// From what `attend` gives, `[rows, width]`.
  package func attention(_ mixed: [Float], rows: Int, parallel: Parallel) -> Attended {
    guard let norm, let fc1, let fc2 else { preconditionFailure("an attention pooler has an MLP") }
    let y = project(mixed, rows: rows, parallel: parallel)
    var normed = y, hidden = [Float](repeating: 0, count: rows * fc1.outputs), pooled = y
    norm.apply(y, rows: rows, into: &normed, parallel: parallel)
    fc1.forward(normed, rows: rows, into: &hidden, parallel: parallel)
    var active = hidden
    zoo_activate(&active, nil, activation.kernel, 1, active.count, nil)
    fc2.forward(active, rows: rows, into: &normed, parallel: parallel)
    zoo_add_residual(&pooled, normed, nil, nil, 1, pooled.count)
    return Attended(y: y, hidden: hidden, pooled: pooled)
  }

  /// `[rows, width]` through `out`.
  package func project(_ mixed: [Float], rows: Int, parallel: Parallel) -> [Float] {
    var y = [Float](repeating: 0, count: mixed.count)
    out.forward(mixed, rows: rows, into: &y, parallel: parallel)
    return y
  }

  /// `[width]`: each head's attention-weighted values of tokens `[count, inputs]`, on this thread.
  package func attend(_ x: UnsafePointer<Float>, count: Int) -> [Float] {
    let inputs = kv.inputs, head = headWidth
    let folded = FloatBuffer(uninitialised: heads * inputs), average = FloatBuffer(uninitialised: heads * inputs)
    let scores = FloatBuffer(uninitialised: heads * count), values = kv.weight
    query.withUnsafeBufferPointer { fold($0.baseAddress!, rows: 1, firstRow: 0, into: folded.pointer) }
    gemm(
      folded.pointer, rows: heads, depth: inputs, stride: inputs, x, transposed: true, columns: count,
      into: scores.pointer, stride: count, adding: false)
    for number in 0..<heads { zoo_softmax(scores.pointer + number * count, count, 1 / Float(head).squareRoot()) }
    gemm(
      scores.pointer, rows: heads, depth: count, stride: count, x, transposed: false, columns: inputs,
      into: average.pointer, stride: inputs, adding: false)
    return (0..<width).map { place in
      let row = width + place
      return zoo_dot(values.pointer + row * inputs, average.pointer + place / head * inputs, inputs)
        + kv.bias!.pointer[row]
    }
  }

  /// The mean over heads of `max(0, r_h . V_hj)` for tokens j, `[rows][tokens]`, on this thread; V is never formed, its weights are folded
  /// into r.
  ///
  /// - Parameters:
  ///   - r: `[rows, width]`.
  ///   - x: tokens `[count, inputs]`.
  package func relevance(
    _ r: UnsafePointer<Float>, rows: Int, tokens x: UnsafePointer<Float>, count: Int
  ) -> [[Float]] {
    let inputs = kv.inputs, all = rows * heads
    let folded = FloatBuffer(uninitialised: all * inputs), products = FloatBuffer(uninitialised: all * count)
    fold(r, rows: rows, firstRow: width, into: folded.pointer)
    gemm(
      folded.pointer, rows: all, depth: inputs, stride: inputs, x, transposed: true, columns: count,
      into: products.pointer, stride: count, adding: false)
    return (0..<rows).map { row in
      var sums = [Float](repeating: 0, count: count)
      for number in 0..<heads {
        let bias = zoo_dot(
          r + row * width + number * headWidth, kv.bias!.pointer + width + number * headWidth, headWidth)
        let line = products.pointer + (row * heads + number) * count
        for token in 0..<count { sums[token] += max(0, line[token] + bias) }
      }
      return sums.map { $0 / Float(heads) }
    }
  }

  /// `[rows, heads, inputs]`: each head of vectors `[rows, width]` times its rows of the key or value weights. The keys' bias shifts all
  /// scores alike and drops out.
  private func fold(_ vectors: UnsafePointer<Float>, rows: Int, firstRow: Int, into folded: UnsafeMutablePointer<Float>)
  {
    let inputs = kv.inputs, weights = kv.weight
    defer { withExtendedLifetime(weights) {} }
    for number in 0..<heads {
      gemm(
        vectors + number * headWidth, rows: rows, depth: headWidth, stride: width,
        weights.pointer + (firstRow + number * headWidth) * inputs, transposed: false, columns: inputs,
        into: folded + number * inputs, stride: heads * inputs, adding: false)
    }
  }
}
