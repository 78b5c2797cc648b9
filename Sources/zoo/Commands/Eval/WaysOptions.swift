import ArgumentParser
import ZooEvaluate
import ZooExplain
import ZooRuntime

/// Methods and variants, each of which becomes a row of the table.
struct WaysOptions: ParsableArguments {
  @Option(
    name: .customLong("method"),
    help: ArgumentHelp(
      "Methods with their options, as in legrad,gradcam:layer=3, or all. 'zoo methods' lists them.",
      valueName: "list"), completion: .methods(or: ChosenMethods.all))
  var methods: [String] = []

  @Option(help: "LeGrad: official (the authors' code) or paper (the paper's formulas).")
  var variant: [LeGrad.Variant] = [.official]

  @Option(help: "LeGrad: cosine or dot; by default the variant's choice.")
  var score: [LeGrad.Score] = []

  @Option(help: "LeGrad: all, last:2, last:40%, 7 or 5-11; the first layer is 0.")
  var layers = ["all"]

  @Option(
    help: ArgumentHelp(
      CorrectionOption.help,
      discussion: """
        On by default for models with SigLIP's pooler, with "\(Correction.emptyPrompt)". Each combination of --variant, --score, \
        --layers and --correct gives one row.
        """, valueName: "prompt"))
  var correct: [String] = []

  @Option(help: ArgumentHelp("Threshold of --correct, 0 to 1; 0.8 by default.", valueName: "share"))
  var correctThreshold: Float?

  /// The methods of the call, and those that 'all' leaves out.
  func chosen(for model: ZooModel, preset: PaperPreset? = nil) throws -> ChosenMethods {
    // Not all methods of a table need to run on every model.
    if methods.isEmpty, let preset { return try ChosenMethods(preset.methods, on: model, leavingOut: true) }
    return try ChosenMethods(methods.isEmpty ? [LeGrad.info.id] : methods, on: model)
  }

  func explainers(of model: ZooModel, _ methods: [HeatmapMethod]) throws -> [Explainer] {
    let standard = Explainer(model: model).correction, prompts = correct.isEmpty ? [standard?.prompt ?? "off"] : correct
    let corrections = try prompts.map { try CorrectionOption($0, threshold: correctThreshold).correction }
    let scores: [LeGrad.Score?] = score.isEmpty ? [nil] : score
    let selections = try layers.map { try LayerSelection($0) }
    // The options for LeGrad apply to a bare 'legrad', which is the default if no method is named.
    let legrads = variant.flatMap { variant in
      scores.flatMap { score in selections.map { LeGrad(variant: variant, layers: $0, score: score) } }
    }
    let bare = HeatmapMethod(LeGrad())
    return methods.flatMap { $0 == bare ? legrads.map { HeatmapMethod($0) } : [$0] }.flatMap { method in
      corrections.map { correction in
        var explainer = Explainer(model: model, method: method)
        explainer.correction = correction
        return explainer
      }
    }
  }

  /// A row's name.
  static func name(_ explainer: Explainer) -> String {
    explainer.method.displayName + (explainer.correction == nil ? "" : ", corrected")
  }
}
