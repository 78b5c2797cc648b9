import ZooImages
import ZooModels
import ZooRuntime

/// Layer-wise relevance propagation down to the pixels.
struct LRP: ExplanationMethod {
  static let info = MethodInfo(
    id: "lrp", title: "LRP",
    summary: "the relevance of each pixel for the score, passed back through the whole model",
    source: "hila-chefer/Transformer-Explainability, ViT_orig_LRP, method full (alpha 1, z^B rule at the pixels)",
    cost: "four products for each one of a forward pass",
    options: [.rules("original")])

  var rules: RelevanceRule.Rules

  init(_ options: inout MethodOptions) throws { rules = try options.choice("rules") ?? .original }

  func start(_ job: MethodJob) throws -> any MethodRun {
    try checkRelevance(on: job.vision)
    guard job.vision.patchWeights != nil else {
      throw undefined(on: job.vision, "its convolutions before the patches have no published rule")
    }
    // On a trained model the median rank correlation with the maps in f32 was 0.4 to 0.7; for some pictures it was negative.
    let precision = job.engine.algebra.precision
    guard precision == .f32 else {
      throw undefined(
        on: job.vision, "\(precision.rawValue) is too coarse for its sums, which nearly cancel: it needs f32")
    }
    return PixelRelevanceRun(job, rules: rules)
  }
}

/// The relevance of the last attention alone.
struct PartialLRP: ExplanationMethod {
  static let info = MethodInfo(
    id: "partial-lrp", title: "Partial LRP",
    summary: "the relevance of the last attention map for the score, the mean over heads of its positive part",
    source: "Voita et al. 2019; hila-chefer/Transformer-Explainability, ViT_orig_LRP, method last_layer",
    cost: "the way back through the last block", options: [.rules("original")])

  var rules: RelevanceRule.Rules

  init(_ options: inout MethodOptions) throws { rules = try options.choice("rules") ?? .original }

  func start(_ job: MethodJob) throws -> any MethodRun {
    try checkRelevance(on: job.vision)
    return AttentionRelevanceRun(
      job, rules: rules, layers: job.lastLayer..<job.lastLayer + 1, withGradient: false)
  }
}

/// Transformer Attribution (Chefer et al. 2021): attention's relevance multiplied by its gradient, rolled out through the layers.
struct TransformerAttribution: ExplanationMethod {
  static let info = MethodInfo(
    id: "transformer-attribution", title: "Transformer Attribution",
    summary:
      "the positive part of attention's relevance times its gradient, carried through the layers to the class token",
    source: "arXiv 2012.09838; hila-chefer/Transformer-Explainability, ViT_LRP, method transformer_attribution",
    cost: "the way back through all layers that take part, for gradients and for relevance",
    options: [.startLayer("1"), .rules("transformer")])

  var startLayer: Int
  var rules: RelevanceRule.Rules

  init(_ options: inout MethodOptions) throws {
    startLayer = try options.layer("start-layer") ?? 1
    rules = try options.choice("rules") ?? .transformer
  }

  func start(_ job: MethodJob) throws -> any MethodRun {
    try checkRelevance(on: job.vision)
    let start = try checked(startLayer, of: job.vision)
    return AttentionRelevanceRun(job, rules: rules, layers: start..<job.vision.blocks.count, withGradient: true)
  }
}

extension MethodOption {
  fileprivate static func rules(_ standard: String) -> MethodOption {
    MethodOption(
      "rules", values: "transformer or original", standard: standard,
      help: "which of the two published sets of rules: relevance that is kept, or the older one")
  }
}

extension ExplanationMethod {
  /// The published rules cover the blocks of a plain vision transformer with a class token.
  fileprivate func checkRelevance(on vision: VisionRuntime) throws {
    let shape = vision.tower.blocks
    guard vision.tower.pooler == .classToken else {
      throw undefined(on: vision, "the published rules start at a class token, and the model pools otherwise")
    }
    guard !shape.gated, !shape.postNorm, !shape.attentionNorm, !shape.mlpNorm, shape.rope == nil, !shape.layerScale,
      shape.relativeHidden == nil
    else {
      throw undefined(
        on: vision, "the published rules do not cover the gates, norms, scales, rotations or biases of its blocks")
    }
  }
}

/// Maps from the relevance of attention: by itself, from the last block; or multiplied by its gradient, with `R := R + C R` through the layers.
private final class AttentionRelevanceRun: MethodRun {
  private let job: MethodJob
  private let rules: RelevanceRule.Rules
  private let layers: Range<Int>
  private let withGradient: Bool
  /// `[prompts]`: the rows of the class token.
  private var rows: [[Float]] = []
  /// The flow that has arrived at one block, until the other one does.
  private var waiting: (any AttentionFlow)?
  private var found: [[Heatmap]] = []

  init(_ job: MethodJob, rules: RelevanceRule.Rules, layers: Range<Int>, withGradient: Bool) {
    (self.job, self.rules, self.layers, self.withGradient) = (job, rules, layers, withGradient)
  }

  var request: PassRequest { .embedding }
  var flows: [FlowRequest] {
    let relevance = FlowRequest(kind: .relevance(rules), layers: layers, depth: .attention)
    return withGradient
      ? [relevance, FlowRequest(kind: .gradient(.dot), layers: layers, depth: .attention)] : [relevance]
  }

  func end(_ end: PassEnd) { rows = job.repeated((0..<end.count).map { $0 == 0 ? 1 : 0 }) }

