import ArgumentParser
import Foundation
import ZooConvert
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
    let conversion = try Conversion(
      file, options: source.options, registry: registryOptions.registry(store: store), dtype: dtype)
    let (model, plan) = (conversion.model, conversion.plan)
    let target = output ?? store.directory(of: model.architecture.name, tag: model.tag).path(percentEncoded: false)
    if dryRun {
      print(plan)
      model.notes.forEach { print("note: \($0)") }
      print("\(model.name) from \(model.layout.title), \(byteText(plan.byteCount)), would go to \(target)")
      if !plan.problems.isEmpty { throw ExitCode(2) }
      return
    }
    let lock = output == nil ? try store.lock("\(model.name)", waiting: Conversion.waiting(quiet: quiet)) : nil
    let report = try conversion.write(to: target, replacing: force, lock: lock, quiet: quiet)
    if json { return try printJSON(report) }
    print(report.text)
  }
}

extension TargetDType: ExpressibleByArgument {}
