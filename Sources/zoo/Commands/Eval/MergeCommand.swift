import ArgumentParser
import ZooEvaluate

struct MergeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "merge", abstract: "Puts the shards of one run together.",
    discussion: """
      Shards that differ in model, settings or data, or that overlap, are refused; samples that no shard has are named, and the exit code is 1. \
      What -o writes is a run like any other: the protocol's own command with --run and --resume measures what is missing, and draws --report.
      """)

  @Argument(help: ArgumentHelp("The folders of the shards' runs.", valueName: "runs"))
  var runs: [String]

  @Option(name: [.customShort("o"), .long], help: ArgumentHelp("Write the whole run to a folder.", valueName: "dir"))
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
