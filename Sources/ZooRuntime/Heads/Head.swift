import CZooKernels
import ZooModels

/// The end of a tower: a norm and a projection.
package protocol Projecting: Sendable {
  /// The final norm.
  var norm: Norm { get }
  /// From the pooled width to the embedding; nil if the pooled vector is the embedding.
  var projection: Linear? { get }
}

/// What follows the blocks: how their tokens become the picture's embedding, and how a score's gradient is propagated back to them.
package protocol Head: Projecting {
  /// The embedding of one picture from the last block's tokens `[count, width]`, not normalised.
  func embed(_ tokens: UnsafePointer<Float>, count: Int, engine: Engine) -> [Float]
  /// `[directions, count, width]`: the gradient of each direction's score with respect to the last block's tokens `[count, width]`.
  func gradients(
    at tokens: UnsafePointer<Float>, count: Int, directions: [[Float]], score: Score, engine: Engine
  ) -> FloatBuffer
}

/// The head of an image tower.
package enum VisionHead: Sendable {
  /// A class token, or tokens reduced to one.
  case tokens(TokenHead)
  /// An attention pooler.
  case query(any QueryHead)

  init(_ weights: Weights, tower: VisionTower) throws {
    let norm =
      tower.noFinalNorm
      ? Norm(passing: tower.normWidth) : try weights.norm("vision.norm", eps: tower.blocks.normEps)
    let projection = try weights.projection("vision.projection", tower.projection)
    switch tower.pooler {
    case .classToken, .tokenMean, .patchMean, .patchMax, .classAndPatchMean:
      self = .tokens(TokenHead(pooler: tower.pooler, prefix: tower.prefixTokens, norm: norm, projection: projection))
    case .attention(let heads, _, let activation):
      self = .query(
        try SigLIPHead(
          weights, tower: tower, heads: heads, activation: activation, norm: norm, projection: projection))
    case .coca(let heads, _, let width):
      self = .query(
        try CoCaHead(weights, tower: tower, heads: heads, width: width, norm: norm, projection: projection))
    case .meanQuery(let heads):
      self = .query(try MeanQueryHead(weights, heads: heads, norm: norm, projection: projection))
    }
  }

  /// The part that all heads share.
  package var base: any Head {
    switch self {
    case .tokens(let head): head
    case .query(let head): head
    }
  }
}

extension Projecting {
  /// Passes a vector through the final norm.
  package func normalise(_ vector: [Float]) -> [Float] {
    var normed = vector
    norm.apply(vector, rows: 1, into: &normed, parallel: Parallel(threads: 1))
    return normed
  }

  /// Passes a pooled vector through the projection, if there is one.
  package func project(_ vector: [Float]) -> [Float] {
    guard let projection else { return vector }
    var result = [Float](repeating: 0, count: projection.outputs)
    projection.forward(vector, rows: 1, into: &result, parallel: Parallel(threads: 1))
    return result
  }

  /// `[directions * width]`: the gradient of each direction's score with respect to a pooled vector, at the projection's input.
  package func gradients(
    beforeProjection vector: [Float], directions: [[Float]], score: Score, parallel: Parallel
  ) -> [Float] {
    let embedding = project(vector)
    let scored = directions.flatMap { score.gradient(of: embedding, direction: $0) }
    guard let projection else { return scored }
    var gradients = [Float](repeating: 0, count: directions.count * vector.count)
    projection.backward(scored, rows: directions.count, into: &gradients, parallel: parallel)
    return gradients
  }

  /// `[directions * width]`: the gradient of each direction's score with respect to a pooled vector, at the final norm's input.
  package func gradients(
    beforeNorm vector: [Float], directions: [[Float]], score: Score, parallel: Parallel
  ) -> [Float] {
    let count = directions.count, one = Parallel(threads: 1)
    var normed = vector, average: Float = 0, inverse: Float = 0
    norm.apply(vector, rows: 1, into: &normed, mean: &average, inverse: &inverse, parallel: one)
    var gradients = gradients(beforeProjection: normed, directions: directions, score: score, parallel: parallel)
    let points = (0..<count).flatMap { _ in vector }
    norm.backward(
      &gradients, at: points, mean: Array(repeating: average, count: count),
      inverse: Array(repeating: inverse, count: count), rows: count, parallel: one)
    return gradients
  }
}

extension Norm {
  /// flow `[flows, rows, width]` := J^T flow, where each flow passes through the norm at the same rows of x `[rows, width]`.
  package func backward(
    _ flow: UnsafeMutablePointer<Float>, flows: Int, at x: UnsafePointer<Float>, rows: Int, parallel: Parallel
  ) {
    let normed = FloatBuffer(uninitialised: rows * width)
    var means = [Float](repeating: 0, count: rows), inverses = means
    apply(x, rows: rows, into: normed.pointer, mean: &means, inverse: &inverses, parallel: parallel)
    for index in 0..<flows {
      backward(flow + index * rows * width, at: x, mean: means, inverse: inverses, rows: rows, parallel: parallel)
    }
  }
}
