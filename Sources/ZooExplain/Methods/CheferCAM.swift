import ZooModels
import ZooRuntime

/// CheferCAM (Chefer et al. 2021, for CLIP): attention multiplied by its positive gradient, propagated from layer to layer.
struct CheferCAM: ExplanationMethod {
  static let info = MethodInfo(
    id: "chefercam", title: "CheferCAM",
    summary: "the positive part of attention times its gradient, carried through the layers to the pooled token",
    source: "arXiv 2103.15679; hila-chefer/Transformer-MM-Explainability (CLIP notebook: the last block alone)",
    cost: "the way back to the first layer that takes part",
    options: [
      .startLayer("the last"),
      MethodOption(
        "scaled", values: "yes or no", standard: "yes, as published",
        help: "multiply the cosine by the model's logit scale; with several layers the map depends on it"),
      MethodOption(
        "normalised", values: "yes or no", standard: "yes, as rule 10 of the paper",
        help: "attention poolers: divide the rows of the blocks' relevance by their sums"),
    ])

  var startLayer: Int?
  var scaled: Bool
  var normalised: Bool

  init(_ options: inout MethodOptions) throws {
    startLayer = try options.layer("start-layer")
    scaled = try options.flag("scaled") ?? true
    normalised = try options.flag("normalised") ?? true
  }

  func start(_ job: MethodJob) throws -> any MethodRun {
    let pooling = try pooling(job.vision)
    // A pooler's rule uses the relevance of all blocks.
    let start = try startLayer.map { try checked($0, of: job.vision) } ?? (pooling.isPooler ? 0 : job.lastLayer)
    let scale = scaled && !job.vision.isClassifier ? job.logitScale : 1
    return CheferRun(
      job, layers: min(start, job.vision.blocks.count)..<job.vision.blocks.count, pooling: pooling, scale: scale,
      normalised: normalised)
  }
}

/// `R := R + mean over heads of max(0, dA * A) R` from the first block on; the map is the pooled token's row.
///
/// The backward pass starts with the last block, so the row is multiplied from the left: `v := v + v Abar`. With an attention pooler the row is `mean
/// over heads of max(0, dA * A)` of the pooler, and the blocks' R may be `I + (R - I)` with rows divided by their sums.
private final class CheferRun: MethodRun {
  private let job: MethodJob
  private let layers: Range<Int>
  private let pooling: AttentionPooling
  private let scale: Float
  private let normalised: Bool
  /// `[prompts]`: the rows of the pooled token.
  private var rows: [[Float]] = []
  /// `[prompts]`: R of the blocks so far, if its rows are to be divided.
  private var products: [TokenMatrix] = []
  private var found: [[Heatmap]] = []

  init(_ job: MethodJob, layers: Range<Int>, pooling: AttentionPooling, scale: Float, normalised: Bool) {
    (self.job, self.layers, self.pooling, self.scale) = (job, layers, pooling, scale)
    self.normalised = normalised && pooling.isPooler
  }

  var request: PassRequest { .embedding }
  /// None if there are no blocks.
  var flows: [FlowRequest] {
    layers.isEmpty ? [] : [FlowRequest(kind: .gradient(job.score(nil)), layers: layers, depth: .attention)]
  }

  func end(_ end: PassEnd) {
    switch pooling {
    case .tokens: rows = job.repeated(pooling.weights(end, job.engine))
    case .pooler(let head):
      rows = PoolerGradient(head, end, job, score: job.score(nil)).rows { probabilities, gradients in
        positiveProducts(probabilities, gradients)
      }
    }
    products = normalised ? rows.map { .identity($0.count) } : []
    if layers.isEmpty { finish() }
  }

  /// The mean over heads of `max(0, scale * gradient * probability)`.
  private func positiveProducts(_ probabilities: [[Float]], _ gradients: [[Float]]) -> [Float] {
    var sum = [Float](repeating: 0, count: probabilities[0].count)
    for (row, gradient) in zip(probabilities, gradients) {
      for index in sum.indices { sum[index] += max(0, scale * gradient[index] * row[index]) }
    }
    return sum.map { $0 / Float(probabilities.count) }
  }

  func backward(_ layer: LayerView, _ flow: LayerFlow) {
    guard let attention = flow.attention else { return }
    for prompt in rows.indices {
      let matrix = layer.positiveAttention(attention, prompt: prompt, scale: scale, job.engine)
      if normalised {
        let product = products[prompt].times(matrix)
        products[prompt].add(product)
      } else {
        rows[prompt] = zip(rows[prompt], matrix.row(weightedBy: rows[prompt])).map(+)
      }
    }
    if layer.layer == layers.lowerBound { finish() }
  }

  private func finish() {
    found.append(
      rows.indices.map { prompt in
        var row = rows[prompt]
        if normalised {
          let rest = products[prompt]
          rest.removeIdentity()
          rest.divideRowsBySums()
          row = zip(row, rest.row(weightedBy: row)).map(+)
        } else if case .tokens = pooling {
          // The identity's own share stays with the pooled tokens.
          let own = pooledShare
          row = zip(row, own).map(-)
        }
        return job.heatmap(job.patches(row), layers: layers.isEmpty ? [job.lastLayer] : Array(layers))
      })
  }

  /// What the identity leaves on the pooled tokens: nothing on patches if a class token is pooled.
  private var pooledShare: [Float] {
    guard case .tokens(let pooler) = pooling else { return [] }
    return pooler.weights(of: job.tokens, prefix: job.vision.tower.prefixTokens)
  }

  func maps() -> [[Heatmap]] { found }
}

extension LayerView {
  /// The mean over heads of `max(0, scale * gradient * probability)` for one prompt.
  func positiveAttention(
    _ flow: any AttentionFlow, prompt: Int, scale: Float, _ engine: Engine
  ) -> TokenMatrix {
    sumOverHeads(engine, divisor: shape.heads) { head, rows, sum, scratch in
      let size = rows.count * count, gradients = scratch + size
      attention(head: head, rows: rows, into: scratch)
      flow.atProbabilities(prompt: prompt, head: head, rows: rows, into: gradients)
      for index in 0..<size { sum[index] += max(0, scale * gradients[index] * scratch[index]) }
    }
  }
}
