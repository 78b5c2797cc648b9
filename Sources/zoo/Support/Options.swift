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

/// Which manifests are known: the built-in ones, `$ZOO_HOME/manifests`, then `--manifest`.
struct RegistryOptions: ParsableArguments {
  @Option(name: .customLong("manifest"), help: ArgumentHelp("One more manifest.", valueName: "file"))
  var manifestFiles: [String] = []

  /// Says on standard error which files of `$ZOO_HOME/manifests` are left out: they keep nothing else from working.
  func registry(store: Store = Store()) throws -> Registry {
    let registry = try Self.registry(store: store, and: manifestFiles)
    for problem in registry.problems { Terminal.note("\(problem): it is left out") }
    return registry
  }

  static func registry(store: Store = Store(), and files: [String] = []) throws -> Registry {
    let folder = store.manifests
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    let inHome = names.filter { $0.hasSuffix(".json") }.sorted().map { folder.appending(path: $0).path }
    return try Registry(layers: [Registry.builtInManifests, files.map(read)], optional: inHome)
  }

  private static func read(_ path: String) throws -> (file: String, json: Data) {
    do throws(FileError) {
      return (path, try readFile(path, limit: Limits.descriptionBytes))
    } catch {
      throw CallError.unreadable(file: path, reason: error.reason)
    }
  }
}

/// How a model runs.
struct RunOptions: ParsableArguments {
  @Option(help: "Threads to use; all processors by default.")
  var threads: Int?

  @Option(help: "What multiplies: automatic, own, blas or onednn.")
  var backend: Backend = .automatic

  @Option(help: "What products are computed in: f32 or bf16.")
  var precision: Precision = .f32

  @Option(
    help: ArgumentHelp(
      "The language of the prompts, for NLLB models, as in deu_Latn; English by default.", valueName: "code"))
  var language: String?

  @Flag(help: "Nothing on standard error but errors.")
  var quiet = false

  mutating func validate() throws {
    if let threads, !Limits.threads.contains(threads) {
      throw ValidationError("--threads must be between 1 and \(Limits.threads.upperBound).")
    }
  }

  var parallel: Parallel { Parallel(threads: threads) }

  func algebra() throws -> any LinearAlgebra { try makeAlgebra(backend: backend, precision: precision) }

  func load(_ reference: String) throws -> Model {
    let store = Store(), directory = try store.resolve(reference)
    let model = try open(directory, of: store)
    // A language that is not there is said before any work is done.
    if language != nil { _ = try model.tokenizer() }
    store.noteUse(of: directory)
    return model
  }

  /// The model in a directory, as the options have it run.
  func open(_ directory: URL, of store: Store) throws -> Model {
    try Model(
      directory: directory, algebra: algebra(), parallel: parallel, textCache: store.textCache, language: language)
  }

  /// In bf16 weights are rounded once and kept where more than one pass will come.
  func prepare(
    _ model: Model, passes: Int, gradients: Bool = true, progress: @Sendable (Double) -> Void = { _ in }
  ) {
    if precision == .bf16, passes > 1 { model.pack(gradients: gradients, progress: progress) }
  }
}

