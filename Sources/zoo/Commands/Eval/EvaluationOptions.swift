import ArgumentParser
import Foundation
import ZooEvaluate
import ZooExplain
import ZooModels
import ZooRuntime

/// Options that all protocols share: the model, the methods, the run.
struct EvaluationOptions: ParsableArguments {
  @Argument(help: "ARCHITECTURE:TAG or a converted model's directory.", completion: .installedModels)
  var model: String

  @Option(help: ArgumentHelp("The folder with the data set.", valueName: "dir"))
  var data: String

  @Option(
    help: ArgumentHelp(
      "Use what LeGrad's paper states for one of its tables: paper-table1 to 5, or 7.",
      discussion: "Sets methods, template, size and conventions; other options override it.", valueName: "name"))
  var preset: String?

  @OptionGroup var ways: WaysOptions

  @Option(
    name: .customLong("prompt-template"),
    help: ArgumentHelp(
      "Prompt template; {} is replaced with the object name. Several are averaged. openai stands for OpenAI's 80, openai-7 for the best 7 of them.",
      discussion: "By default \"\(PromptTemplates.plain[0])\".", valueName: "template"))
  var templates: [String] = []

  @Option(help: ArgumentHelp("Keep the run in this folder.", valueName: "dir"))
  var run: String?

  @Flag(help: "Continue the run in the folder.")
  var resume = false

  @Option(
    help: ArgumentHelp(
      "Measure every nth sample, starting with the ith; by default as set by Slurm, SGE, PBS or Kubernetes.",
      valueName: "i/n"))
  var shard: String?

  @Option(
    help: ArgumentHelp(
      "Write a self-contained HTML page with the table and the worst and best cases as pictures.",
      valueName: "file"), completion: .file(extensions: ["html"]))
  var report: String?

  @OptionGroup var output: EvaluationOutput
  @OptionGroup var pictureOptions: PictureOptions
  @OptionGroup var runOptions: RunOptions
  @OptionGroup var failureOptions: FailureOptions

  /// Collects what is left out of the data.
  func problems() -> DataProblems { DataProblems(isStrict: failureOptions.strict) }

  /// The preset selected by the call.
  func preset(for protocolName: String) throws -> PaperPreset? {
    try preset.map { try PaperPreset.named($0, for: protocolName) }
  }

  /// Measures, prints the table, and exits with 1 if anything was left out.
  func evaluate<P: EvaluationProtocol>(_ protocol: P, problems: DataProblems = DataProblems(isStrict: false)) throws {
    guard !`protocol`.samples.isEmpty else { throw EvaluateError.nothing(data: data) }
    let shard = try Shard.chosen(shard, ProcessInfo.processInfo.environment)
    let loaded = try runOptions.load(model)
    var notes = Notes(isQuiet: runOptions.quiet)
    let preset = try preset(for: P.name)
    var pictureOptions = pictureOptions
    if preset != nil {
      pictureOptions.size = pictureOptions.size ?? PaperPreset.size
      pictureOptions.resize = pictureOptions.resize ?? .squash
    }
    let templates = try PromptTemplates.expand(
      self.templates.isEmpty ? preset.map { [$0.template] } ?? PromptTemplates.plain : self.templates)
    let loader = try pictureOptions.loader(for: loaded, notes: &notes)
    let chosen = try ways.chosen(for: loaded, preset: preset),
      explainers = try ways.explainers(of: loaded, chosen.methods)
    let description = RunFolder.Description(
      settings: RunSettings(
        protocolName: P.name, model: loaded.name, modelDigest: try loaded.description.runDigest(),
        dataDigest: `protocol`.dataDigest(), sampleCount: `protocol`.samples.count,
        methods: explainers.map(WaysOptions.name), templates: templates,
        pictures: loader.choices(precision: runOptions.precision),
        choices: (preset.map { [Choice("preset", $0.name)] + $0.open } ?? []) + `protocol`.choices),
      shard: shard, columns: P.columns, figures: P.figures,
      made: [
        Choice("zoo", Zoo.configuration.version), Choice("call", CommandLine.arguments.joined(separator: " ")),
        Choice("data", data),
      ])
    if let preset, !preset.models.contains(loaded.name) {
      notes.add("\(preset.name) has \(preset.models.joined(separator: ", ")); this is \(loaded.name).")
    }
    var page = try self.report.map { try EvaluationPage($0, inputs: []) }
    let folder = try run.map { try RunFolder($0, description, resume: resume) } ?? RunFolder(temporary: description)
    let own = shard.indices(of: `protocol`.samples.count)
    let left = own.filter { !folder.lines.isDone($0) }
    let desk = try desk(explainers, `protocol`, templates, passes: left.count)
    var failures = InputFailures(total: own.count, isStrict: failureOptions.strict)
    let progress = Progress("evaluating", total: left.count, quiet: runOptions.quiet), start = ContinuousClock.now
    var measured = 0
    try EvaluationRun(`protocol`, at: desk, loader: loader).measure(left) {
      progress.finish()
      try failures.add($0, $1)
    } done: { result in
      try folder.append(result)
      measured += 1
      progress.update(measured, rate: true)
    }
    progress.finish()
    let seconds = (ContinuousClock.now - start).seconds
    var report = try EvaluationReport(description, folder.lines)
    (report.data, report.errors, report.leftOut, report.notes) = (data, failures.entries, problems.entries, notes.all)
    report.explain(explainers)
    report.undefined = chosen.undefined
    if measured > 0 {
      report.state(measured, in: seconds, alone: desk.clock.alone(of: seconds, ways: explainers.count))
    }
    report.reportFile = try page?.write(
      report, folder.lines, of: `protocol`, at: desk, loader: loader, perClass: output.perClass,
      settings: try RunFacts.settings(explainers, loader, runOptions, colors: nil)
        + [("templates", PromptTemplates.describe(templates))])
    try output.print(report)
    try problems.finish()
    try failures.finish()
  }

