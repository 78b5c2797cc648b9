import ArgumentParser
import Foundation
import ZooExplain
import ZooImages
import ZooManifests
import ZooModels
import ZooRuntime
import ZooStore
import ZooTensors
import ZooText

/// How a model runs.
struct RunOptions: ParsableArguments {
  @Option(help: "Number of threads; by default one for each processor that this process may use.")
  var threads: Int?

  @Option(help: "Matrix-multiplication backend.")
  var backend: Backend = .automatic

  @Option(help: "Precision of matrix products; int8 for the matrices of the blocks only.")
  var precision: Precision = .f32

  @Option(
    help: ArgumentHelp(
      "Language of the prompts for NLLB models, such as deu_Latn; English by default.", valueName: "code"))
  var language: String?

  @Flag(help: "Print only errors to standard error.")
  var quiet = false

  mutating func validate() throws {
    if let threads, !Limits.threads.contains(threads) {
      throw ValidationError("--threads must be between 1 and \(Limits.threads.upperBound).")
    }
  }

  var parallel: Parallel { Parallel(threads: threads) }

  func algebra() throws -> any LinearAlgebra {
    try makeAlgebra(backend: backend, precision: precision, tuning: ModelStore().tuning)
  }

  func load(_ reference: String) throws -> ZooModel {
    let store = ModelStore(), directory = try store.resolve(reference)
    let model = try open(directory, of: store)
    // Reports an unknown language before any work is done.
    if language != nil { _ = try model.tokenizer() }
    store.noteUse(of: directory)
    return model
  }

  /// Opens the model in a folder with these options.
  func open(_ directory: URL, of store: ModelStore) throws -> ZooModel {
    try ZooModel(
      directory: directory, algebra: algebra(), parallel: parallel, textCache: store.textCache, language: language)
  }

  /// If weights must be rounded and more than one pass will follow, rounds them once and keeps them.
  func prepare(
    _ model: ZooModel, passes: Int, gradients: Bool = true, progress: @Sendable (Double) -> Void = { _ in }
  ) {
    if precision != .f32, passes > 1 { model.pack(gradients: gradients, progress: progress) }
  }
}
