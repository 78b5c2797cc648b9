import ZooModels
import ZooRuntime

/// Attention rollout (Abnar and Zuidema 2020): attention maps with the residual connection, multiplied from layer to layer.
struct Rollout: ExplanationMethod {
  static let info = MethodInfo(
    id: "rollout", title: "Attention rollout",
    summary: "how attention passes from the patches through all layers to the pooled token; the same for every prompt",
    source: "arXiv 2005.00928; hila-chefer/Transformer-Explainability, which starts at layer 1", cost: "attention maps",
    options: [.startLayer("1")])

  var startLayer: Int

  init(_ options: inout MethodOptions) throws { startLayer = try options.layer("start-layer") ?? 1 }

  func start(_ job: MethodJob) throws -> any MethodRun {
    guard !job.vision.blocks.isEmpty else {
      throw undefined(on: job.vision, "its pooler's attention is the only one: there is none to pass it on to")
    }
    let start = try checked(startLayer, of: job.vision)
    return RolloutRun(job, layers: start..<job.vision.blocks.count, pooling: try pooling(job.vision))
  }
}

/// `R := M R`, where `M` is the mean over heads of attention plus identity, with rows divided by their sums.
private final class RolloutRun: MethodRun {
  private let job: MethodJob
  private let pooling: AttentionPooling
  private var product: [Int: TokenMatrix] = [:]
  private var pooled: [Int: [Float]] = [:]
  let request: PassRequest

  init(_ job: MethodJob, layers: Range<Int>, pooling: AttentionPooling) {
    (self.job, self.pooling) = (job, pooling)
    request = PassRequest(layers: layers, parts: .tokens)
  }

  func forward(_ layer: LayerView) {
    let matrix = layer.meanAttention(job.engine)
    matrix.addIdentity()
    matrix.divideRowsBySums()
    product[layer.picture] = product[layer.picture].map { matrix.times($0) } ?? matrix
  }

  func end(_ end: PassEnd) {
    guard let product = product.removeValue(forKey: end.picture) else { return }
    pooled[end.picture] = product.row(weightedBy: pooling.weights(end, job.engine))
  }

  func maps() -> [[Heatmap]] {
    job.pictures.indices.map { picture in
      job.repeated(job.heatmap(job.patches(pooled[picture] ?? []), layers: Array(request.layers)))
    }
  }
}
