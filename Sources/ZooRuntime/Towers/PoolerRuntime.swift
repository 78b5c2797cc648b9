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

  /// What SigLIP's pooler computes on `[tokens, width]`, with what its gradient needs.
  package struct Attended: Sendable {
    /// The attention's output after `out`.
    package var y: [Float]
    /// The MLP's hidden values before the activation.
    package var hidden: [Float]
    /// `y + MLP(norm(y))`.
    package var pooled: [Float]
    /// `[heads, tokens]`.
    package var probabilities: [Float]
  }

  package func attention(_ tokens: UnsafePointer<Float>, tokens count: Int) -> Attended {
    let (y, probabilities) = attend(tokens, count: count)
    guard let norm, let fc1, let fc2 else { preconditionFailure("an attention pooler has an MLP") }
    let one = Parallel(threads: 1)
    var normed = y, hidden = [Float](repeating: 0, count: fc1.outputs), result = y
    norm.apply(y, rows: 1, into: &normed, parallel: one)
    fc1.forward(normed, rows: 1, into: &hidden, parallel: one)
    var active = hidden
    zoo_activate(&active, nil, activation.kernel, 1, active.count, nil)
    fc2.forward(active, rows: 1, into: &normed, parallel: one)
    zoo_add_residual(&result, normed, nil, nil, 1, width)
    return Attended(y: y, hidden: hidden, pooled: result, probabilities: probabilities)
  }

  /// CoCa's first query over raw tokens: the vector before the final norm.
  package func coca(_ tokens: UnsafePointer<Float>, tokens count: Int) -> [Float] {
    guard let normKV else { preconditionFailure("CoCa's pooler normalises its tokens") }
    let normed = FloatBuffer(count * normKV.width)
    normKV.apply(tokens, rows: count, into: normed.pointer, parallel: Parallel(threads: 1))
    return attend(normed.pointer, count: count).y
  }

  /// Attention of the query over tokens `[count, inputs]`, through `out`.
  private func attend(_ x: UnsafePointer<Float>, count: Int) -> (y: [Float], probabilities: [Float]) {
    let inputs = kv.inputs, head = headWidth
    let folded = foldKeys(query)
    var probabilities = [Float](repeating: 0, count: heads * count)
    var mixed = [Float](repeating: 0, count: width), average = [Float](repeating: 0, count: inputs)
    for number in 0..<heads {
      folded.withUnsafeBufferPointer { folded in
        for token in 0..<count {
          probabilities[number * count + token] = zoo_dot(
            folded.baseAddress! + number * inputs, x + token * inputs, inputs)
        }
      }
      probabilities.withUnsafeMutableBufferPointer {
        zoo_softmax($0.baseAddress! + number * count, count, 1 / Float(head).squareRoot())
      }
      for k in 0..<inputs { average[k] = 0 }
      average.withUnsafeMutableBufferPointer { average in
        for token in 0..<count {
          let p = probabilities[number * count + token], row = x + token * inputs
          for k in 0..<inputs { average[k] += p * row[k] }
        }
      }
      for j in 0..<head {
        let row = width + number * head + j
        mixed[number * head + j] = zoo_dot(kv.weight.pointer + row * inputs, average, inputs) + kv.bias!.pointer[row]
      }
    }
    var y = [Float](repeating: 0, count: width)
    out.forward(mixed, rows: 1, into: &y, parallel: Parallel(threads: 1))
    return (y, probabilities)
  }

  /// `[heads, inputs]`: each head of a vector times its key rows. The keys' bias shifts all scores alike and drops out.
  private func foldKeys(_ vector: [Float]) -> [Float] { fold(vector, firstRow: 0) }

  /// `[heads, inputs]` and `[heads]`: each head of a vector times its value rows and their bias.
  package func foldValues(_ vector: [Float]) -> (weights: [Float], biases: [Float]) {
    let biases = (0..<heads).map { number in
      (0..<headWidth).reduce(Float(0)) { sum, j in
        sum + vector[number * headWidth + j] * kv.bias!.pointer[width + number * headWidth + j]
      }
    }
    return (fold(vector, firstRow: width), biases)
  }

  private func fold(_ vector: [Float], firstRow: Int) -> [Float] {
    let inputs = kv.inputs
    var folded = [Float](repeating: 0, count: heads * inputs)
    folded.withUnsafeMutableBufferPointer { folded in
      for row in 0..<width {
        let target = folded.baseAddress! + row / headWidth * inputs
        let source = kv.weight.pointer + (firstRow + row) * inputs, factor = vector[row]
        for k in 0..<inputs { target[k] += factor * source[k] }
      }
    }
    return folded
  }
}
