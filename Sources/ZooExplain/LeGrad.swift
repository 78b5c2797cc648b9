import CZooKernels
import ZooImages
import ZooModels
import ZooRuntime

/// LeGrad (arXiv 2404.03214) in closed form: one forward pass serves all prompts, and no gradient is computed
/// automatically.
///
/// For a layer with score `s`, the map is `E_j = (1 / (heads * tokens)) * sum over heads h and queries i of
/// max(0, r_ih . V_hj)`, where `r` is the gradient of `s` with respect to the attention's output.
public struct LeGrad: Sendable {
  /// Which formulas count.
  public enum Variant: String, Sendable, Hashable, CaseIterable, Codable {
    /// What the authors' published code computes: mean over all tokens and cosine; poolers as in the code.
    case official
    /// What the paper's formulas say: the model's own readout and the dot product.
    case paper
  }

  /// How a readout is compared with a text embedding.
  public enum Score: String, Sendable, Hashable, CaseIterable, Codable { case cosine, dot }

  /// Which tokens' mean stands for a layer.
  public enum Tokens: String, Sendable, Hashable, CaseIterable, Codable { case all, first, patches }

  public var variant: Variant
  public var layers: LayerSelection
  /// Nil for the variant's own.
  public var score: Score?
  /// Nil for the variant's own; models with an attention pooler have no other.
  public var tokens: Tokens?

  public init(variant: Variant = .official, layers: LayerSelection = .all, score: Score? = nil, tokens: Tokens? = nil) {
    self.variant = variant
    self.layers = layers
    self.score = score
    self.tokens = tokens
  }

  /// The heat map of each prompt on each picture, `[pictures][prompts]`, with the pictures' embeddings.
  ///
  /// - Parameters:
  ///   - pictures: preprocessed pictures of one size.
  ///   - prompts: normalised text embeddings, or one-hot vectors over the classes of a classifier.
  public func explain(_ pictures: [PixelTensor], prompts: [[Float]], model: Model) throws -> [Explained] {
    guard let first = pictures.first else { return [] }
    let vision = try model.vision, tower = vision.tower, engine = model.engine
    let wanted = try layers.layers(of: tower.blocks.layers)
    let readout = Readout(self, vision: vision)
    let grid = vision.grid(of: first)
    // [picture][prompt][layer][patch]
    var maps = [[[[Float]]]](
      repeating: Array(repeating: [], count: prompts.count), count: pictures.count)
    func keep(_ values: [[Float]], of picture: Int) {
      for prompt in prompts.indices { maps[picture][prompt].append(values[prompt]) }
    }
    var kept: [KeptLayer] = []
    func readOut() {
      guard !kept.isEmpty else { return }
      let values = readout.relevance(of: prompts, layers: kept, vision: vision, engine: engine)
      for (layer, values) in zip(kept, values) { keep(values, of: layer.picture) }
      kept = []
    }
    let work = vision.forward(
      pictures, engine: engine, observed: wanted, traced: readout.needsTrace, prompts: prompts.count,
      pooledOnly: true,
      meanOf: readout.meanOf(tokens: grid.count + tower.prefixTokens, prefix: tower.prefixTokens)
    ) { layer, trace, work in
      for picture in pictures.indices where !prompts.isEmpty {
        let block = ObservedBlock(vision: vision, layer: layer, trace: trace, work: work, sequence: picture)
        if case .tokens(let readout) = readout {
          keep(readout.relevance(of: prompts, block: block, engine: engine), of: picture)
        } else {
          kept.append(KeptLayer(block, picture: picture))
          if kept.count * kept[0].tokens.count >= 16 << 20 { readOut() }  // 64 MB
        }
      }
    }
    readOut()
    let embeddings = vision.pool(work, engine: engine)
    return pictures.indices.map { picture in
      Explained(
        embedding: embeddings[picture],
        heatmaps: maps[picture].map {
          Heatmap(
            grid: grid, patch: tower.patch, layers: Array(wanted), layerValues: $0, finish: readout.finish)
        })
    }
  }
}

/// What one forward pass says of a picture.
public struct Explained: Sendable {
  /// The picture's embedding, not normalised; a classifier's logits.
  public let embedding: [Float]
  /// One for each prompt.
  public var heatmaps: [Heatmap]
}
