import ArgumentParser
import Foundation
import ZooCheckpoints
import ZooConvert
import ZooModels
import ZooRuntime
import ZooStore

struct ConvertCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert", abstract: "Converts a checkpoint to a verified model that the other commands run.",
    discussion: """
      Tensor names and shapes identify the checkpoint. Anything they cannot determine (activation, tag, preprocessing) is \
      taken from the options, from open_clip_config.json or config.json beside the file, or from the names of file and folder.
      """)

  @Argument(help: "A checkpoint file, an index of shards, a folder with either, or - for standard input.")
  var file: String

  @OptionGroup var source: SourceOptions

  @Option(
    help: ArgumentHelp(
      "A checkpoint whose text tower is joined with the image tower in FILE to one model.",
      valueName: "other"), completion: .file())
  var text: String?

  @Option(help: "Element type of the weights; int8 for the matrices of the blocks and the table of tokens only.")
  var dtype: TargetDType = .keep

  @Option(
    name: [.short, .customLong("output")],
    help: ArgumentHelp("Folder of the model; by default it is installed in the zoo.", valueName: "dir"))
  var output: String?

  @Flag(help: "Print the plan, made from the headers, and write nothing.")
  var dryRun = false

  @Option(
    help: ArgumentHelp(
      "Compare with another checkpoint of the same model, in any layout, and write nothing; exit code 1 if they differ.",
      valueName: "file"))
  var against: String?

  @Flag(
    inversion: .prefixedNo,
    help: """
      Run a fixed picture and fixed prompts through the new model and keep the results in model.json. Weights are read \
      in pieces, so memory use does not grow with the model.
      """)
  var probe = true

  @Flag(help: "Replace existing output.")
  var force = false

  @Flag(help: "Print only errors to standard error.")
  var quiet = false

  @Flag(help: "Print the result as JSON.")
  var json = false

  @OptionGroup var registryOptions: RegistryOptions

  func run() throws {
    let store = ModelStore()
    let conversion = try Conversion(
      Checkpoint.openNamed(file, part: source.part), text: text.map { try Checkpoint.openNamed($0) },
      options: source.options, registry: registryOptions.registry(store: store), dtype: dtype)
    let (model, plan) = (conversion.model, conversion.plan)
    if let against { return try compare(conversion, with: against) }
    let target = try output ?? store.place(of: conversion).path(percentEncoded: false)
    if dryRun {
      let report = PlanReport(conversion, target: target)
      if json { try printJSON(report) } else { print(report.text(of: plan)) }
      if !plan.problems.isEmpty { throw ExitCode(2) }
      return
    }
    let lock = output == nil ? try store.lock("\(model.name)", waiting: Conversion.waiting(quiet: quiet)) : nil
    if !force, conversion.isDone(in: target) {
      lock?.release()
      return try tellInstalled(
        model.name, target, "it came from the same source, --force converts it again", json: json)
    }
    let report = try conversion.writeWithBars(
      to: output, in: store, replacing: force, lock: lock, probe: probe, quiet: quiet)
    if json { return try printJSON(report) }
    print(report.text)
  }

  private func compare(_ conversion: Conversion, with path: String) throws {
    let comparison = try conversion.compare(with: Checkpoint.openNamed(path))
    let report = ComparisonReport(model: conversion.model.name.description, (file, path), comparison)
    if json { try printJSON(report) } else { print(report.text) }
    if !comparison.isEqual { throw ExitCode(1) }
  }
}

extension TargetDType: ExpressibleByArgument {}
