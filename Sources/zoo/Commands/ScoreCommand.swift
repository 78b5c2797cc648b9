import ArgumentParser
import ZooExplain
import ZooModels
import ZooRuntime

struct ScoreCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "score", abstract: "Prints how well prompts fit pictures.")

  @Argument(help: "ARCHITECTURE:TAG or a converted model's directory.", completion: .installedModels)
  var model: String

  @OptionGroup var inputs: PictureInputs
  @OptionGroup var promptOptions: PromptOptions
  @OptionGroup var embeddingOptions: EmbeddingOptions
  @OptionGroup var pictureOptions: PictureOptions
  @OptionGroup var runOptions: RunOptions
  @OptionGroup var failureOptions: FailureOptions

  @Flag(help: "Print the result as JSON.")
  var json = false

  func run() throws {
    var notes = Notes(isQuiet: runOptions.quiet)
    let tasks = try promptOptions.tasks(pictures: inputs.paths(notes: &notes))
    guard !tasks.isEmpty else { throw CallError.noPictures }
    let shared = embeddingOptions.file != nil || promptOptions.isTable ? nil : try promptOptions.all()
    let model = try runOptions.load(model)
    runOptions.prepare(model, passes: tasks.count, gradients: false)
    let explainer = Explainer(model: model)
    let prepared =
      try embeddingOptions.prepare(explainer, besides: promptOptions) ?? shared.map { try explainer.prepare($0) }
    if embeddingOptions.file == nil {
      try notes.add(remarksOn: shared ?? tasks.flatMap { $0.prompts ?? [] }, of: model)
    }
    let loader = try pictureOptions.loader(for: model, notes: &notes)
    var printer = ReportPrinter(
      PictureReport(model: model.name), label: "scoring", tasks: tasks.map(\.path), notes: notes,
      isStrict: failureOptions.strict, json: json)
    try PictureRun(loader: loader, model: model).run(tasks.map(\.path)) { model, place, picture in
      let embedding = try model.imageEmbeddings([picture.input.tensor])[0]
      let prompts = try prepared ?? explainer.prepare(tasks[place].prompts ?? [])
      return (absentBelow: prompts.absentBelow, similarities: prompts.similarities(to: embedding, of: model))
    } each: { place, result in
      try printer.add(place, result) { picture, found in
        PictureReport.ImageReport(
          tasks[place].path, picture.source, emptySimilarity: found.similarities.empty, absentBelow: found.absentBelow,
          prompts: promptReports(found.similarities.prompts, model: model))
      }
    }
    try printer.finish()
  }
}
