import ArgumentParser
import Foundation
import ZooEvaluate
import ZooExplain
import ZooModels
import ZooRuntime

struct EvalCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "eval", abstract: "Measures how well heat maps find things whose masks are known.",
    discussion: """
      Each object of each scene is one prompt. mIoU is the mean over prompts of the object's IoU at the threshold 0.5; \
      pointing says how often the map's maximum lies on the object, or at most \
      \(Localisation.tolerance) rows and columns off it; pixel AP is the mean average precision of the object's pixels. \
      --method may be repeated: each is one row. --variant, --score, --layers and --correct may be repeated: each \
      combination is one row of legrad.
      """)

  @Argument(help: "ARCHITECTURE:TAG or a converted model's directory.", completion: .installedModels)
  var model: String

  @Option(help: ArgumentHelp("A folder with \(SceneFolder.fileName), pictures and masks.", valueName: "dir"))
  var data: String

  @Option(
    name: .customLong("method"),
    help: ArgumentHelp(
      "A method with its options, as in gradcam:layer=3; may be repeated. legrad by default; 'zoo methods' lists all.",
      valueName: "name[:option=value,...]"))
  var methods: [String] = []

  @Option(help: "LeGrad: official (the authors' code) or paper (the paper's formulas).")
  var variant: [LeGrad.Variant] = [.official]

  @Option(help: "cosine or dot; by default what the variant says.")
  var score: [LeGrad.Score] = []

  @Option(help: "all, last:2, last:40%, 7 or 5-11; the first layer is 0.")
  var layers = ["all"]

  @Option(
    help: ArgumentHelp(
      CorrectionOption.help,
      discussion: "On by default for models with SigLIP's pooler, with \"\(Correction.emptyPrompt)\".",
      valueName: "prompt"))
  var correct: [String] = []

  @Option(help: ArgumentHelp("What counts as high for --correct, 0 to 1; 0.8 by default.", valueName: "share"))
  var correctThreshold: Float?

  @Option(help: "Scenes with fewer objects are left out.")
  var minObjects = 2

  @Option(help: "What a name is put into, at {}.")
  var promptTemplate = "a photo of a {}"

  @Flag(help: "As JSON.")
  var json = false

  @OptionGroup var pictureOptions: PictureOptions
  @OptionGroup var runOptions: RunOptions
  @OptionGroup var failureOptions: FailureOptions

  func run() throws {
    let selections = try layers.map { try LayerSelection($0) }
    let folder = try SceneFolder(URL(filePath: data, directoryHint: .isDirectory))
    var evaluation = SceneEvaluation()
    evaluation.template = promptTemplate
    evaluation.minObjects = minObjects
    let scenes = evaluation.scenes(of: folder)
    guard !scenes.isEmpty else { throw EvaluateError.noScenes(file: data, minObjects: minObjects) }
    let model = try runOptions.load(model)
    runOptions.prepare(model, passes: scenes.count)
    let explainers = try explainers(model, selections)
    var notes = Notes(isQuiet: runOptions.quiet)
    let loader = try pictureOptions.loader(for: model, notes: &notes)
    let progress = Progress("evaluating", total: scenes.count, quiet: runOptions.quiet)
    var failures = InputFailures(total: scenes.count, isStrict: failureOptions.strict)
    let results = try evaluation.run(explainers, on: scenes, loader: loader) {
      progress.update($0)
    } failed: { scene, error in
      progress.finish()
      try failures.add(scene.id, error)
    }
    progress.finish()
    let report = EvalReport(
      model: model.name, data: data, scenes: scenes.count - failures.entries.count, promptTemplate: promptTemplate,
      methods: zip(explainers, results).map { EvalReport.Method($0, $1) }, errors: failures.entries, notes: notes.all)
    if json { try printJSON(report) } else { print(report.text) }
    try failures.finish()
  }

  private func explainers(_ model: Model, _ selections: [LayerSelection]) throws -> [Explainer] {
    let standard = Explainer(model: model).correction, prompts = correct.isEmpty ? [standard?.prompt ?? "off"] : correct
    let corrections = try prompts.map { try CorrectionOption($0, threshold: correctThreshold).correction }
    let scores: [LeGrad.Score?] = score.isEmpty ? [nil] : score
    var result: [Explainer] = []
    let methods = try methods.map { try Method($0) }
    for method in methods where method != Method(LeGrad()) {
      if let obstacle = method.obstacle(on: model) { throw obstacle }
      for correction in corrections {
        var explainer = Explainer(model: model, method: method)
        explainer.correction = correction
        result.append(explainer)
      }
    }
    // The options for LeGrad go with a bare 'legrad', which is what runs where no method is named.
    guard methods.isEmpty || methods.contains(Method(LeGrad())) else { return result }
    for variant in variant {
      for score in scores {
        for correction in corrections {
          for layers in selections {
            var explainer = Explainer(model: model, method: LeGrad(variant: variant, layers: layers, score: score))
            explainer.correction = correction
            result.append(explainer)
          }
        }
      }
    }
    return result
  }
}