  func backward(_ layer: LayerView, _ flow: LayerFlow) {
    guard let attention = flow.attention else { return }
    if withGradient {
      guard let other = waiting else { return waiting = attention }
      waiting = nil
      for prompt in rows.indices {
        let matrix = layer.sumOverHeads(job.engine, divisor: layer.shape.heads) { head, range, sum, scratch in
          let size = range.count * layer.count
          attention.atProbabilities(prompt: prompt, head: head, rows: range, into: scratch)
          other.atProbabilities(prompt: prompt, head: head, rows: range, into: scratch + size)
          for index in 0..<size { sum[index] += max(0, scratch[index] * scratch[size + index]) }
        }
        rows[prompt] = zip(rows[prompt], matrix.row(weightedBy: rows[prompt])).map(+)
      }
    } else {
      for prompt in rows.indices {
        let matrix = layer.sumOverHeads(job.engine, divisor: layer.shape.heads) { head, range, sum, scratch in
          attention.atProbabilities(prompt: prompt, head: head, rows: range, into: scratch)
          for index in 0..<range.count * layer.count { sum[index] += max(0, scratch[index]) }
        }
        rows[prompt] = matrix.row(weightedBy: rows[prompt])
      }
    }
    if layer.layer == layers.lowerBound {
      found.append(rows.map { job.heatmap(job.patches($0), layers: Array(layers)) })
    }
  }

  func maps() -> [[Heatmap]] { found }
}

/// Relevance from the first block's input through positions and patches to the pixels, the three colours summed.
private final class PixelRelevanceRun: MethodRun {
  private let job: MethodJob
  private let rules: RelevanceRule.Rules
  private var found: [[Heatmap]] = []

  init(_ job: MethodJob, rules: RelevanceRule.Rules) { (self.job, self.rules) = (job, rules) }

  var request: PassRequest { .embedding }
  var flows: [FlowRequest] { [FlowRequest(kind: .relevance(rules), layers: 0..<1, depth: .input)] }

  func backward(_ layer: LayerView, _ flow: LayerFlow) {
    guard let input = flow.input, let weights = job.vision.patchWeights else { return }
    let vision = job.vision, width = layer.width, patches = job.grid.count, side = vision.tower.patch
    let picture = job.pictures[layer.picture], rule = RelevanceRule(rules: rules, engine: job.engine)
    let cells = Rows(vision.patchPixels(picture, engine: job.engine), count: patches, width: 3 * side * side)
    let count = layer.count, prefix = layer.prefix
    let embedded = Rows(
      vision.tokens(of: cells.buffer, grid: job.grid, engine: job.engine), count: count, width: width)
    let positions = Rows(vision.positionRows(job.grid), count: count, width: width)
    let low = picture.values.min() ?? 0, high = picture.values.max() ?? 0
    found.append(
      job.directions.indices.map { prompt in
        let tokens = Rows(copying: input.pointer + prompt * count * width, count: count, width: width)
        let relevance = rule.split(stream: { embedded }, branch: { positions }, tokens).stream
        let own = Rows(copying: relevance.pointer + prefix * width, count: patches, width: width)
        let pixels = boundedRelevance(own, at: cells, weights: weights, low: low, high: high)
        return heatmap(pixels, side: side)
      })
  }

  /// The z^B rule: `x (S W) - low (S W+) - high (S W-)`, with `S = R / (x W^T - low W+^T - high W-^T)`.
  private func boundedRelevance(
    _ relevance: Rows, at x: Rows, weights: FloatView, low: Float, high: Float
  ) -> Rows {
    let outputs = relevance.width, inputs = x.width, result = Rows(count: x.count, width: inputs)
    var positive = [Float](repeating: 0, count: outputs * inputs), negative = positive, bounds = [Float]()
    for row in 0..<outputs {
      var bound: Float = 0
      for column in 0..<inputs {
        let weight = weights.pointer[row * inputs + column]
        positive[row * inputs + column] = max(weight, 0)
        negative[row * inputs + column] = min(weight, 0)
        bound += low * max(weight, 0) + high * min(weight, 0)
      }
      bounds.append(bound)
    }
    let shares = Rows(count: x.count, width: outputs), back = Rows(count: x.count, width: inputs)
    gemm(
      x.pointer, rows: x.count, depth: inputs, stride: inputs, weights.pointer, transposed: true, columns: outputs,
      into: shares.pointer, stride: outputs, adding: false)
    for index in 0..<shares.size {
      shares.pointer[index] = relevance.pointer[index] / (shares.pointer[index] - bounds[index % outputs] + 1e-9)
    }
    func product(_ matrix: UnsafePointer<Float>) {
      gemm(
        shares.pointer, rows: x.count, depth: outputs, stride: outputs, matrix, transposed: false, columns: inputs,
        into: back.pointer, stride: inputs, adding: false)
    }
    product(weights.pointer)
    for index in 0..<result.size { result.pointer[index] = x.pointer[index] * back.pointer[index] }
    product(positive)
    for index in 0..<result.size { result.pointer[index] -= low * back.pointer[index] }
    product(negative)
    for index in 0..<result.size { result.pointer[index] -= high * back.pointer[index] }
    return result
  }

  /// Patches of shape `[3, side, side]` as a map of pixels.
  private func heatmap(_ cells: Rows, side: Int) -> Heatmap {
    let size = GridSize(height: job.grid.height * side, width: job.grid.width * side)
    var values = [Float](repeating: 0, count: size.count)
    for patch in 0..<cells.count {
      let top = patch / job.grid.width * side, left = patch % job.grid.width * side
      for index in 0..<side * side {
        let target = (top + index / side) * size.width + left + index % side
        for colour in 0..<3 { values[target] += cells.pointer[patch * cells.width + colour * side * side + index] }
      }
    }
    return Heatmap(
      grid: size, patch: 1, layers: Array(0..<job.vision.blocks.count), values: values, finish: .upsampleThenNormalise)
  }

  func maps() -> [[Heatmap]] { found }
}
