import ArgumentParser
import Foundation
import ZooEvaluate
import ZooImages
import ZooModels
import ZooRuntime
import ZooTensors

struct EmbedCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "embed", abstract: "Writes the embeddings of many pictures, or of many prompts.",
    discussion: """
      The output folder holds embeddings.json (model, digests, settings), index.jsonl (id, path and row of each input, or why it has none) and \
      files of [rows, width]. They are complete after every batch, so --resume continues a run that was killed. Pictures may be files, folders \
      or WebDataset .tar archives. 'zoo search' finds the nearest embeddings.
      """)

  @Argument(help: "ARCHITECTURE:TAG or a converted model's directory.", completion: .installedModels)
  var model: String

  @OptionGroup var inputs: PictureInputs

  @Option(
    help: ArgumentHelp("A file with one path per line: pictures, folders or .tar archives.", valueName: "file"),
    completion: .file())
  var list: String?

  @Option(
    help: ArgumentHelp(
      "Embed prompts instead: a file with one per line, or - for standard input; lines that begin with # are comments.",
      valueName: "file"), completion: .file())
  var prompts: String?

  @Option(
    name: [.short, .customLong("output")], help: ArgumentHelp("The folder to write embeddings to.", valueName: "dir"))
  var output: String

  @Flag(help: "Continue the run in the folder.")
  var resume = false

  @Option(
    help: ArgumentHelp(
      "Embed every nth input, starting with the ith; by default as set by Slurm, SGE, PBS or Kubernetes.",
      valueName: "i/n"))
  var shard: String?

  @Option(help: "File format of the embeddings.")
  var format: EmbeddingStorage.Format = .npy

  @Option(help: "Element type of the embeddings.")
  var element: EmbeddingStorage.Element = .f32

  @Flag(help: "Write embeddings as the model gives them, not scaled to length 1.")
  var raw = false

  @Option(help: "Rows per file; the last may have fewer.")
  var rowsPerFile = 100_000

  @Option(help: "How many pictures share a pass.")
  var batch = 8

  @Flag(help: "Print a summary as JSON.")
  var json = false

  @OptionGroup var pictureOptions: PictureOptions
  @OptionGroup var runOptions: RunOptions
  @OptionGroup var failureOptions: FailureOptions

  func validate() throws {
    if !(1...10_000_000).contains(rowsPerFile) {
      throw ValidationError("--rows-per-file must be between 1 and 10000000.")
    }
    if !(1...256).contains(batch) { throw ValidationError("--batch must be between 1 and 256.") }
    if prompts != nil, list != nil || !inputs.images.isEmpty {
      throw ValidationError("--prompts goes without pictures.")
    }
  }

  func run() throws {
    var notes = Notes(isQuiet: runOptions.quiet)
    let shard = try Shard.chosen(shard, ProcessInfo.processInfo.environment)
    let inputs = try inputs(notes: &notes)
    let loaded = try runOptions.load(model)
    if loaded.architecture.isClassifier { throw EvaluateError.noEmbeddings(model: loaded.name) }
    let loader = inputs.kind == .texts ? nil : try pictureOptions.loader(for: loaded, notes: &notes)
    let description = try EmbeddingDescription(
      of: inputs, by: loaded, loader: loader, normalised: !raw,
      storage: EmbeddingStorage(format: format, element: element, rowsPerFile: rowsPerFile), shard: shard,
      made: [
        Choice("zoo", Zoo.configuration.version), Choice("call", CommandLine.arguments.joined(separator: " ")),
      ])
    let run = try EmbeddingRun(output, inputs, description, model: loaded, resume: resume)
    if loader != nil { runOptions.prepare(loaded, passes: run.left.count, gradients: false) }
    var failures = InputFailures(total: run.left.count, isStrict: failureOptions.strict)
    let progress = Progress("embedding", total: run.left.count, quiet: runOptions.quiet), start = ContinuousClock.now
    try run.run(loader: loader, together: loader == nil ? 32 : batch) {
      progress.finish()
      try failures.add($0, $1)
    } done: {
      progress.update($0, rate: true)
    }
    progress.finish()
    let seconds = (ContinuousClock.now - start).seconds, done = run.left.count - failures.entries.count
    let report = EmbeddingReport(
      model: loaded.name, directory: output, kind: inputs.kind.rawValue, embeddings: run.known + done,
      knownBefore: run.known, width: description.width, errors: failures.entries, notes: notes.all,
      perSecond: run.left.isEmpty ? nil : Double(run.left.count) / seconds)
    try report.print(json: json)
    try failures.finish()
  }

  private func inputs(notes: inout Notes) throws -> EmbeddingInputs {
    if let prompts {
      return EmbeddingInputs(prompts: try PromptOptions.lines(of: prompts))
    }
    var inputs = inputs
    if let list { inputs.images += try PromptOptions.lines(of: list) }
    let paths = try inputs.paths(excluding: output, notes: &notes)
    let all = try EmbeddingInputs(pictures: paths)
    guard !all.entries.isEmpty else { throw CallError.noPictures }
    return all
  }
}

extension EmbeddingStorage.Format: ExpressibleByArgument {}
extension EmbeddingStorage.Element: ExpressibleByArgument {}

/// The output of `zoo embed`. Fields are only ever added.
private struct EmbeddingReport: Encodable {
  let schema = 1
  let model: String
  let directory: String
  let kind: String
  /// The number in the folder, including those that were there before.
  let embeddings: Int
  let knownBefore: Int
  let width: Int
  let errors: [InputFailures.Entry]
  let notes: [String]
  let perSecond: Double?

  func print(json: Bool) throws {
    if json { return try printJSON(self) }
    let rate = perSecond.map { formatted(", %.1f a second", $0) } ?? ""
    Output.write("\(embeddings) embeddings of \(width) in \(directory)\(rate)")
  }
}
