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

/// What is wrong with a call that the argument parser cannot see.
enum CallError: ZooError, Equatable {
  case blankPrompt(Int)
  case noPrompts
  case noImages(String)
  case badSize(String)
  case sizeBelowPatch(GridSize, patch: Int)
  case unreadable(file: String, reason: String)
  case unwritable(String, reason: String)

  var blame: Blame { .input }

  var description: String {
    switch self {
    case .blankPrompt(let number): "prompt \(number) is blank; write what to look for, as in -p \"a photo of a cat\""
    case .noPrompts: "there is no prompt; add -p \"a photo of a cat\" or --prompts FILE"
    case .noImages(let folder): "\(folder) holds no pictures (JPEG, PNG or WebP)"
    case .badSize(let text): "'\(text)' is no size; write --size 448 or --size 336x448 (height x width)"
    case .sizeBelowPatch(let size, let patch):
      "a picture of \(size) holds no patch of \(patch) pixels; take a larger --size"
    case .unreadable(let file, let reason): "\(file) cannot be read: \(reason)"
    case .unwritable(let file, let reason): "\(file) cannot be written: \(reason)"
    }
  }
}

/// Which manifests are known: the built-in ones, `$ZOO_HOME/manifests`, then `--manifest`.
struct RegistryOptions: ParsableArguments {
  @Option(name: .customLong("manifest"), help: ArgumentHelp("One more manifest.", valueName: "file"))
  var manifestFiles: [String] = []

  func registry(store: Store = Store()) throws -> Registry {
    try Self.registry(store: store, and: manifestFiles)
  }

  static func registry(store: Store = Store(), and files: [String] = []) throws -> Registry {
    let folder = store.manifests
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    let inHome = try names.filter { $0.hasSuffix(".json") }.sorted().map { name in
      try read(folder.appending(path: name).path)
    }
    return try Registry(layers: [Registry.builtInManifests, inHome, files.map(read)])
  }

  private static func read(_ path: String) throws -> (file: String, json: Data) {
    do {
      return (path, try Data(contentsOf: URL(filePath: path)))
    } catch {
      throw CallError.unreadable(file: path, reason: "it is missing or may not be read")
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

  @Flag(help: "Nothing on standard error but errors.")
  var quiet = false

  mutating func validate() throws {
    if let threads, threads < 1 { throw ValidationError("--threads must be at least 1.") }
  }

  var parallel: Parallel { Parallel(threads: threads) }

  func algebra() throws -> any LinearAlgebra { try makeAlgebra(backend: backend, precision: precision) }

  func load(_ reference: String) throws -> Model {
    let store = Store()
    return try Model(
      directory: try store.resolve(reference), algebra: algebra(), parallel: parallel, textCache: store.textCache)
  }

  /// In bf16 weights are rounded once and kept where more than one pass will come.
  func prepare(_ model: Model, passes: Int, gradients: Bool = true) {
    if precision == .bf16, passes > 1 { model.pack(gradients: gradients) }
  }
}

/// What to look for.
struct PromptOptions: ParsableArguments {
  @Option(name: [.customShort("p"), .customLong("prompt")], help: ArgumentHelp("What to look for.", valueName: "text"))
  var prompts: [String] = []

  @Option(name: .customLong("prompts"), help: ArgumentHelp("A file with one prompt a line.", valueName: "file"))
  var file: String?

  var isEmpty: Bool { prompts.isEmpty && file == nil }

  func all() throws -> [String] {
    var all = prompts
    if let file {
      guard let text = try? String(contentsOfFile: file, encoding: .utf8) else {
        throw CallError.unreadable(file: file, reason: "it is missing, may not be read or is no UTF-8 text")
      }
      all += text.split(whereSeparator: \.isNewline).map(String.init).filter { !isBlank($0) }
    }
    guard !all.isEmpty else { throw CallError.noPrompts }
    if let blank = all.firstIndex(where: isBlank) { throw CallError.blankPrompt(blank + 1) }
    return all
  }
}

/// How pictures reach the model.
struct PictureOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Another input size, N or HEIGHTxWIDTH in pixels.", valueName: "size"))
  var size: String?

  @Option(help: "Another way to fit a picture: shortest (and crop), squash or longest (and fill).")
  var resize: Preprocessing.ResizeMode?

  @Flag(help: "Turn pictures upright by their EXIF orientation. The Python tools do not.")
  var upright = false

  func preprocessing(of model: Model) throws -> Preprocessing {
    var result = try model.preprocessing
    if let size { result.scale(to: try Self.parse(size, patch: model.vision.tower.patch)) }
    if let resize { result.resizeMode = resize }
    return result
  }

  static func parse(_ text: String, patch: Int) throws -> GridSize {
    let sides = text.lowercased().split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
    guard (1...2).contains(sides.count), let height = sides[0], let width = sides[sides.count - 1],
      (1...8192).contains(height), (1...8192).contains(width)
    else { throw CallError.badSize(text) }
    let size = GridSize(height: height, width: width)
    guard min(height, width) >= patch else { throw CallError.sizeBelowPatch(size, patch: patch) }
    return size
  }

  func load(_ url: URL, for model: Model, _ preprocessing: Preprocessing) throws -> PreprocessedImage {
    let image = try Image.decode(contentsOf: url)
    return preprocess(upright ? image.upright() : image, preprocessing)
  }

  /// The pictures that paths stand for: files as they are, folders by what they hold.
  static func pictures(_ paths: [String]) throws -> [URL] {
    try paths.flatMap { path -> [URL] in
      var isFolder: ObjCBool = false
      guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
        throw CallError.unreadable(file: path, reason: "there is no such file")
      }
      guard isFolder.boolValue else { return [URL(filePath: path)] }
      let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
      let found = names.filter { name in
        !name.hasPrefix(".") && ["jpg", "jpeg", "png", "webp"].contains { name.lowercased().hasSuffix("." + $0) }
      }
      guard !found.isEmpty else { throw CallError.noImages(path) }
      return found.sorted { $0.standsBefore($1) }
        .map { URL(filePath: path).appending(path: $0) }
    }
  }
}

/// Reads `off` or `PROMPT[,THRESHOLD]`.
func correction(_ text: String) -> Correction? {
  if text == "off" { return nil }
  guard let comma = text.lastIndex(of: ","), let threshold = Float(text[text.index(after: comma)...]) else {
    return Correction(prompt: text)
  }
  return Correction(prompt: String(text[..<comma]), threshold: threshold)
}

extension Preprocessing.ResizeMode: ExpressibleByArgument {}
extension LeGrad.Variant: ExpressibleByArgument {}
extension LeGrad.Score: ExpressibleByArgument {}
extension LeGrad.Tokens: ExpressibleByArgument {}
extension ColorMap: ExpressibleByArgument {}
extension Activation: ExpressibleByArgument {}
extension Backend: ExpressibleByArgument {}
extension Precision: ExpressibleByArgument {}
