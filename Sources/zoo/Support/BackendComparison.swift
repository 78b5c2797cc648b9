import ArgumentParser
import ZooEvaluate
import ZooExplain
import ZooImages
import ZooModels
import ZooRuntime

/// Options of `zoo bench --compare`.
struct BackendComparisonOptions: ParsableArguments {
  @OptionGroup var inputs: PictureInputs

  @Option(name: [.customShort("p"), .customLong("prompt")], help: "A prompt; by default random directions.")
  var prompts: [String] = []

  @Option(help: "LeGrad as in the authors' code (official, the default) or by the paper's formulas (paper).")
  var variant: LeGrad.Variant?

  @Option(
    help: ArgumentHelp(
      "Also say how mIoU, pointing and pixel AP change on scenes as 'zoo eval pointing' reads them.",
      valueName: "dir"))
  var data: String?

  @Flag(help: "Pack the weights of the backend that is compared, as for many pictures.")
  var packed = false

  /// Throws if one of them is given without `--compare`.
  func refuse() throws {
    let given = [
      ("a picture", !inputs.images.isEmpty), ("--prompt", !prompts.isEmpty), ("--variant", variant != nil),
      ("--data", data != nil), ("--packed", packed),
    ]
    if let option = given.first(where: \.1)?.0 {
      throw CallError.ignored(option: option, reason: "it belongs to --compare")
    }
  }
}

/// Two ways to run one model: f32 on BLAS, the reference path, and the one that a call selects.
struct BackendComparison {
  let model: String
  /// Pictures; generated ones if there are none.
  let paths: [String]
  /// Random directions are used if there are none.
  let prompts: [String]
  let method: LeGrad
  /// A folder of scenes.
  let data: String?
  /// Whether to pack the weights for the second way, as for many pictures.
  let packed: Bool
  let seed: UInt64
  let pictureOptions: PictureOptions
  let runOptions: RunOptions
  let registryOptions: RegistryOptions

  func report(notes: inout Notes) throws -> BackendReport {
    let scenes = try data.map { try PointingProtocol(scenesIn: $0) }
    let second = try runOptions.algebra()
    let (want, directions, before) = try outputs(BLAS(), packed: false, on: scenes, notes: &notes)
    var said = Notes(isQuiet: true)  // once is enough
    let (got, others, after) = try outputs(second, packed: packed, on: scenes, notes: &said)
    let cosines = zip(want, got).map { dot(normalised($0.embedding), normalised($1.embedding)) }
    let promptCosine = prompts.isEmpty ? nil : BackendReport.Spread(zip(directions, others).map(dot))
    let pairs = zip(want, got).flatMap { zip($0.heatmaps, $1.heatmaps) }
    let ranks = pairs.map { rankCorrelation($0.values, $1.values) }
    let differences = pairs.map { pair in
      zip(pair.0.pixels(), pair.1.pixels()).reduce(Float(0)) { max($0, abs($1.0 - $1.1)) }
    }
    return BackendReport(
      model: model, reference: BLAS().name, compared: second.name + (packed ? ", packed" : ""),
      precision: runOptions.precision, pictures: want.count, maps: pairs.count, embeddingCosine: .init(cosines),
      promptCosine: promptCosine, mapRankCorrelation: .init(ranks), mapDifference: .init(differences),
      evaluation: scenes.map { _ in
        zip(PointingProtocol.figures, zip(before, after)).map {
          .init(figure: $0.name, reference: $1.0, compared: $1.1)
        }
      })
  }

  /// The method's results for each picture and prompt, the prompts' embeddings, and the figures on scenes if there are any.
  private func outputs(
    _ algebra: any LinearAlgebra, packed: Bool, on scenes: PointingProtocol?, notes: inout Notes
  ) throws -> (found: [MethodOutput], directions: [[Float]], figures: [Double]) {
    let model = try loadOrMakeUp(
      model, algebra: algebra, parallel: runOptions.parallel, seed: seed, registry: registryOptions)
    if packed { model.pack() }
    let loader = try pictureOptions.loader(for: model, notes: &notes)
    let pictures =
      try paths.isEmpty
      ? [testPicture(loader.preprocessing.size)] : paths.map { try loader.load(path: $0).input.tensor }
    let directions =
      try prompts.isEmpty
      ? (0..<4).map { testEmbedding(model.architecture.embedding, seed: $0) }
      : model.textEmbeddings(prompts).map(normalised)
    let progress = Progress("explaining", total: pictures.count, quiet: runOptions.quiet)
    defer { progress.finish() }
    let found = try pictures.enumerated().flatMap { index, picture in
      progress.update(index)
      return try method.explain([picture], prompts: directions, model: model)
    }
    progress.finish()
    return (found, directions, try scenes.map { try figures(of: model, on: $0, loader) } ?? [])
  }

  /// Of the method alone, without the correction for models with SigLIP's pooler, as its maps are compared above.
  private func figures(of model: ZooModel, on scenes: PointingProtocol, _ loader: PictureLoader) throws -> [Double] {
    var explainer = Explainer(model: model, method: method)
    explainer.correction = nil
    let progress = Progress("evaluating", total: scenes.samples.count, quiet: runOptions.quiet)
    defer { progress.finish() }
    let table = try scenes.table([explainer], PromptTemplates.plain, loader: loader) { progress.update($0.done) }
    return table.methods[0].values.map(\.value)
  }
}
