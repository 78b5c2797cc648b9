import ZooModels
import ZooRuntime

/// LeGrad (arXiv 2404.03214) in closed form: one forward pass serves all prompts, without automatic differentiation.
///
/// For a layer with score `s`, the map is `E_j = (1 / (heads * tokens)) * sum over heads h and queries i of max(0, r_ih . V_hj)`, where `r` is the
/// gradient of `s` with respect to the attention's output.
public struct LeGrad: Sendable, Hashable {
  /// Which formulas are used.
  public enum Variant: String, Sendable, Hashable, CaseIterable, Codable {
    /// What the authors' published code computes: mean over all tokens and cosine; poolers as in the code.
    case official
    /// What the paper's formulas specify: the model's own readout and the dot product.
    case paper
  }

  /// How a layer and a prompt are compared.
  public typealias Score = ZooRuntime.Score

  /// The tokens whose mean represents a layer.
  public enum Tokens: String, Sendable, Hashable, CaseIterable, Codable {
    /// All tokens, including the class token and registers.
    case all
    /// The first token alone: the class token if there is one.
    case first
    /// The patches alone.
    case patches
  }

  /// Which formulas are used.
  public var variant: Variant
  /// The layers whose maps are summed.
  public var layers: LayerSelection
  /// Nil for the variant's own.
  public var score: Score?
  /// Nil for the variant's own; not available for models with an attention pooler.
  public var tokens: Tokens?
  /// False for the paper's ablation that keeps negative gradients.
  public var relu = true
  /// True for the paper's ablation in which every layer's gradient is that of the final score.
  public var fromFinalScore = false

  /// By default, the authors' code over all layers.
  public init(variant: Variant = .official, layers: LayerSelection = .all, score: Score? = nil, tokens: Tokens? = nil) {
    self.variant = variant
    self.layers = layers
    self.score = score
    self.tokens = tokens
  }
}

extension LeGrad: ExplanationMethod {
  package static let info = MethodInfo(
    id: "legrad", title: "LeGrad",
    summary: "the positive part of the gradient of each layer's score at its attention, summed over the layers",
    source: "arXiv 2404.03214, eq. 5 to 8; WalBouss/LeGrad 1.1",
    cost: "part of the way back through each layer (none for attention poolers)",
    options: [
      .layers,
      MethodOption(
        "variant", values: "official or paper", standard: "official", help: "the authors' code or the paper's formulas"),
      MethodOption(
        "score", values: "cosine or dot", standard: "the variant's", help: "how a layer and a prompt are compared"),
      MethodOption(
        "tokens", values: "all, first or patches", standard: "the variant's",
        help: "whose mean stands for a layer, in models without an attention pooler"),
      MethodOption(
        "relu", values: "yes or no", standard: "yes", help: "keep only positive gradients (no: ablation of table 5)"),
      MethodOption(
        "final-score", values: "yes or no", standard: "no",
        help: "take every layer's gradient from the score of the whole model (yes: ablation of table 5)"),
    ])

  package init(_ options: inout MethodOptions) throws {
    self.init(
      variant: try options.choice("variant") ?? .official, layers: try options.layers() ?? .all,
      score: try options.choice("score"), tokens: try options.choice("tokens"))
    relu = try options.flag("relu") ?? true
    fromFinalScore = try options.flag("final-score") ?? false
  }

  package func ownLayers(of count: Int) throws -> [Int]? { try layers.layers(of: count) }

  package func using(_ layers: [Int]) -> LeGrad {
    var other = self
    other.layers = LayerSelection(layers)
    return other
  }

  package func start(_ job: MethodJob) throws -> any MethodRun {
    let chosen = try layers.layers(of: job.vision.tower.depth)
    // Layers in between are left out of the finished maps.
    let layers = chosen[0]..<chosen[chosen.count - 1] + 1
    // A pooler that is the only layer has no other score.
    if fromFinalScore, !job.vision.blocks.isEmpty {
      return FinalScoreRun(job, layers: layers, score: job.score(score), relu: relu)
    }
    switch (Readout(self, vision: job.vision), job.vision.head) {
    case (.tokens(let readout), _): return TokenRun(job, readout, layers: layers)
    case (.pooler(let readout), .query(let head)): return PoolerRun(job, readout, head, layers: layers)
    case (.pooler, .tokens): throw undefined(on: job.vision, "it has no attention pooler")
    }
  }
}

/// The maps of some layers as they are computed, `[pictures][prompts][layers][patches]`.
struct LayerMaps {
  private var maps: [[[[Float]]]]

  init(_ job: MethodJob) {
    maps = Array(repeating: Array(repeating: [], count: job.directions.count), count: job.pictures.count)
  }

  /// Adds a layer's maps, `[prompts][patches]`.
  mutating func append(_ values: [[Float]], of picture: Int) {
    for prompt in values.indices { maps[picture][prompt].append(values[prompt]) }
  }

  func heatmaps(_ job: MethodJob, layers: Range<Int>, finish: Heatmap.Finish, reversed: Bool = false) -> [[Heatmap]] {
    maps.map { prompts in
      prompts.map { values in
        Heatmap(
          grid: job.grid, patch: job.vision.tower.patch, layers: Array(layers),
          layerValues: reversed ? values.reversed() : values, finish: finish)
      }
    }
  }
}