/// How pictures reach the model.
struct PictureOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Another input size, N or HEIGHTxWIDTH in pixels.", valueName: "size"))
  var size: String?

  @Option(
    help: ArgumentHelp(
      "The most patches that a picture is cut into, for NaFlex models, whose pictures keep their proportions.",
      valueName: "count"))
  var maxPatches: Int?

  @Option(help: "Another way to fit a picture: shortest (and crop), squash or longest (and fill).")
  var resize: Preprocessing.ResizeMode?

  @Flag(help: "Turn pictures upright by their EXIF orientation. The Python tools do not.")
  var upright = false

  @Option(
    help: ArgumentHelp(
      "The most pixels that a picture file may have; \(Image.pixelLimit) by default, as in Pillow.", valueName: "count")
  )
  var maxPixels = Image.pixelLimit

  mutating func validate() throws {
    if maxPatches != nil, size != nil || resize != nil {
      throw ValidationError("--max-patches goes without --size and --resize, which are for one size.")
    }
    if let maxPatches, !Limits.patches.contains(maxPatches) {
      throw ValidationError(
        "--max-patches must be between \(Limits.patches.lowerBound) and \(Limits.patches.upperBound).")
    }
    if !Image.pixelLimits.contains(maxPixels) {
      throw ValidationError("--max-pixels must be between 1 and \(Image.pixelLimits.upperBound).")
    }
  }

  func preprocessing(of model: Model) throws -> Preprocessing {
    var result = try model.preprocessing
    if let size { result.scale(to: try Self.parse(size, patch: model.vision.tower.patch)) }
    if let resize { (result.resizeMode, result.naflex) = (resize, nil) }
    if let maxPatches {
      guard result.naflex != nil else { throw CallError.fixedSize(model: model.name) }
      result.naflex?.maxPatches = maxPatches
    }
    return result
  }

  static func parse(_ text: String, patch: Int) throws -> GridSize {
    let sides = text.lowercased().split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
    guard (1...2).contains(sides.count), let height = sides[0], let width = sides[sides.count - 1],
      height > 0, width > 0
    else { throw CallError.badSize(text) }
    let limit = Limits.side.upperBound
    guard max(height, width) <= limit else { throw CallError.sizeAboveLimit(text, limit: limit) }
    let size = GridSize(height: height, width: width)
    guard min(height, width) >= patch else { throw CallError.sizeBelowPatch(size, patch: patch) }
    guard Limits.patches.contains((height / patch) * (width / patch)) else {
      throw CallError.tooManyPatches(size, patch: patch)
    }
    return size
  }

  /// How pictures are brought to the model, with notes on the size.
  func loader(for model: Model, notes: inout Notes) throws -> PictureLoader {
    let preprocessing = try preprocessing(of: model)
    if size != nil { try note(preprocessing.size, of: model, in: &notes) }
    return PictureLoader(preprocessing: preprocessing, upright: upright, pixelLimit: maxPixels)
  }

  private func note(_ size: GridSize, of model: Model, in notes: inout Notes) throws {
    let tower = try model.vision.tower, patch = tower.patch
    let seen = GridSize(height: size.height / patch * patch, width: size.width / patch * patch)
    if seen != size {
      notes.add("Of \(size) pixels, the model sees the \(seen) that whole patches of \(patch) pixels cover.")
    }
    let work = Workload(tower, text: nil, size: size)
    let usual = Workload(tower, text: nil, size: try model.preprocessing.size)
    if work.tokenCount > Self.manyTokens {
      let factor = Int((work.imageTower / usual.imageTower).rounded())
      notes.add(
        "A picture of \(size) has \(work.tokenCount) tokens: about \(factor) times the work of the model's own "
          + "\(try model.preprocessing.size).")
    }
  }

  /// More tokens a picture than this are worth a note.
  private static let manyTokens = 4096
}

extension Preprocessing.ResizeMode: ExpressibleByArgument {}
extension LeGrad.Variant: ExpressibleByArgument {}
extension LeGrad.Score: ExpressibleByArgument {}
extension LeGrad.Tokens: ExpressibleByArgument {}
extension ColorMap: ExpressibleByArgument {}
extension Activation: ExpressibleByArgument {
  /// SiLU belongs to gated blocks, which their tensors show: nobody chooses it.
  private static let choices: [Activation] = [.gelu, .geluTanh, .quickGELU]
  public static var allValueStrings: [String] { choices.map(\.rawValue) }

  public init?(argument: String) {
    guard let choice = Self.choices.first(where: { $0.rawValue == argument }) else { return nil }
    self = choice
  }
}
extension Backend: ExpressibleByArgument {}
extension Precision: ExpressibleByArgument {}
