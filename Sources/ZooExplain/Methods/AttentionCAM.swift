import ZooModels
import ZooRuntime

/// AttentionCAM: the heads of the last attention, weighted by the mean gradient of the score with respect to them (the paper's eq. 10).
struct AttentionCAM: ExplanationMethod {
  /// The two published variants.
  enum Form: String, CaseIterable {
    /// The paper's: the mean over all rows and columns, no ReLU.
    case paper
    /// Chefer's code: only the pooled token's row and the patches, with a ReLU after the mean over heads.
    case chefer
  }

  static let info = MethodInfo(
    id: "attentioncam", title: "AttentionCAM",
    summary: "the last attention map, its heads weighted by the mean gradient of the score at them",
    source: "arXiv 2404.03214, eq. 10; generate_cam_attn of hila-chefer/Transformer-Explainability",
    cost: "the way back to the last attention",
    options: [
      MethodOption("form", values: "paper or chefer", standard: "paper", help: "which of the two published forms"),
      .score,
    ])

  var form: Form
  var score: Score?

  init(_ options: inout MethodOptions) throws {
    form = try options.choice("form") ?? .paper
    score = try options.choice("score")
  }

  func start(_ job: MethodJob) throws -> any MethodRun {
    switch try pooling(job.vision) {
    case .tokens(let pooler): AttentionCAMRun(job, form: form, pooler: pooler, score: job.score(score))
    case .pooler(let head): PoolerGradientRun(job, head, score: job.score(score)) { weightedHeads($0, $1, form) }
    }
  }
}

/// `sum over heads of w_h A_hj`, with `w_h` the mean gradient of a head of the pooler.
private func weightedHeads(_ probabilities: [[Float]], _ gradients: [[Float]], _ form: AttentionCAM.Form) -> [Float] {
  var sum = [Float](repeating: 0, count: probabilities[0].count)
  for (row, gradient) in zip(probabilities, gradients) {
    let weight = gradient.reduce(0, +) / Float(gradient.count)
    for index in sum.indices { sum[index] += weight * row[index] }
  }
  return form == .paper ? sum : sum.map { max(0, $0 / Float(probabilities.count)) }
}

private final class AttentionCAMRun: MethodRun {
  private let job: MethodJob
  private let form: AttentionCAM.Form
  private let pooler: Pooler
  private let score: Score
  private var found: [[Heatmap]] = []

  init(_ job: MethodJob, form: AttentionCAM.Form, pooler: Pooler, score: Score) {
    (self.job, self.form, self.pooler, self.score) = (job, form, pooler, score)
  }

  var request: PassRequest { .embedding }
  var flows: [FlowRequest] {
    [FlowRequest(kind: .gradient(score), layers: job.lastLayer..<job.lastLayer + 1, depth: .attention)]
  }

  func backward(_ layer: LayerView, _ flow: LayerFlow) {
    guard let attention = flow.attention else { return }
    let count = layer.count, rows = pooler.rows(of: count, prefix: layer.prefix)
    let shares = Array(pooler.weights(of: count, prefix: layer.prefix)[rows])
    found.append(
      job.directions.indices.map { prompt in
        var sum = [Float](repeating: 0, count: count)
        withScratch(2 * count * count) { scratch in
          let gradients = scratch, probabilities = scratch + count * count
          for head in 0..<layer.shape.heads {
            layer.attention(head: head, rows: rows, into: probabilities)
            attention.atProbabilities(prompt: prompt, head: head, rows: rows, into: gradients)
            // Rows that are not pooled have zero gradient.
            var weight: Float = 0
            for row in 0..<rows.count {
              let share = form == .paper ? 1 / Float(job.grid.count) : shares[row]
              for column in (form == .paper ? 0 : layer.prefix)..<count {
                weight += gradients[row * count + column] * share
              }
            }
            weight /= Float(job.grid.count)
            for row in 0..<rows.count {
              for column in 0..<count {
                sum[column] += weight * probabilities[row * count + column] * shares[row]
              }
            }
          }
        }
        let values = job.patches(sum).map { form == .paper ? $0 : max(0, $0 / Float(layer.shape.heads)) }
        return job.heatmap(values, layers: [job.lastLayer])
      })
  }

  func maps() -> [[Heatmap]] { found }
}
