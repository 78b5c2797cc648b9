import ZooModels
import ZooRuntime

/// GradCAM on the tokens of one layer (the paper's eq. 9).
struct GradCAM: ExplanationMethod {
  static let info = MethodInfo(
    id: "gradcam", title: "GradCAM",
    summary: "the tokens of one layer, weighted by the mean gradient of the score at them",
    source: "arXiv 2404.03214, eq. 9", cost: "the way back through the layers above",
    options: [
      MethodOption(
        "layer", values: "0 to the last layer", standard: "two thirds of the depth (8 of 12, the paper's for ViT-B-16)",
        help: "the layer whose tokens are looked at"),
      .score,
    ])

  var layer: Int?
  var score: Score?

  init(_ options: inout MethodOptions) throws {
    layer = try options.layer("layer")
    score = try options.choice("score")
  }

  func start(_ job: MethodJob) throws -> any MethodRun {
    GradCAMRun(
      job, layer: try checked(layer ?? job.vision.tower.depth * 2 / 3, of: job.vision), score: job.score(score))
  }
}

/// `w = (1/n) sum over all tokens of ds/dz`, where n is the number of patches; `E_i = max(0, mean over k of w_k z_ik)`.
private final class GradCAMRun: MethodRun {
  private let job: MethodJob
  private let layer: Int
  private let score: Score
  private var found: [[Heatmap]] = []

  init(_ job: MethodJob, layer: Int, score: Score) { (self.job, self.layer, self.score) = (job, layer, score) }

  private var hasBlocks: Bool { !job.vision.blocks.isEmpty }
  var request: PassRequest {
    hasBlocks ? PassRequest(layers: layer..<layer + 1, parts: .tokens, lifetime: .pass) : .embedding
  }
  var flows: [FlowRequest] {
    hasBlocks ? [FlowRequest(kind: .gradient(score), layers: layer..<layer + 1, depth: .output)] : []
  }

  func backward(_ layer: LayerView, _ flow: LayerFlow) { add(UnsafePointer(flow.output.pointer), at: layer.tokens) }

  /// Without blocks: on the output of the convolutions, which are the tokens without their positions. The first token is the mean of the others, so
  /// its gradient flows to them.
  func end(_ end: PassEnd) {
    guard !hasBlocks, !job.directions.isEmpty else { return }
    let features = FloatBuffer(uninitialised: end.count * end.vision.tower.blocks.width)
    let positions = job.vision.positionRows(job.grid)
    for index in 0..<features.count { features.pointer[index] = end.tokens[index] - positions.pointer[index] }
    let flow = end.vision.head.base.gradients(
      at: end.tokens, count: end.count, directions: job.directions, score: score, engine: job.engine)
    add(flow.pointer, at: features.pointer)
  }

  /// - Parameters:
  ///   - gradients: `[prompts, tokens, width]`.
  ///   - tokens: `[tokens, width]`.
  private func add(_ gradients: UnsafePointer<Float>, at tokens: UnsafePointer<Float>) {
    let tower = job.vision.tower, width = tower.blocks.width, count = job.tokens, patches = Float(job.grid.count)
    found.append(
      job.directions.indices.map { prompt in
        var weights = [Float](repeating: 0, count: width)
        for token in 0..<count {
          let row = gradients + (prompt * count + token) * width
          for k in 0..<width { weights[k] += row[k] / patches }
        }
        let values = (tower.prefixTokens..<count).map { token in
          let row = tokens + token * width
          return max(0, (0..<width).reduce(Float(0)) { $0 + weights[$1] * row[$1] } / Float(width))
        }
        return job.heatmap(values, layers: [layer])
      })
  }

  func maps() -> [[Heatmap]] { found }
}
