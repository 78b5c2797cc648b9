import ZooRuntime

/// How something at the output of an operation propagates to its inputs: a gradient, or a relevance by the rules of LRP.
///
/// Activations have one row for each token; flows have that for each prompt, one prompt after the other. Activations that only some rules use are
/// closures.
protocol PropagationRule {
  /// Through `y = x W^T + b`.
  ///
  /// - Parameter product: `x W^T`, if the pass has recorded it.
  func linear(_ map: Linear, input: () -> Rows, product: (() -> Rows)?, _ flow: Rows) -> Rows
  /// Through a LayerNorm, given the rows of its input.
  func norm(_ norm: Norm, input: () -> Rows, _ flow: Rows) -> Rows
  /// Through an activation, given the slopes that the pass recorded, `[tokens, width]`.
  func activation(slopes: FloatBuffer, _ flow: Rows) -> Rows
  /// Through a multiplication of each column by a factor.
  func scale(_ factors: FloatView, _ flow: Rows) -> Rows
  /// From the sum of the residual stream and a branch to both.
  func split(stream: () -> Rows, branch: () -> Rows, _ flow: Rows) -> (stream: Rows, branch: Rows)
  /// Combines the flows from both uses of the same tokens.
  func join(_ stream: Rows, _ branch: Rows, at tokens: () -> Rows) -> Rows
  /// From the mixed values of all heads to the attention probabilities.
  func attention(_ layer: LayerView, mixed: () -> Rows, _ flow: Rows) -> any AttentionFlow
}

/// What arrives at the attention of a block, for each prompt and head.
package protocol AttentionFlow: Sendable {
  /// `[rows, count]`: what arrives at the probabilities of some rows of one head, on this thread.
  func atProbabilities(prompt: Int, head: Int, rows: Range<Int>, into values: UnsafeMutablePointer<Float>)
  /// `[prompts * count, 3 width]`: what arrives at queries, keys and values, before any rotation.
  func atQKV(_ engine: Engine) -> Rows
}
