import ArgumentParser
import Foundation
import ZooModels
import ZooRuntime
import ZooStore

struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Reads every tensor of installed models and compares it with its digest.",
    discussion: """
      Then it runs a fixed picture and fixed prompts through the model, and compares the results with those of the conversion. \
      The exit code is 1 if a check fails.
      """)

  @Argument(
    help: "ARCHITECTURE:TAG or a converted model's directory; by default all installed models.",
    completion: .installedModels)
  var models: [String] = []

  @Flag(inversion: .prefixedNo, help: "Also run the model; --no-probe only reads it.")
  var probe = true

  @Flag(help: "Print only errors to standard error.")
  var quiet = false

  @Flag(help: "Print the result as JSON.")
  var json = false

  func run() throws {
    let store = ModelStore()
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
      let bytes = model.weightBytes
      var defects = try model.verify { progress.update(before + $0, "\(model.name)") }.map(\.description)
      before += bytes
      var isProbed = false
      if probe, defects.isEmpty {
        progress.update(before, "\(model.name), running it")
        let disagreements = disagreements(of: model)
        (defects, isProbed) = (disagreements ?? [], disagreements != nil)
      }
      if !defects.isEmpty, !model.isHere {
        Terminal.note("\(model.name) was removed or replaced meanwhile.")
      } else {
        results.append(Result(model, defects, probed: isProbed))
      }
    }
    progress.finish()
    results += broken.filter(\.isHere).map { Result($0) }
    if json { try printJSON(results) } else { print(results.map(\.text).joined(separator: "\n")) }
    if !results.allSatisfy(\.ok) { throw ExitCode(1) }
  }

  /// What the model no longer computes as it did when it was converted; nil if no probe was stored.
  private func disagreements(of model: InstalledModel) -> [String]? {
    guard let expected = model.description.probe else { return nil }
    do {
      // As in the conversion: with little memory, whatever the model's size.
      let (found, notes) = try ZooModel(directory: model.directory, algebra: Kernels(streams: true)).probe()
      func name(_ part: String) -> String {
        ["image": "a fixed picture", "text": "a fixed sequence of token ids", "prompt": "a fixed prompt"][part] ?? part
      }
      // What can no longer be computed counts as a difference.
      let losses = expected.losses(in: found).map { "\(name($0)) no longer has an embedding" }
      let differences = expected.disagreements(with: found).map {
        "\(name($0)) no longer gives the embedding it gave when it was converted"
      }
      return differences + losses + (losses.isEmpty ? [] : notes)
    } catch {
      return ["it does not run: \(error)"]
    }
  }

  /// The output of `--json` for a model. Fields are only ever added.
  struct Result: Encodable {
    let model: String
    let directory: String
    let ok: Bool
    let tensors: Int
    let bytes: Int
    /// Whether the model's probe matches the one from its conversion; nil if it was not run, or none was stored.
    let probeAgrees: Bool?
    /// False if an earlier version converted it, which did not store digests of the tokenizer files.
    let tokenizerChecked: Bool
    /// What is wrong, in sentences without the model's name.
    let defects: [String]

    init(_ model: InstalledModel, _ defects: [String], probed: Bool = false) {
      self.model = "\(model.name)"
      directory = model.directory.path(percentEncoded: false)
      ok = defects.isEmpty
      tensors = model.description.digests.count
      bytes = model.weightBytes
      probeAgrees = probed ? defects.isEmpty : nil
      tokenizerChecked = !model.lacksTokenizerDigests
      self.defects = defects
    }

    init(_ model: BrokenModel) {
      self.model = "\(model.name)"
      directory = model.directory.path(percentEncoded: false)
      (ok, tensors, bytes, probeAgrees, tokenizerChecked) = (false, 0, 0, nil, false)
      defects = ["it cannot be read: \(model.reason)"]
    }

    var text: String {
      if ok {
        let probe = probeAgrees == true ? ", probe agrees" : ""
        let tokenizer = tokenizerChecked ? "" : "; converted before tokenizer files had digests: these were not checked"
        return "\(model)  sound: \(tensors) tensors, \(byteText(bytes))\(probe)\(tokenizer)"
      }
      let lines = defects.map { "  \($0)" }
      // If this is a copy elsewhere, the model with that name in the store is a different one.
      let isInZoo = (try? ModelStore().directoryToRemove(directory)) != nil
      let remedy = isInZoo ? "'zoo rm \(model)' removes it" : "remove \(directory)"
      return (["\(model)  DAMAGED"] + lines + ["  \(remedy); convert or pull it again"])
        .joined(separator: "\n")
    }
  }
}
