import ZooModels
import ZooRuntime

/// The attention of a pooler's query on one picture, and the gradient of each prompt's score with respect to it.
struct PoolerGradient {
  private let heads: Int
  private let count: Int
  private let prompts: Int
  private let probabilities: FloatBuffer
  /// `[prompts, heads, count]`
  private let gradients: FloatBuffer

  init(_ head: any QueryHead, _ end: PassEnd, _ job: MethodJob, score: Score) {
    let parallel = job.engine.parallel, attention = head.attention
    let normed = head.normed(end.tokens, count: end.count, parallel: parallel)
    let r = head.mixedGradients(
      at: normed, count: end.count, directions: job.directions, score: score, parallel: parallel)
    (heads, count, prompts) = (attention.heads, end.count, job.directions.count)
    probabilities = attention.probabilities(normed.pointer, count: end.count)
    gradients = attention.attentionGradients(r.pointer, rows: prompts, tokens: normed.pointer, count: end.count)
  }

  /// `[prompts][count]`: the result of `combine` for the probabilities and the gradients, both `[heads][count]`.
  func rows(_ combine: (_ probabilities: [[Float]], _ gradients: [[Float]]) -> [Float]) -> [[Float]] {
    func lines(_ buffer: FloatBuffer, from first: Int) -> [[Float]] {
      (0..<heads).map { Array(UnsafeBufferPointer(start: buffer.pointer + (first + $0) * count, count: count)) }
    }
    let own = lines(probabilities, from: 0)
    return (0..<prompts).map { combine(own, lines(gradients, from: $0 * heads)) }
  }
}

/// A method that only uses the attention of a pooler and its gradient.
final class PoolerGradientRun: MethodRun {
  private let job: MethodJob
  private let head: any QueryHead
  private let score: Score
  private let combine: (_ probabilities: [[Float]], _ gradients: [[Float]]) -> [Float]
  private var found: [[Heatmap]] = []

  init(
    _ job: MethodJob, _ head: any QueryHead, score: Score,
    combine: @escaping (_ probabilities: [[Float]], _ gradients: [[Float]]) -> [Float]
  ) {
    (self.job, self.head, self.score, self.combine) = (job, head, score, combine)
  }

  var request: PassRequest { .embedding }

  func end(_ end: PassEnd) {
    let rows = PoolerGradient(head, end, job, score: score).rows(combine)
    found.append(rows.map { job.heatmap(job.patches($0), layers: [job.lastLayer]) })
  }

  func maps() -> [[Heatmap]] { found }
}