  private func desk<P: EvaluationProtocol>(
    _ explainers: [Explainer], _ protocol: P, _ templates: [String], passes: Int
  ) throws -> EvaluationDesk {
    if let model = explainers.first?.model { runOptions.prepare(model, passes: passes) }
    // Explainers with the same negatives share their directions.
    var known: [[String]: PreparedPrompts] = [:]
    let classes = `protocol`.classes
    let progress = Progress("class names", total: classes.count, quiet: runOptions.quiet)
    defer { progress.finish() }
    let heads = try explainers.map { explainer in
      let key = [explainer.correction?.prompt ?? Correction.emptyPrompt] + explainer.negatives
      let head =
        try known[key]
        ?? explainer.head(
          classes, templates: templates, areImageNets: `protocol`.hasImageNetsClasses, done: { progress.update($0) })
      known[key] = head
      return head
    }
    return EvaluationDesk(explainers, heads: heads)
  }
}

/// What a data set names but does not contain: counted and reported, and the exit code is 1.
struct DataProblems {
  private(set) var entries: [InputFailures.Entry] = []
  private let isStrict: Bool

  init(isStrict: Bool) { self.isStrict = isStrict }

  mutating func add(_ item: String, _ reason: String) throws {
    if isStrict { throw EvaluateError.unreadable(file: item, reason: reason) }
    entries.append(InputFailures.Entry(input: item, error: reason))
    // The JSON contains all of them.
    if entries.count <= 20 { Terminal.error("\(item): \(reason)") }
    if entries.count == 20 { Terminal.note("what else is left out is counted at the end, and listed by --json") }
  }

  func finish() throws {
    guard !entries.isEmpty else { return }
    Terminal.error("\(entries.count) of the data's items were left out")
    throw ExitCode(1)
  }
}

/// How a table is printed.
struct EvaluationOutput: ParsableArguments {
  enum Format: String, EnumerableFlag { case json, csv, latex }

  @Flag(help: "Print the result as JSON, CSV or a LaTeX table.")
  var format: Format?

  @Flag(help: "Also print a table of each class.")
  var perClass = false

  func print(_ report: EvaluationReport) throws {
    switch format {
    case .json: try printJSON(report)
    case .csv: Output.write(report.csv(perClass: perClass))
    case .latex: Output.write(report.latex)
    case nil: Output.write(report.text(perClass: perClass))
    }
  }
}
