import Foundation
import ZooRuntime

/// Similarities of one picture with some prompts, on the scale that the model was trained on.
public struct ScaledScores: Sendable {
  /// Nil if half a model lacks the learned scale, like the two below.
  public let logits: [Float]?
  /// Among the prompts, or among all classes of a classifier; nil if there is nothing to compare.
  public let softmax: [Float]?
  /// For each prompt on its own, by the sigmoid; only for models that were trained that way.
  public let probabilities: [Float]?

  /// - Parameters:
  ///   - similarities: Cosines, or a classifier's logits.
  ///   - all: Logits to compare with, if they are not those of the prompts: a classifier's.
  public init(_ similarities: [Float], among all: [Float]? = nil, of model: ZooModel) {
    let logits = similarities.map(model.logit(cosine:))
    guard model.architecture.isClassifier || model.architecture.hasScale else {
      (self.logits, softmax, probabilities) = (nil, nil, nil)
      return
    }
    let top = (all ?? logits).max() ?? 0
    func weight(_ logit: Float) -> Double { exp(Double(logit - top)) }
    let total = (all ?? logits).reduce(0) { $0 + weight($1) }
    self.logits = logits
    softmax = all == nil && logits.count == 1 ? nil : logits.map { Float(weight($0) / total) }
    probabilities = model.architecture.logitBias ? logits.map { 1 / (1 + exp(-$0)) } : nil
  }
}
