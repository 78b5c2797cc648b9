import ArgumentParser
import Foundation
import ZooModels
import ZooStore

struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Reads every tensor of installed models and compares it with its digest.",
    discussion: "Ends with 1 where something does not hold.")

  @Argument(
    help: "ARCHITECTURE:TAG or a converted model's directory; by default all that is installed.",
    completion: .installedModels)
  var models: [String] = []

  @Flag(help: "Nothing on standard error but errors.")
  var quiet = false

  @Flag(help: "As JSON.")
  var json = false

  func run() throws {
    let store = Store()
    let directories = try models.isEmpty ? store.installed().map(\.directory) : models.map(store.resolve)
    let here = directories.map { (directory: $0, model: InstalledModel(directory: $0)) }
    let broken =
      models.isEmpty ? store.broken() : here.filter { $0.model == nil }.map { BrokenModel(directory: $0.directory) }
    let sound = here.compactMap(\.model)
    if sound.isEmpty, broken.isEmpty, !json { return Terminal.note("Nothing is installed.") }
    let progress = Progress(
      "verifying", total: sound.reduce(0) { $0 + $1.weightBytes }, quiet: quiet, unit: byteText)
    var before = 0
    var results: [Result] = []
    for model in sound {
      let defects = model.verify { progress.update(before + $0, "\(model.name)") }
      before += model.weightBytes
      results.append(Result(model, defects))
    }
    progress.finish()
    results += broken.map { Result($0) }
    if json { try printJSON(results) } else { print(results.map(\.text).joined(separator: "\n")) }
    if !results.allSatisfy(\.ok) { throw ExitCode(1) }
  }

  /// What `--json` gives for a model. Fields are only ever added.
  struct Result: Encodable {
    let model: String
    let directory: String
    let ok: Bool
    let tensors: Int
    let bytes: Int
    /// What does not hold, in sentences without the model's name.
    let defects: [String]

    init(_ model: InstalledModel, _ defects: [Defect]) {
      self.model = "\(model.name)"
      directory = model.directory.path(percentEncoded: false)
      ok = defects.isEmpty
      tensors = model.description.digests.count
      bytes = model.weightBytes
      self.defects = defects.map(\.description)
    }

    init(_ model: BrokenModel) {
      self.model = "\(model.name)"
      directory = model.directory.path(percentEncoded: false)
      (ok, tensors, bytes) = (false, 0, 0)
      defects = ["it cannot be read: \(model.reason)"]
    }

    var text: String {
      if ok { return "\(model)  sound: \(tensors) tensors, \(byteText(bytes))" }
      let lines = defects.map { "  \($0)" }
      return (["\(model)  DAMAGED"] + lines + ["  'zoo rm \(model)' removes it; convert or pull it again"])
        .joined(separator: "\n")
    }
  }
}
