import ZooModels
import ZooRuntime

/// How a layer's tokens become a score for a prompt: one per pooler and variant.
///
/// A readout over tokens gives the gradient of the score with respect to the block's output tokens, which the block then
/// carries back to its attention. A pooler's readout gives the gradient with respect to the pooler's own attention.
enum Readout {
  /// The mean of some tokens, the final norm, the projection.
  case tokens(TokenReadout)
  /// SigLIP's attention pooler.
  case attention(AttentionReadout)
  /// CoCa's attention pooler.
  case coca(CoCaReadout)

  init(_ method: LeGrad, vision: VisionRuntime) {
    // A classifier's score is its logit; otherwise the authors' code takes the cosine and the paper the dot product.
    let score = method.score ?? (method.variant == .paper || vision.isClassifier ? .dot : .cosine)
    switch (vision.tower.pooler, method.variant) {
    case (.attention, let variant):
      self = .attention(
        AttentionReadout(normFirst: variant == .paper, score: score))
    case (.coca, let variant):
      self = .coca(CoCaReadout(throughNorm: variant == .paper, score: method.score ?? .dot))
    case (_, _) where method.tokens == .all: self = .tokens(TokenReadout(rows: .all, score: score))
    case (_, _) where method.tokens == .first: self = .tokens(TokenReadout(rows: .first, score: score))
    case (_, _) where method.tokens == .patches: self = .tokens(TokenReadout(rows: .patches, score: score))
    // The authors' code takes the mean of all tokens, whatever the model does.
    case (_, .official), (.tokenMean, .paper): self = .tokens(TokenReadout(rows: .all, score: score))
    case (.classToken, .paper): self = .tokens(TokenReadout(rows: .first, score: score))
    case (.patchMean(let normFirst), .paper):
      self = .tokens(TokenReadout(rows: normFirst ? .normedPatches : .patches, score: score))
    }
  }

  /// True where the gradient goes through the block.
  var needsTrace: Bool { if case .tokens = self { true } else { false } }

  /// The tokens of whose output nothing but the mean is looked at; nil where each one is.
  func meanOf(tokens: Int, prefix: Int) -> Range<Int>? {
    guard case .tokens(let readout) = self, readout.rows != .normedPatches else { return nil }
    return readout.range(of: tokens, prefix: prefix)
  }

  var finish: Heatmap.Finish {
    if case .attention = self { .normaliseThenUpsample } else { .upsampleThenNormalise }
  }

  /// `[layers][prompts][patches]` of a pooler's readout.
  func relevance(
    of prompts: [[Float]], layers: [KeptLayer], vision: VisionRuntime, engine: Engine
  ) -> [[[Float]]] {
    switch self {
    case .tokens: preconditionFailure("readouts over tokens need each block when it has just run")
    case .attention(let readout): readout.relevance(of: prompts, layers: layers, vision: vision, engine: engine)
    case .coca(let readout): readout.relevance(of: prompts, layers: layers, vision: vision, engine: engine)
    }
  }
}

/// One picture's view of a block that has just run.
struct ObservedBlock {
  let vision: VisionRuntime
  let layer: Int
  /// Kept where the readout needs it.
  let trace: BlockTrace?
  let work: BlockWork
  let sequence: Int

  var width: Int { vision.tower.blocks.width }
  var count: Int { work.tokens }
  var prefix: Int { vision.tower.prefixTokens }
  /// The mean of the readout's rows, where only that was computed of them.
  var mean: [Float]? {
    work.mean.map { Array(UnsafeBufferPointer(start: $0.pointer + sequence * width, count: width)) }
  }
  /// The block's output tokens, `[count, width]`.
  var tokens: UnsafePointer<Float> { UnsafePointer(work.x.pointer + sequence * count * width) }
}
