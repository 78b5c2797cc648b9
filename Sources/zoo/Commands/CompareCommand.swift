import ArgumentParser
import Foundation
import ZooExplain
import ZooImages
import ZooModels
import ZooRuntime
import ZooStore

struct CompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare", abstract: "Compares two ways of running a model: embeddings and heat maps.",
    discussion: """
      The first way is f32 on BLAS, the reference path; the second is what --backend and --precision say. Without pictures, \
      made-up ones are taken.
      """)

  @Argument(
    help: "An installed model, or any registered ARCHITECTURE[:TAG] with seeded random weights.",
    completion: .knownModels)
  var model: String

  @OptionGroup var inputs: PictureInputs

  @Option(name: [.customShort("p"), .customLong("prompt")], help: "What to look for; made-up directions by default.")
  var prompts: [String] = []

  @Option(help: "official: the authors' code; paper: the paper's formulas.")
  var variant: LeGrad.Variant = .official

  @Option(help: "all, last:2, last:40%, 7 or 5-11; the first layer is 0.")
  var layers = "all"

  @Option(help: "Seed of the random weights.")
  var seed: UInt64 = 1

  @Flag(help: "Pack the weights of the second way, as for many pictures.")
  var packed = false

  @Flag(help: "As JSON.")
  var json = false

  @OptionGroup var pictureOptions: PictureOptions
  @OptionGroup var runOptions: RunOptions
  @OptionGroup var registryOptions: RegistryOptions

  func run() throws {
    let method = LeGrad(variant: variant, layers: try LayerSelection(layers))
    var notes = Notes(isQuiet: runOptions.quiet)
    let paths = try inputs.paths(notes: &notes)
    let second = try runOptions.algebra()
    func explain(_ algebra: any LinearAlgebra, packed: Bool) throws -> [MethodOutput] {
      let model = try loadOrMakeUp(
        model, algebra: algebra, parallel: runOptions.parallel, seed: seed, registry: registryOptions)
      if packed { model.pack() }
      let loader = try pictureOptions.loader(for: model, notes: &notes)
      notes.isQuiet = true  // said once
      let pictures =
        try paths.isEmpty
        ? [testPicture(loader.preprocessing.size)] : paths.map { try loader.load(path: $0).input.tensor }
      let directions =
        try prompts.isEmpty
        ? (0..<4).map { testEmbedding(model.architecture.embedding, seed: $0) }
        : model.textEmbeddings(prompts).map(normalised)
      let progress = Progress("explaining", total: pictures.count, quiet: runOptions.quiet)
      defer { progress.finish() }
      return try pictures.enumerated().flatMap { index, picture in
        progress.update(index)
        return try method.explain([picture], prompts: directions, model: model)
      }
    }
    let (want, got) = (try explain(BLAS(), packed: false), try explain(second, packed: packed))
    let cosines = zip(want, got).map { dot(normalised($0.embedding), normalised($1.embedding)) }
    let pairs = zip(want, got).flatMap { zip($0.heatmaps, $1.heatmaps) }
    let ranks = pairs.map { rankCorrelation($0.values, $1.values) }
    let differences = pairs.map { pair in
      zip(pair.0.picture(), pair.1.picture()).reduce(Float(0)) { max($0, abs($1.0 - $1.1)) }
    }
    let report = Report(
      model: model, reference: BLAS().name, compared: second.name + (packed ? ", packed" : ""),
      precision: runOptions.precision,
      pictures: want.count, maps: pairs.count, embeddingCosine: .init(cosines), mapRankCorrelation: .init(ranks),
      mapDifference: .init(differences))
    if json { try printJSON(report) } else { print(report.text) }
  }

  struct Report: Encodable {
    let model: String
    let reference: String
    let compared: String
    let precision: Precision
    let pictures: Int
    let maps: Int
    /// Cosine of the image embeddings.
    let embeddingCosine: Spread
    /// Spearman's rank correlation of the raw maps.
    let mapRankCorrelation: Spread
    /// Largest difference of the maps from 0 to 1.
    let mapDifference: Spread

    struct Spread: Encodable {
      let minimum: Float
      let median: Float
      let maximum: Float

      init(_ values: [Float]) {
        let sorted = values.sorted()
        minimum = sorted.first ?? .nan
        median = sorted.isEmpty ? .nan : sorted[sorted.count / 2]
        maximum = sorted.last ?? .nan
      }
    }

    var text: String {
      var table = Table(["", "MINIMUM", "MEDIAN", "MAXIMUM"], right: [1, 2, 3])
      for (name, spread) in [
        ("cosine of image embeddings", embeddingCosine), ("rank correlation of maps", mapRankCorrelation),
        ("largest difference of 0...1 maps", mapDifference),
      ] { table.add([name] + [spread.minimum, spread.median, spread.maximum].map { String(format: "%.6f", $0) }) }
      return """
        \(model): \(compared), against \(reference) in f32
        \(pictures) pictures, \(maps) maps

        \(table.text)
        """
    }
  }
}

/// An installed model, or a registered architecture with seeded random weights.
func loadOrMakeUp(
  _ reference: String, algebra: any LinearAlgebra, parallel: Parallel, seed: UInt64, registry: RegistryOptions,
  random: Bool = false
) throws -> Model {
  if !random, let directory = try? Store().resolve(reference) {
    return try Model(directory: directory, algebra: algebra, parallel: parallel)
  }
  let (manifest, weights) = try registry.registry().resolve(ModelName(reference))
  let architecture = weights.map(manifest.architecture.trained) ?? manifest.architecture
  let preprocessing = weights?.preprocessing ?? architecture.vision.map { Preprocessing(size: $0.image) }
  return try Model(
    random: architecture, preprocessing: preprocessing, seed: seed, algebra: algebra, parallel: parallel)
}

/// Spearman's rank correlation; equal values share the mean of their ranks.
func rankCorrelation(_ a: [Float], _ b: [Float]) -> Float {
  func ranks(_ values: [Float]) -> [Double] {
    let order = values.indices.sorted { values[$0] < values[$1] }
    var ranks = [Double](repeating: 0, count: values.count), start = 0
    while start < order.count {
      var end = start
      while end + 1 < order.count, values[order[end + 1]] == values[order[start]] { end += 1 }
      for place in start...end { ranks[order[place]] = Double(start + end) / 2 }
      start = end + 1
    }
    return ranks
  }
  let (x, y) = (ranks(a), ranks(b)), middle = Double(a.count - 1) / 2
  var (xy, xx, yy) = (0.0, 0.0, 0.0)
  for (p, q) in zip(x, y) {
    xy += (p - middle) * (q - middle)
    xx += (p - middle) * (p - middle)
    yy += (q - middle) * (q - middle)
  }
  return Float(xx == 0 || yy == 0 ? (xx == yy ? 1 : 0) : xy / (xx * yy).squareRoot())
}
