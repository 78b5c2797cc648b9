import ArgumentParser
import Foundation
import ZooCheckpoints
import ZooConvert
import ZooModels
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
      return try write(plan, of: model, from: checkpoint, to: target, replacing: force) { step in
        bars[step.phase]?.update(step.bytesDone, step.tensor)
      }
    }
    let report = Report(description, plan: plan, path: target, seconds: (ContinuousClock.now - start).seconds)
    if json { return try printJSON(report) }
    print(report.text)
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
      notes = description.notes
    }

    var text: String {
      let rate = String(format: "%.1f s, %@/s", seconds, byteText(Int(Double(bytes) / max(seconds, 0.001))))
      let lines = [
        "\(model)  from \(layout)",
        "  \(tensorsRead) tensors read: \(tensorsUsed) used, \(tensorsDropped) dropped by rule; \(tensorsWritten) written",
        "  every tensor read back and compared: \(byteText(bytes)) in \(rate)",
      ]
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

extension TargetDType: ExpressibleByArgument {}
