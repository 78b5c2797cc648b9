import CZooKernels
import ZooModels

/// Which tokens a token may attend to, and what is added to their scores.
enum AttentionMask: Sendable {
  case none
  case causal
  /// CoCa's text: causal, but the class token at the end sees the tokens `visible[sequence]`.
  case causalWithClassToken(visible: [[Int]])
  case biased(AttentionBias)

  var kernel: Int32 { Int32((isCausal ? ZOO_MASK_CAUSAL : ZOO_MASK_NONE).rawValue) }

  var isCausal: Bool {
    switch self {
    case .none, .biased: false
    case .causal, .causalWithClassToken: true
    }
  }

  var bias: AttentionBias? {
    if case .biased(let bias) = self { bias } else { nil }
  }
}

/// What is added to the scores of attention, the same for all sequences.
package struct AttentionBias: Sendable {
  /// `[heads, tokens, tokens]`, or `[tokens, tokens]` for all heads.
  let values: FloatBuffer
  let isShared: Bool

  /// `[tokens, tokens]`
  package func pointer(head: Int, tokens: Int) -> UnsafePointer<Float> {
    UnsafePointer(values.pointer + (isShared ? 0 : head * tokens * tokens))
  }
}

/// The norms of each head's queries and keys.
struct HeadNorms: Sendable {
  private let query: Norm
  private let key: Norm
  private let heads: Int

  /// Nil for blocks without these norms.
  init?(_ weights: Weights, _ name: String, shape: Blocks) throws {
    guard shape.queryKeyNorm else { return nil }
    query = try weights.norm("\(name).q_norm", eps: shape.normEps, rms: shape.rms)
    key = try weights.norm("\(name).k_norm", eps: shape.normEps, rms: shape.rms)
    heads = shape.heads
  }

  /// Normalises the queries and keys in some rows of `[rows, 3 width]`, in place.
  func apply(to qkv: UnsafeMutablePointer<Float>, rows: Int, parallel: Parallel) {
    let width = heads * query.width
    parallel.forRanges(rows, atLeast: 16) { range in
      for row in range {
        apply(query, to: qkv + 3 * row * width)
        apply(key, to: qkv + (3 * row + 1) * width)
      }
    }
  }

  /// Normalises one row of queries, all heads concatenated.
  func apply(toQuery row: UnsafeMutablePointer<Float>) { apply(query, to: row) }
  /// Normalises one row of keys.
  func apply(toKey row: UnsafeMutablePointer<Float>) { apply(key, to: row) }

  private func apply(_ norm: Norm, to row: UnsafeMutablePointer<Float>) {
    norm.apply(row, rows: heads, into: row, parallel: Parallel(threads: 1))
  }
}
