import ArgumentParser
import Foundation
import ZooCheckpoints
import ZooConvert
import ZooModels
import ZooRuntime
import ZooStore

struct ConvertCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert", abstract: "Converts a checkpoint to a checked model that the other commands run.",
    discussion: """
      Tensor names and shapes tell what the checkpoint is. What they cannot say (activation, tag, preprocessing) comes \
      from the options, from open_clip_config.json or config.json beside the file, or from the names of file and folder.
      """)

  @Argument(help: "A checkpoint file, an index of shards, or a folder with one.")
  var file: String

  @OptionGroup var source: SourceOptions

  @Option(help: "Element type of the weights: keep, f32, f16 or bf16.")
  var dtype: TargetDType = .keep

  @Option(
    name: [.short, .customLong("output")],
    help: ArgumentHelp("Where the model goes; by default the zoo.", valueName: "dir"))
  var output: String?

  @Flag(help: "Print the plan from the headers and write nothing.")
  var dryRun = false

  @Option(
    help: ArgumentHelp(
      "Compare with another checkpoint of the same model, in any layout, and write nothing; exit code 1 if they differ.",
      valueName: "file"))
  var against: String?

  @Flag(
    inversion: .prefixedNo,
    help: """
      Run a fixed picture and prompts through the new model and keep what they give in model.json. Takes the memory \
      that the model takes in use; converting alone takes less than 300 MB.
      """)
  var probe = true

  @Flag(help: "Take the place of what is there.")
  var force = false

  @Flag(help: "Nothing on standard error but errors.")
  var quiet = false

  @Flag(help: "As JSON.")
  var json = false

  @OptionGroup var registryOptions: RegistryOptions

  func run() throws {
    let store = Store()
    let checkpoint = try Checkpoint.open(file)
    let model = try identify(
      checkpoint, options: source.options, registry: registryOptions.registry(store: store))
    let plan = makePlan(model.layout, model.architecture, Headers(checkpoint), dtype: dtype)
    if let against { return try compare(plan, of: model, from: checkpoint, with: against) }
    let target = output ?? store.directory(of: model.architecture.name, tag: model.tag).path(percentEncoded: false)
    if dryRun {
      print(plan)
      model.notes.forEach { print("note: \($0)") }
      print("\(model.name) from \(model.layout.title), \(byteText(plan.byteCount)), would go to \(target)")
      if !plan.problems.isEmpty { throw ExitCode(2) }
      return
    }
    let parent = URL(filePath: target).deletingLastPathComponent()
    do {
      try FileManager.default.createDirectory(at: parent, withIntermediateDirectories: true)
    } catch {
      throw CallError.unwritable(parent.path(percentEncoded: false), reason: (error as NSError).localizedDescription)
    }
    let start = ContinuousClock.now
    let description = try Interruption.removing(ConversionWork.removeAll) {
      let bars = ConversionProgress.Phase.bars(quiet: quiet, total: plan.byteCount)
      defer { bars.values.forEach { $0.finish() } }
      let probe = probe ? { try self.probe($0, model: model, bars: bars) } : nil
      return try write(
        plan, of: model, from: checkpoint, to: target, replacing: force,
        progress: { bars[$0.phase]?.update($0.bytesDone, $0.tensor) }, probe: probe)
    }
    let report = Report(description, plan: plan, path: target, seconds: (ContinuousClock.now - start).seconds)
    if json { return try printJSON(report) }
    print(report.text)
  }

  /// A probe needs the memory that the model needs in use: it is left out where that is more than half of this machine's.
  private func probe(
    _ folder: String, model: IdentifiedModel, bars: [ConversionProgress.Phase: Progress]
  ) throws -> ProbeOutcome {
    bars.values.forEach { $0.finish() }
    let needed = 4 * model.architecture.parameterCount
    guard needed < ProcessInfo.processInfo.physicalMemory / 2 else {
      return (nil, ["No probe was taken: in use the model takes \(byteText(needed)), too much for this machine."])
    }
    let result = try Model(directory: URL(filePath: folder, directoryHint: .isDirectory)).probe()
    return (result.probe, result.notes)
  }

  private func compare(
    _ plan: ConversionPlan, of model: IdentifiedModel, from checkpoint: Checkpoint, with path: String
  ) throws {
    guard plan.problems.isEmpty else {
      throw ConvertError.problems(path: file, architecture: model.architecture.name, problems: plan.problems)
    }
    let other = try Checkpoint.open(path)
    let otherPlan = try makePlan(model.architecture, of: other)
    let comparison = try ZooConvert.compare(plan, of: checkpoint, with: otherPlan, of: other)
    let report = ComparisonReport(
      model: model.name.description, (file, plan.layout), (path, otherPlan.layout), comparison)
    if json { try printJSON(report) } else { print(report.text) }
    if !comparison.isEqual { throw ExitCode(1) }
  }

  struct Report: Encodable {
    let model: String
    let path: String
    let layout: String
    let tensorsRead: Int
    let tensorsUsed: Int
    let tensorsDropped: Int
    let tensorsWritten: Int
    let bytes: Int
    let seconds: Double
    /// What a fixed picture and fixed prompts gave; null without a probe.
    let probe: ModelDescription.Probe?
    let notes: [String]

    init(_ description: ModelDescription, plan: ConversionPlan, path: String, seconds: Double) {
      model = description.name.description
      self.path = path
      layout = description.layout
      tensorsRead = plan.sourceCount
      tensorsUsed = plan.usedCount
      tensorsDropped = plan.dropped.count
      tensorsWritten = plan.rows.count
      bytes = plan.byteCount
      self.seconds = seconds
      probe = description.probe
      notes = description.notes
    }

    var text: String {
      let rate = String(format: "%.1f s, %@/s", seconds, byteText(Int(Double(bytes) / max(seconds, 0.001))))
      let lines = [
        "\(model)  from \(layout)",
        "  \(tensorsRead) tensors read: \(tensorsUsed) used, \(tensorsDropped) dropped by rule; \(tensorsWritten) written",
        "  every tensor read back and compared: \(byteText(bytes)) in \(rate)",
        probe.map { "  probed: \($0.summary)" },
      ].compactMap(\.self)
      return (lines + notes.map { "  note: \($0)" } + ["  \(path)"]).joined(separator: "\n")
    }
  }
}

extension ConversionProgress.Phase {
  fileprivate static func bars(quiet: Bool, total: Int) -> [Self: Progress] {
    [
      .writing: Progress("writing  ", total: total, quiet: quiet, unit: byteText),
      .verifying: Progress("verifying", total: total, quiet: quiet, unit: byteText),
    ]
  }
}

extension ModelDescription.Probe {
  fileprivate var summary: String {
    func part(_ name: String, _ vector: Vector?) -> String? {
      vector.map { "\(name) of length \(String(format: "%.4g", $0.norm))" }
    }
    return [part("picture", image), part("token ids", text), part("prompt", prompt)].compactMap(\.self)
      .joined(separator: ", ")
  }
}

extension TargetDType: ExpressibleByArgument {}
