import ArgumentParser
import ZooExplain
import ZooModels
import ZooRuntime

/// How maps are made: LeGrad's options, and what is done about things that are not there.
struct ExplanationOptions: ParsableArguments {
  @Option(help: "official: the authors' code; paper: the paper's formulas.")
  var variant: LeGrad.Variant = .official

  @Option(help: "all, last:2, last:40%, 7 or 5-11; the first layer is 0.")
  var layers = "all"

  @Option(help: "cosine or dot; by default what the variant says.")
  var score: LeGrad.Score?

  @Option(help: "all, first or patches: whose mean stands for a layer; by default what the variant says.")
  var tokens: LeGrad.Tokens?

  @Option(
    help: ArgumentHelp(
      CorrectionOption.help,
      discussion: "On by default for models with SigLIP's pooler, with \"\(Correction.emptyPrompt)\".",
      valueName: "prompt"))
  var correct: String?

  @Option(help: ArgumentHelp("What counts as high for --correct, 0 to 1; 0.8 by default.", valueName: "share"))
  var correctThreshold: Float?

  @Option(
    name: .customLong("negative"), help: ArgumentHelp("What not to look for; may be repeated.", valueName: "text"))
  var negatives: [String] = []

  func method() throws -> LeGrad {
    LeGrad(variant: variant, layers: try LayerSelection(layers), score: score, tokens: tokens)
  }

  /// Throws where an option means nothing for the model.
  func explainer(for model: Model) throws -> Explainer {
    var explainer = Explainer(model: model, method: try method())
    if let correct {
      explainer.correction = try CorrectionOption(correct, threshold: correctThreshold).correction
    } else if let correctThreshold {
      guard let standard = explainer.correction else {
        throw CallError.ignored(
          option: "--correct-threshold", reason: "\(model.name) has no correction without --correct")
      }
      explainer.correction = try CorrectionOption(standard.prompt, threshold: correctThreshold).correction
    }
    explainer.negatives = negatives
    if model.architecture.isClassifier {
      let reason = "\(model.name) is a classifier, which has classes and no prompts"
      if explainer.correction != nil { throw CallError.ignored(option: "--correct", reason: reason) }
      if !negatives.isEmpty { throw CallError.ignored(option: "--negative", reason: reason) }
    }
    if correct != nil, explainer.correction != nil, model.architecture.part == .imageTower {
      throw CallError.ignored(
        option: "--correct", reason: "\(model.name) is an image tower alone, which cannot embed that prompt")
    }
    switch model.architecture.vision?.pooler {
    case .attention, .coca:
      if tokens != nil {
        throw CallError.ignored(
          option: "--tokens",
          reason: "\(model.name) has an attention pooler, which takes the place of a mean over tokens")
      }
    default: break
    }
    return explainer
  }
}
