import ZooModels
import ZooRuntime

/// The last attention map of the pooled token (the paper's eq. 11); for attention poolers, that of the pooler.
struct RawAttention: ExplanationMethod {
  static let info = MethodInfo(
    id: "raw-attention", title: "Raw attention",
    summary: "what the pooled token attends to in the last layer, the mean over heads; the same for every prompt",
    source: "arXiv 2404.03214, eq. 11", cost: "one attention map")

  init(_ options: inout MethodOptions) throws {}

  func start(_ job: MethodJob) throws -> any MethodRun { RawAttentionRun(job, try pooling(job.vision)) }
}

private final class RawAttentionRun: MethodRun {
  private let job: MethodJob
  private let pooling: AttentionPooling
  private var last: [Int: TokenMatrix] = [:]
  private var pooled: [Int: [Float]] = [:]

  init(_ job: MethodJob, _ pooling: AttentionPooling) { (self.job, self.pooling) = (job, pooling) }

  var request: PassRequest {
    pooling.isPooler
      ? .embedding : PassRequest(layers: job.lastLayer..<job.lastLayer + 1, parts: .tokens, lastRows: .pooled)
  }

  func forward(_ layer: LayerView) { last[layer.picture] = layer.meanAttention(job.engine) }

  func end(_ end: PassEnd) {
    let weights = pooling.weights(end, job.engine)
    pooled[end.picture] = last.removeValue(forKey: end.picture)?.row(weightedBy: weights) ?? weights
  }

  func maps() -> [[Heatmap]] {
    job.pictures.indices.map { picture in
      job.repeated(job.heatmap(job.patches(pooled[picture] ?? []), layers: [job.lastLayer]))
    }
  }
}
