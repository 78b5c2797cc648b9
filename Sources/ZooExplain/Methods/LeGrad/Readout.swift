import ZooModels
import ZooRuntime

/// How a layer's tokens become a score for a prompt: one per pooler and variant.
///
/// A readout over tokens gives the gradient of the score with respect to the block's output tokens, which the block then propagates back to its
/// attention. A pooler's readout gives the gradient with respect to the pooler's own attention.
enum Readout {
  /// The mean of some tokens, the final norm, the projection.
  case tokens(TokenReadout)
  /// An attention pooler.
  case pooler(PoolerReadout)

  init(_ method: LeGrad, vision: VisionRuntime) {
    // A classifier's score is its logit; otherwise the authors' code uses the cosine and the paper the dot product.
    let score = method.score ?? (method.variant == .paper || vision.isClassifier ? .dot : .cosine)
    func tokens(_ rows: TokenReadout.Rows) -> Readout {
      .tokens(TokenReadout(rows: rows, score: score, relu: method.relu))
    }
    switch (vision.tower.pooler, method.variant) {
    // The authors' code skips the norm of SigLIP's tokens, and the norm after CoCa's pooler.
    case (.attention, let variant):
      self = .pooler(
        PoolerReadout(
          normsTokens: variant == .paper, skipsFinalNorm: false, score: score, relu: method.relu,
          finish: .normaliseThenUpsample))
    case (.coca, let variant):
      self = .pooler(
        PoolerReadout(
          normsTokens: true, skipsFinalNorm: variant == .official, score: method.score ?? .dot, relu: method.relu,
          finish: .upsampleThenNormalise))
    case (.meanQuery, _):
      self = .pooler(
        PoolerReadout(
          normsTokens: true, skipsFinalNorm: false, score: score, relu: method.relu, finish: .upsampleThenNormalise))
    // Two vectors have no mean that could represent both.
    case (.classAndPatchMean, _): self = tokens(.own)
    case (_, _) where method.tokens == .all: self = tokens(.all)
    case (_, _) where method.tokens == .first: self = tokens(.first)
    case (_, _) where method.tokens == .patches: self = tokens(.patches)
    // The authors' code uses the mean of all tokens, whatever the model does.
    case (_, .official), (.tokenMean, .paper): self = tokens(.all)
    case (.classToken, .paper): self = tokens(.first)
    case (.patchMean(normFirst: false), .paper): self = tokens(.patches)
    case (.patchMean, .paper), (.patchMax, .paper): self = tokens(.own)
    }
  }
}
