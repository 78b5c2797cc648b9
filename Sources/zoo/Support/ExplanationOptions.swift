import ArgumentParser
import ZooExplain
import ZooModels
import ZooRuntime

/// How maps are computed: a method with its options, and how things that are not in the picture are handled.
struct ExplanationOptions: ParsableArguments {
  @OptionGroup(title: "Method options") var choice: MethodChoice

  @Option(help: "LeGrad: official (the authors' code) or paper (the paper's formulas); official by default.")
  var variant: LeGrad.Variant?

  @Option(help: "LeGrad: all, last:2, last:40%, 7, 5-11 or 0,3,8-11; the first layer is 0, and all is the default.")
  var layers: String?

  @Option(help: "cosine or dot; by default the choice of the method or variant.")
  var score: LeGrad.Score?

  @Option(
    help:
      "LeGrad: which tokens are averaged into a layer's score: all, first or patches; by default the variant's choice.")
  var tokens: LeGrad.Tokens?

  @Option(
    help: ArgumentHelp(
      CorrectionOption.help,
      discussion: "On by default for models with SigLIP's pooler, with \"\(Correction.emptyPrompt)\".",
      valueName: "prompt"))
  var correct: String?

  @Option(help: ArgumentHelp("Threshold of --correct, 0 to 1; 0.8 by default.", valueName: "share"))
  var correctThreshold: Float?

  @Option(
    name: .customLong("negative"),
    help: ArgumentHelp(
      "A prompt to suppress: its direction is subtracted from that of every prompt. May be repeated.", valueName: "text"
    ))
  var negatives: [String] = []

  /// Throws if no method accepts an option that was given.
  func chosenMethods() throws -> [HeatmapMethod] {
    let values = ["variant": variant?.rawValue, "layers": layers, "score": score?.rawValue, "tokens": tokens?.rawValue]
    return try choice.methods(values.compactMapValues { $0 })
  }

  /// An explainer for each method; all have the same prompts.
  ///
  /// Throws if a method does not run on the model, or if an option has no meaning for it.
  func explainers(for model: ZooModel) throws -> [Explainer] {
    let methods = try chosenMethods()
    for method in methods { if let obstacle = method.obstacle(on: model) { throw obstacle } }
    let first = try explainer(for: model, methods[0])
    return methods.map { method in
      var explainer = first
      explainer.method = method
      return explainer
    }
  }

  private func explainer(for model: ZooModel, _ method: HeatmapMethod) throws -> Explainer {
    var explainer = Explainer(model: model, method: method)
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
    case .attention, .coca, .meanQuery:
      if tokens != nil {
        throw CallError.ignored(
          option: "--tokens",
          reason: "\(model.name) has an attention pooler, which takes the place of a mean over tokens")
      }
    case .classAndPatchMean:
      if tokens != nil {
        throw CallError.ignored(
          option: "--tokens", reason: "\(model.name) reads the class token and the mean of the patches side by side")
      }
    default: break
    }
    return explainer
  }
}
