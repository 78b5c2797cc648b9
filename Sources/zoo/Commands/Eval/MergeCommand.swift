import ArgumentParser
import ZooEvaluate

struct MergeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "merge", abstract: "Combines the shards of one run.",
    discussion: """
      Shards that overlap, or that differ in model, settings or data, are refused. If no shard has a sample, it is named and the exit code is 1. \
      -o writes an ordinary run: the protocol's own command with --run and --resume measures what is missing, and draws --report.
      """)

  @Argument(help: ArgumentHelp("The folders of the shards.", valueName: "runs"))
  var runs: [String]

  @Option(
    name: [.customShort("o"), .long], help: ArgumentHelp("Write the combined run to a folder.", valueName: "dir"))
  var into: String?

  @OptionGroup var output: EvaluationOutput

  func run() throws {
    let (description, lines, missing) = try RunFolder.merge(runs)
    let settings = description.settings
    if let into {
      let whole = try RunFolder(into, description, resume: false)
      try lines.forEach(whole.append)
    }
    var report = try EvaluationReport(description, lines)
    report.data = runs.joined(separator: " ")
    try output.print(report)
    guard !missing.isEmpty else { return }
    let shown = missing.prefix(10).map { "\($0)" }.joined(separator: ", ")
    Terminal.error(
      "\(missing.count) of \(settings.sampleCount) samples are missing, by their places: \(shown)"
        + (missing.count > 10 ? " and others" : ""))
    throw ExitCode(1)
  }
}
