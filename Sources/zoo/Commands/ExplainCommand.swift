import ArgumentParser
import Foundation
import ZooExplain
import ZooImages
import ZooModels
import ZooRuntime

struct ExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "Highlights the regions of pictures that match prompts: heat maps by LeGrad and its peers.",
    discussion: """
      By default, one overlay is written for each picture, prompt and method: the heat map over what the model sees. Flags such \
      as --grid or --npy write more; --no-overlays leaves the overlays out.
      """)

  @Argument(help: "ARCHITECTURE:TAG or a converted model's directory.", completion: .installedModels)
  var model: String

  @OptionGroup var inputs: PictureInputs
  @OptionGroup var promptOptions: PromptOptions
  @OptionGroup var embeddingOptions: EmbeddingOptions
  @OptionGroup var pictureOptions: PictureOptions
  @OptionGroup var explanationOptions: ExplanationOptions
  @OptionGroup var runOptions: RunOptions
  @OptionGroup var failureOptions: FailureOptions

  @Option(
    name: [.short, .customLong("output")],
    help: ArgumentHelp(
      "The folder for results, or the file of a single result: .png, or for a sheet .svg or .pdf.",
      valueName: "path"))
  var output = "heatmaps"

  @Option(
    name: .customLong("class"), help: ArgumentHelp("A classifier's class, by name or number.", valueName: "class"))
  var classes: [String] = []

  @Option(help: "How many of a classifier's best classes to explain if --class names none; 3 by default.")
  var top: Int?

  @OptionGroup var drawingOptions: DrawingOptions

  @Option(
    help: ArgumentHelp(
      "Write a self-contained HTML page with all pictures, maps and settings.", valueName: "file"),
    completion: .file(extensions: ["html"]))
  var report: String?

  @Option(
    help: ArgumentHelp(
      "Write boxes and masks of what is above --threshold (0.5 by default) in the whole pictures, as COCO JSON.",
      valueName: "file"), completion: .file(extensions: ["json"]))
  var boxes: String?

  @Flag(help: "Print similarities, energies, layers, files and timings as JSON.")
  var json = false

  mutating func validate() throws {
    drawingOptions.takeFormat(from: output)
    if let top, top < 1 { throw ValidationError("--top must be at least 1.") }
  }

  func run() throws {
    var timings = PictureReport.Timings(), lap = Lap()
    _ = try explanationOptions.chosenMethods()
    var notes = Notes(isQuiet: runOptions.quiet)
    let tasks = try promptOptions.tasks(
      pictures: inputs.paths(excluding: Destination.folder(output, ending: drawingOptions.ending), notes: &notes))
    guard !tasks.isEmpty else { throw CallError.noPictures }
    let paths = tasks.map(\.path)
    let names = OutputNames(pictures: paths)
    let model = try runOptions.load(model)
    timings.load = lap.next()
    let explainers = try explanationOptions.explainers(for: model), explainer = explainers[0]
    let methods = explainers.map(\.method)
    try drawingOptions.check(methods, notes: &notes)
    let prompts = try TaskPrompts(self, tasks, explainer)
    if embeddingOptions.file == nil { try notes.add(remarksOn: prompts.texts, of: model) }
    if drawingOptions.drawsSheets { try notes.add(glyphsMissingFrom: prompts.texts) }
    timings.text = lap.next()
    if drawingOptions.words, embeddingOptions.file != nil || model.architecture.isClassifier {
      throw CallError.ignored(option: "--words", reason: "there are no prompts in words")
    }
    let loader = try pictureOptions.loader(for: model, notes: &notes), facts = try sheetFacts(explainers)
    var results = ResultWriter(
      try Destination(
        output, ending: drawingOptions.ending,
        results: drawingOptions.resultCount(pictures: tasks.count, prompts: prompts.counts, methods: methods),
        inputs: paths, folders: names.allFolders))
    let drawer = try ResultDrawer(
      names: names, loader: loader, drawingOptions, methods: methods,
      settings: try explainers.map {
        try ResultSettings(
          $0, loader: loader, precision: runOptions.precision,
          embeddings: embeddingOptions.file == nil ? [] : prompts.embeddings)
      }, facts: facts)
    results.boxes = try boxes.map {
      try RegionFile($0, inputs: paths, model: model.name, threshold: drawingOptions.threshold ?? 0.5)
    }
    results.report = try report.map { try HTMLReport($0, inputs: paths, facts: facts) }

    runOptions.prepare(model, passes: tasks.count)
    var found = PictureReport(model: model.name)
    found.threads = runOptions.parallel.threads
    try found.add(methods, layers: model.vision.tower.depth)
    var printer = ReportPrinter(
      found, label: "explaining", tasks: paths, notes: notes, isStrict: failureOptions.strict, json: json)
    printer.complete = { found in
      let page = try results.report?.finish(
        title: "What \(model.name) sees",
        tables: [
          ("Model", RunFacts.model(model)),
          ("Settings", try RunFacts.settings(explainers, loader, runOptions, colors: drawingOptions.colors)),
          ("Notes", found.notes.map { ("note", $0) } + found.errors.map { ("error", $0.error) }),
          ("Timings", RunFacts.timings(timings)), ("Versions", RunFacts.versions()),
        ], call: RunFacts.call(CommandLine.arguments))
      if let page { found.reportFile = page }
      found.boxesFile = try results.boxes?.finish()
    }
    try PictureRun(loader: loader, model: model).run(paths) { [words = drawingOptions.words] model, place, picture in
      var lap = Lap()
      let explanations = try prompts.explain(picture, at: place, by: explainers.map { $0.on(model) })
      let explained = lap.next()
      var rows = promptReports(explanations[0], model: model)
      if words {
        for prompt in rows.indices {
          rows[prompt].words = try explainer.on(model).textRelevance(
            of: rows[prompt].prompt, for: explanations[0].embedding
          ).parts
        }
      }
      let drawn = try drawer.draw(paths[place], picture, explanations, rows)
      return (drawn: drawn, explain: explained, write: lap.next())
    } each: { place, result in
      try printer.add(place, result) { picture, found in
        _ = lap.next()
        let entry = try results.write(found.drawn)
        timings.decode += picture.milliseconds
        timings.explain += found.explain
        timings.write += found.write + lap.next()
        return entry
      }
      printer.report.timings = timings
    }
    try printer.finish()
  }
}

