import ArgumentParser
import ZooEvaluate
import ZooExplain
import ZooImages
import ZooModels
import ZooRuntime

struct CompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare", abstract: "Compares the heat maps of several methods.",
    discussion: """
      For each pair of methods: the rank correlation of their maps over the patches, the overlap of their top tenths of \
      patches, and the distance between their maxima in patches; for each prompt, and averaged. \
      ('zoo bench MODEL --compare' compares backends and precisions.)
      """)

  @Argument(help: "ARCHITECTURE:TAG or a converted model's directory.", completion: .installedModels)
  var model: String

  @OptionGroup var inputs: PictureInputs
  @OptionGroup var promptOptions: PromptOptions

  @Option(
    name: .customLong("method"),
    help: ArgumentHelp(
      "Methods with their options, as in legrad,gradcam:layer=3; by default all that run on the model.",
      valueName: "list"), completion: .methods(or: ChosenMethods.all))
  var methods: [String] = []

  @Option(
    name: .customLong("class"), help: ArgumentHelp("A classifier's class, by name or number.", valueName: "class"))
  var classes: [String] = []

  @Option(
    help: ArgumentHelp(
      CorrectionOption.help,
      discussion: "On by default for models with SigLIP's pooler, with \"\(Correction.emptyPrompt)\".",
      valueName: "prompt"))
  var correct: String?

  @Flag(help: "Print the result as JSON.")
  var json = false

  @OptionGroup var pictureOptions: PictureOptions
  @OptionGroup var runOptions: RunOptions
  @OptionGroup var failureOptions: FailureOptions
  @OptionGroup(visibility: .hidden) var formerOptions: FormerCompareOptions

  func run() throws {
    var notes = Notes(isQuiet: runOptions.quiet)
    let paths = try inputs.paths(notes: &notes)
    if methods.isEmpty, try formerOptions.run(self, paths: paths, notes: &notes) { return }
    guard !paths.isEmpty else { throw CallError.noPictures }
    let model = try runOptions.load(model)
    let chosen = try ChosenMethods(methods.isEmpty ? [ChosenMethods.all] : methods, on: model)
    guard chosen.methods.count > 1 else { throw CallError.oneMethod }
    let explainers = try chosen.methods.map { method in
      var explainer = Explainer(model: model, method: method)
      if let correct { explainer.correction = try CorrectionOption(correct, threshold: nil).correction }
      return explainer
    }
    let prompts = try prepare(explainers[0])
    let loader = try pictureOptions.loader(for: model, notes: &notes)
    runOptions.prepare(model, passes: paths.count)

    var report = MethodComparisonReport(model: model.name, chosen, prompts: prompts.prompts)
    let patch = try model.vision.tower.patch
    var failures = InputFailures(total: paths.count, isStrict: failureOptions.strict)
    let progress = Progress("comparing", total: paths.count, quiet: runOptions.quiet)
    try PictureRun(loader: loader, model: model).run(paths) { model, _, picture in
      let ways = explainers.map { (explainer: $0.on(model), prompts: prompts) }
      return try Explainer.explain([picture.input.tensor], ways).map { $0[0] }
    } each: { place, result in
      progress.update(place, paths[place])
      switch result {
      case .failure(let error):
        progress.finish()
        try failures.add(paths[place], error)
      case .success(let (_, explanations)): report.add(paths[place], explanations, patch: patch)
      }
    }
    progress.finish()
    report.finish(errors: failures.entries, notes: notes.all)
    if json { try printJSON(report) } else { print(report.text) }
    try failures.finish()
  }

  private func prepare(_ explainer: Explainer) throws -> PreparedPrompts {
    let model = explainer.model
    guard model.architecture.isClassifier else {
      if !classes.isEmpty { throw ExplainError.notAClassifier(model: model.name) }
      return try explainer.prepare(promptOptions.all())
    }
    guard promptOptions.isEmpty else { throw ModelError.noText(model: model.name, part: .classifier) }
    guard !classes.isEmpty else { throw CallError.noClasses }
    return try explainer.prepare(classNames: classes)
  }
}

/// Until version 0.2, `zoo compare` compared backends and precisions: a call with one of those options, or without a picture, still does.
struct FormerCompareOptions: ParsableArguments {
  @Option var variant: LeGrad.Variant?
  @Option var layers: String?
  @Option var seed: UInt64?
  @Flag var packed = false
  @OptionGroup var registryOptions: RegistryOptions

  /// - Returns: False if the call has the present form.
  func run(_ call: CompareCommand, paths: [String], notes: inout Notes) throws -> Bool {
    let run = call.runOptions
    guard
      variant != nil || layers != nil || seed != nil || packed || !registryOptions.manifestFiles.isEmpty
        || run.backend != .automatic || run.precision != .f32 || (paths.isEmpty && call.promptOptions.isEmpty)
    else { return false }
    notes.add(
      "'zoo bench MODEL --compare' compares backends and precisions; 'zoo compare' will compare nothing but methods.")
    let method = LeGrad(variant: variant ?? .official, layers: try layers.map { try LayerSelection($0) } ?? .all)
    let report = try BackendComparison(
      model: call.model, paths: paths, prompts: call.promptOptions.isEmpty ? [] : call.promptOptions.all(),
      method: method, data: nil, packed: packed, seed: seed ?? 1, pictureOptions: call.pictureOptions, runOptions: run,
      registryOptions: registryOptions
    ).report(notes: &notes)
    if call.json { try printJSON(report) } else { print(report.text) }
    return true
  }
}
