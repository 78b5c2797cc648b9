import CZooKernels
import ZooModels
import ZooRuntime

/// A matrix over the tokens of a picture, `[count, count]`.
struct TokenMatrix: Sendable {
  let values: FloatBuffer
  let count: Int

  init(count: Int) {
    (values, self.count) = (FloatBuffer(count * count), count)
  }

  static func identity(_ count: Int) -> TokenMatrix {
    let matrix = TokenMatrix(count: count)
    matrix.addIdentity()
    return matrix
  }

  func add(_ other: TokenMatrix) {
    for index in 0..<count * count { values.pointer[index] += other.values.pointer[index] }
  }

  func removeIdentity() {
    for index in 0..<count { values.pointer[index * count + index] -= 1 }
  }

  func addIdentity() {
    for index in 0..<count { values.pointer[index * count + index] += 1 }
  }

  /// Divides each row by its sum; rows of zeros are kept.
  func divideRowsBySums() {
    for row in 0..<count {
      let start = values.pointer + row * count
      let sum = (0..<count).reduce(Float(0)) { $0 + start[$1] }
      if sum != 0 { for column in 0..<count { start[column] /= sum } }
    }
  }

  /// `self * other`
  func times(_ other: TokenMatrix) -> TokenMatrix {
    let product = TokenMatrix(count: count)
    gemm(
      values.pointer, rows: count, depth: count, stride: count, other.values.pointer, transposed: false, columns: count,
      into: product.values.pointer, stride: count, adding: false)
    return product
  }

  /// `weights * self`: `[count]`.
  func row(weightedBy weights: [Float]) -> [Float] {
    var result = [Float](repeating: 0, count: count)
    for (row, weight) in weights.enumerated() where weight != 0 {
      for column in 0..<count { result[column] += weight * values.pointer[row * count + column] }
    }
    return result
  }
}

extension LayerView {
  /// The mean over heads of the attention probabilities.
  func meanAttention(_ engine: Engine) -> TokenMatrix {
    sumOverHeads(engine, divisor: shape.heads) { head, rows, sum, scratch in
      attention(head: head, rows: rows, into: scratch)
      for index in 0..<rows.count * count { sum[index] += scratch[index] }
    }
  }

  /// A sum over heads of matrices over the tokens, divided. `body` adds some rows of one head's matrix to `sum` `[rows, count]` and may use
  /// `scratch`, which is twice that size.
  func sumOverHeads(
    _ engine: Engine, divisor: Int,
    _ body: (
      _ head: Int, _ rows: Range<Int>, _ sum: UnsafeMutablePointer<Float>, _ scratch: UnsafeMutablePointer<Float>
    )
      -> Void
  ) -> TokenMatrix {
    let matrix = TokenMatrix(count: count)
    // The rounding of BLAS depends on the number of rows, which must not depend on the number of threads.
    let pieces = max(1, count / 48)
    engine.parallel.forEach(pieces) { piece in
      let rows = count * piece / pieces..<count * (piece + 1) / pieces
      let target = matrix.values.pointer + rows.lowerBound * count
      withScratch(2 * rows.count * count) { scratch in
        for head in 0..<shape.heads { body(head, rows, target, scratch) }
      }
      for index in 0..<rows.count * count { target[index] /= Float(divisor) }
    }
    return matrix
  }
}

/// How much each token contributes to the picture's embedding, according to attention maps.
enum AttentionPooling {
  /// The class token, or a mean of tokens.
  case tokens(Pooler)
  /// The attention of a pooler's query.
  case pooler(any QueryHead)

  var isPooler: Bool { if case .pooler = self { true } else { false } }

  /// `[count]`
  func weights(_ end: PassEnd, _ engine: Engine) -> [Float] {
    switch self {
    case .tokens(let pooler): return pooler.weights(of: end.count, prefix: end.vision.tower.prefixTokens)
    case .pooler(let head):
      let normed = head.normed(end.tokens, count: end.count, parallel: engine.parallel)
      let attention = head.attention, probabilities = attention.probabilities(normed.pointer, count: end.count)
      return (0..<end.count).map { token in
        (0..<attention.heads).reduce(Float(0)) { $0 + probabilities.pointer[$1 * end.count + token] }
          / Float(attention.heads)
      }
    }
  }
}

extension ExplanationMethod {
  /// How tokens are pooled in a model.
  func pooling(_ vision: VisionRuntime) throws -> AttentionPooling {
    switch vision.head {
    case .tokens: .tokens(vision.tower.pooler)
    case .query(let head): .pooler(head)
    }
  }
}

extension MethodJob {
  /// The values of the patches, from values for all tokens.
  func patches(_ values: [Float]) -> [Float] { Array(values.dropFirst(vision.tower.prefixTokens)) }
}

extension Pooler {
  /// The tokens that are pooled: the class token, or those that are reduced to one; for both, from the first to the last.
  func rows(of count: Int, prefix: Int) -> Range<Int> {
    switch self {
    case .tokenMean, .classAndPatchMean: 0..<count
    case .patchMean, .patchMax: prefix..<count
    default: 0..<1
    }
  }

  /// `[count]`: the weight of each token in the mean, which also represents a maximum; a class token beside a mean has half of the weight.
  func weights(of count: Int, prefix: Int) -> [Float] {
    if self == .classAndPatchMean {
      return (0..<count).map { $0 == 0 ? 0.5 : $0 < prefix ? 0 : 0.5 / Float(count - prefix) }
    }
    let rows = rows(of: count, prefix: prefix)
    return (0..<count).map { rows.contains($0) ? 1 / Float(rows.count) : 0 }
  }
}