/// The prompts for the pictures of a call: one list for all, a list for each, or the classes that fit a picture best.
private struct TaskPrompts: Sendable {
  private let tasks: [PictureTask]
  /// Prepares prompts with all threads.
  private let explainer: Explainer
  private let shared: PreparedPrompts?
  private let top: Int?

  init(_ call: ExplainCommand, _ tasks: [PictureTask], _ explainer: Explainer) throws {
    (self.tasks, self.explainer) = (tasks, explainer)
    let model = explainer.model
    if let embeddings = try call.embeddingOptions.prepare(explainer, besides: call.promptOptions) {
      (shared, top) = (embeddings, nil)
      return
    }
    guard model.architecture.isClassifier else {
      if !call.classes.isEmpty || call.top != nil { throw ExplainError.notAClassifier(model: model.name) }
      shared = call.promptOptions.isTable ? nil : try explainer.prepare(call.promptOptions.all())
      top = nil
      return
    }
    guard call.promptOptions.isEmpty else { throw ModelError.noText(model: model.name, part: .classifier) }
    guard !call.classes.isEmpty else {
      (shared, top) = (nil, call.top ?? 3)
      return
    }
    if call.top != nil { throw CallError.ignored(option: "--top", reason: "the classes are named") }
    top = nil
    shared = try explainer.prepare(classNames: call.classes)
  }

  /// All prompts, each list once.
  var texts: [String] { shared?.prompts ?? tasks.flatMap { $0.prompts ?? [] } }

  /// The embeddings of prompts that all pictures share.
  var embeddings: [[Float]] { shared?.embeddings ?? [] }

  /// The number of prompts for each picture.
  var counts: [Int] { tasks.map { shared?.prompts.count ?? top ?? $0.prompts?.count ?? 0 } }

  /// Explains a picture, `[ways]`.
  func explain(_ picture: LoadedPicture, at place: Int, by explainers: [Explainer]) throws -> [Explanation] {
    let tensor = picture.input.tensor, explainer = explainers[0]
    let own: PreparedPrompts
    if let shared {
      own = shared
    } else if let top {
      let logits = try explainer.model.imageEmbeddings([tensor])[0]
      own = try explainer.prepare(classes: Array(logits.indices.sorted { logits[$0] > logits[$1] }.prefix(top)))
    } else {
      own = try self.explainer.prepare(tasks[place].prompts ?? [])
    }
    return try Explainer.explain([tensor], explainers.map { ($0, own) }).map { $0[0] }
  }
}

/// Measures the time between two calls.
private struct Lap {
  private var start = ContinuousClock.now

  /// Milliseconds since the last call.
  mutating func next() -> Double {
    let now = ContinuousClock.now
    defer { start = now }
    return (now - start).milliseconds
  }
}
