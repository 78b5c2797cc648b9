import CZooKernels
import Foundation
import Synchronization
import ZooCheckpoints
import ZooImages
import ZooModels
import ZooTensors
import ZooText

/// A converted model, ready to run.
public final class ZooModel: Sendable {
  public let description: ModelDescription
  /// The folder of the model.
  public let directory: URL
  private let imageTower: VisionRuntime?
  package let engine: Engine
  private let textTower: Lazy<Result<TextRuntime, any Error>>?
  private let tokens: Lazy<Result<any PromptTokenizer, any Error>>?
  let textCache: TextEmbeddingCache?
  /// `noiseEmbedding`, once computed.
  let noise = Mutex<[Float]?>(nil)
  private let scale: Float
  private let bias: Float

  /// Opens the folder of a converted model. Weights are mapped; those that are not f32 are widened.
  ///
  /// Throws a `ModelError`, a `CheckpointError` or a `ManifestError` if the folder does not contain a valid model, and an `AlgebraError` if this
  /// build or processor does not support the backend or the precision.
  ///
  /// - Parameters:
  ///   - threads: The number of threads; all processors by default.
  ///   - textCache: A folder in which text embeddings are cached between processes; nil for none.
  ///   - language: The language of prompts, for models that have several; an invalid one throws when the first prompt is encoded.
  public convenience init(
    directory: URL, backend: Backend = .automatic, precision: Precision = .f32, threads: Int? = nil,
    textCache: URL? = nil, language: String? = nil
  ) throws {
    try self.init(
      directory: directory, algebra: makeAlgebra(backend: backend, precision: precision),
      parallel: Parallel(threads: threads), textCache: textCache, language: language)
  }

  /// The same with a given algebra; nil for the model's choice.
  package convenience init(
    directory: URL, algebra: (any LinearAlgebra)?, parallel: Parallel = Parallel(), textCache: URL? = nil,
    language: String? = nil
  ) throws {
    let algebra = try algebra ?? makeAlgebra()
    var (description, json) = try ModelDescription.readWithText(in: directory)
    if let language { description.architecture.text?.tokenizer.language = language }
    let path = try ModelDescription.path(of: ModelDescription.weightsFileName, in: directory)
    for name in description.tokenizerFiles { _ = try ModelDescription.path(of: name, in: directory) }
    let checkpoint = try Checkpoint.openAsStored(path)
    try ZooModel.check(checkpoint, against: description.architecture, path: path)
    let cache = textCache.map {
      TextEmbeddingCache(
        root: $0, model: json, arithmetic: algebra.name, width: description.architecture.embedding)
    }
    try self.init(
      description: description, directory: directory, algebra: algebra, parallel: parallel, textCache: cache
    ) { try checkpoint.tensor($0) }
  }

  init(
    description: ModelDescription, directory: URL, algebra: any LinearAlgebra, parallel: Parallel,
    textCache: TextEmbeddingCache? = nil,
    lookup: @escaping @Sendable (String) throws -> Tensor
  ) throws {
    self.description = description
    self.directory = directory
    self.textCache = textCache
    let architecture = description.architecture
    if let reason = architecture.unsupported {
      throw ModelError.unsupported(model: description.name.description, reason: reason)
    }
    engine = Engine(algebra: algebra, parallel: parallel)
    let weights = Weights(algebra: algebra, lookup: lookup)
    imageTower = try architecture.vision.map {
      try VisionRuntime(weights, tower: $0, isClassifier: architecture.isClassifier, name: architecture.name)
    }
    scale =
      architecture.logitScale
      ? exp(try weights.scalar("logit_scale")) : architecture.temperature.map { 1 / $0 } ?? 1
    bias = architecture.logitBias ? try weights.scalar("logit_bias") : 0
    if let text = architecture.text {
      textTower = Lazy { Result { try TextRuntime(weights, tower: text) } }
      tokens = Lazy { Result { try loadTokenizer(text.tokenizer, from: directory) } }
    } else {
      (textTower, tokens) = (nil, nil)
    }
  }

  private init(_ other: ZooModel, parallel: Parallel) {
    (description, directory, textCache) = (other.description, other.directory, other.textCache)
    (imageTower, textTower, tokens) = (other.imageTower, other.textTower, other.tokens)
    (scale, bias) = (other.scale, other.bias)
    engine = Engine(algebra: other.engine.algebra, parallel: parallel)
  }

  /// The same model with another number of threads; both share weights, tokenizer and cached embeddings.
  package func with(threads: Int) -> ZooModel { ZooModel(self, parallel: Parallel(threads: threads)) }

  /// The dimensions and choices of the model.
  public var architecture: Architecture { description.architecture }
  /// The library for matrix products, with its kernel.
  public var algebraName: String { engine.algebra.name }
  /// `ARCHITECTURE:TAG`.
  public var name: String { description.name.description }

  private static func check(_ checkpoint: Checkpoint, against architecture: Architecture, path: String) throws {
    for spec in architecture.tensors {
      guard let entry = checkpoint.entry(spec.name) else {
        throw ModelError.missingTensor(file: path, tensor: spec.name)
      }
      let isInt8 = entry.dtype == .i8 && spec.mayBeInt8
      guard entry.shape == spec.shape, entry.dtype.isWeight || isInt8 else {
        throw ModelError.wrongTensor(
          file: path, tensor: spec.name, expected: spec.shape, found: "\(entry.dtype.rawValue) \(entry.shape)")
      }
      if isInt8 { try check(checkpoint, scales: spec.scales, path: path) }
    }
  }

  private static func check(_ checkpoint: Checkpoint, scales spec: TensorSpec, path: String) throws {
    guard let entry = checkpoint.entry(spec.name) else {
      throw ModelError.missingTensor(file: path, tensor: spec.name)
    }
    guard entry.shape == spec.shape, entry.dtype == .f32 else {
      throw ModelError.wrongTensor(
        file: path, tensor: spec.name, expected: spec.shape, found: "\(entry.dtype.rawValue) \(entry.shape)")
    }
  }

  // MARK: Pictures

  /// The image tower; throws `ModelError.noImages` for a text tower alone.
  package var vision: VisionRuntime {
    get throws {
      guard let imageTower else { throw ModelError.noImages(model: name) }
      return imageTower
    }
  }

  /// How pictures become pixels; throws `ModelError.noImages` for a text tower alone.
  public var preprocessing: Preprocessing {
    get throws {
      guard let preprocessing = description.preprocessing else { throw ModelError.noImages(model: name) }
      return preprocessing
    }
  }

  /// What the model sees of a picture.
  ///
  /// - Parameter preprocessing: Nil for the model's own; one with a different size works as well.
  public func preprocess(_ picture: Picture, as preprocessing: Preprocessing? = nil) throws -> PreprocessedPicture {
    ZooImages.preprocess(picture, try preprocessing ?? self.preprocessing)
  }

  /// The embedding of each picture, not normalised; a classifier's logits. Pictures of one size run together.
  public func imageEmbeddings(_ pictures: [PixelTensor]) throws -> [[Float]] {
    try imageEmbeddings(pictures) { _ in }
  }

  /// The same; `step` is called after each block with its number, and throwing ends the pass.
  package func imageEmbeddings(_ pictures: [PixelTensor], step: (Int) throws -> Void) throws -> [[Float]] {
    let vision = try vision
    return try pictures.bySize { pictures, _ in
      let work = try vision.forward(pictures, .steps(of: vision.blocks.count), engine: engine) { try step($0.layer) }
      return vision.pool(work, engine: engine)
    }
  }

  /// Packs the image tower's matrices into the order in which the backend multiplies fastest; worth the time and memory from a few dozen pictures on,
  /// in bf16 and int8 from the second pass on. With `gradients`, also packs those that LeGrad needs; what several prompts need is computed when they
  /// first occur. The text tower's matrices are packed by the first prompt, except in f32.
  ///
  /// - Parameter progress: Called on any thread with the fraction done, from 0 to 1.
  public func pack(gradients: Bool = true, progress: @Sendable (Double) -> Void = { _ in }) {
    keepText()
    guard let imageTower else { return }
    imageTower.pack(gradients: gradients, parallel: engine.parallel) {
      progress(Double($0) / Double(imageTower.blocks.count))
    }
  }

  // MARK: Texts

  /// Announces many prompts, one after the other: the text tower's matrices stay in memory. `pack` does this too.
  package func keepText() { (try? text())?.keepMatrices(precision: engine.algebra.precision) }

  /// The tokenizer that the model was trained with.
  public func tokenizer() throws -> any PromptTokenizer {
    guard let tokens else { throw ModelError.noText(model: name, part: architecture.part) }
    return try tokens.value.get()
  }

  package func text() throws -> TextRuntime {
    guard let textTower else { throw ModelError.noText(model: name, part: architecture.part) }
    return try textTower.value.get()
  }

  /// The embedding of each prompt, not normalised.
  public func textEmbeddings(_ prompts: [String]) throws -> [[Float]] {
    let tokenizer = try tokenizer()
    let tokens = prompts.map(tokenizer.encode)
    guard let textCache else { return try textEmbeddings(tokens: tokens) }
    var known = tokens.map(textCache.embedding)
    let missing = known.indices.filter { known[$0] == nil }
    for (index, embedding) in zip(missing, try textEmbeddings(tokens: missing.map { tokens[$0] })) {
      textCache.keep(embedding, of: tokens[index])
      known[index] = embedding
    }
    return known.compactMap { $0 }
  }

  /// The embedding of each prompt from its token ids, `[prompts][contextLength]`, not normalised.
  public func textEmbeddings(tokens: [[Int32]]) throws -> [[Float]] {
    guard !tokens.isEmpty else { return [] }
    let tower = try text()
    for prompt in tokens {
      guard prompt.count == tower.tower.contextLength else {
        throw ModelError.wrongTokenCount(expected: tower.tower.contextLength, found: prompt.count)
      }
      if let id = prompt.first(where: { $0 < 0 || Int($0) >= tower.tower.vocabulary }) {
        throw ModelError.unknownToken(Int(id), vocabulary: tower.tower.vocabulary)
      }
      if tower.tower.hidesPadding, prompt.allSatisfy({ $0 == tower.tower.tokenizer.padID }) {
        throw ModelError.onlyPadding
      }
    }
    return tower.encode(tokens, engine: engine)
  }

  // MARK: Scores

  /// The scaled similarity of an image and a text embedding, both normalised: what the model was trained on.
  public func logit(cosine: Float) -> Float { scale * cosine + bias }

  /// `exp(logit_scale)`.
  public var logitScale: Float { scale }
  /// The bias added to the scaled cosine; 0 if the model has none.
  public var logitBias: Float { bias }
}

/// The normalised vector, as computed by `torch.nn.functional.normalize`.
package func normalised(_ vector: [Float]) -> [Float] {
  let length = max(vector.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot(), 1e-12)
  return vector.map { Float(Double($0) / length) }
}

/// The dot product of two vectors of the same length.
package func dot(_ a: [Float], _ b: [Float]) -> Float {
  Float(zip(a, b).reduce(0.0) { $0 + Double($1.0) * Double($1.1) })
}

extension ModelDescription {
  /// Reads `model.json` from the folder of a converted model.
  public static func read(from directory: URL) throws -> ModelDescription {
    try readWithText(in: directory).description
  }

  static func readWithText(in directory: URL) throws -> (description: ModelDescription, json: Data) {
    let file = directory.appending(path: fileName).path(percentEncoded: false)
    let json: Data
    do throws(FileError) { json = try readFile(file, limit: Limits.descriptionBytes) } catch {
      guard error.kind != .missing else {
        throw ModelError.notAModel(directory: directory.path(percentEncoded: false))
      }
      throw error
    }
    return (try ModelDescription(json: json, file: file), json)
  }
}

/// Why a model cannot run.
public enum ModelError: ZooError, Equatable {
  /// The folder has no readable `model.json`.
  case notAModel(directory: String)
  /// The runtime does not support a part of the architecture.
  case unsupported(model: String, reason: String)
  /// A tensor of the architecture is missing from the weights.
  case missingTensor(file: String, tensor: String)
  /// The shape or element type of a tensor differs from the architecture's.
  case wrongTensor(file: String, tensor: String, expected: [Int], found: String)
  /// A prompt was given to a classifier or an image tower alone.
  case noText(model: String, part: ModelPart)
  /// A picture was given to a text tower alone.
  case noImages(model: String)
  /// An embedding was requested from a classifier.
  case noEmbedding(model: String)
  /// The number of tokens in a prompt differs from the text tower's context length.
  case wrongTokenCount(expected: Int, found: Int)
  /// The text tower has no row for a token.
  case unknownToken(Int, vocabulary: Int)
  /// The prompt consists of padding alone, but the text tower masks padding.
  case onlyPadding
  /// A tower outputs NaN, infinities or only zeros.
  case brokenEmbedding(model: String, what: String)

  public var blame: Blame { if case .brokenEmbedding = self { .work } else { .input } }

  public var description: String {
    switch self {
    case .notAModel(let directory): "\(directory) is not a converted model: it has no readable model.json"
    case .unsupported(let model, let reason): "\(model) cannot run: \(reason)"
    case .missingTensor(let file, let tensor): "\(file) has no tensor '\(tensor)'"
    case .wrongTensor(let file, let tensor, let expected, let found):
      "\(file): tensor '\(tensor)' is \(found), expected weights of shape \(expected)"
    case .noText(let model, .classifier): "\(model) is a classifier: it has classes, not prompts"
    case .noText(let model, _): "\(model) is an image tower alone: it cannot embed prompts"
    case .noImages(let model): "\(model) is a text tower alone: it cannot embed pictures"
    case .noEmbedding(let model): "\(model) is a classifier: it gives scores of its classes, not embeddings"
    case .wrongTokenCount(let expected, let found): "a prompt has \(found) tokens, the model takes \(expected)"
    case .unknownToken(let id, let vocabulary):
      "token \(id) is not in the model's vocabulary of \(vocabulary): the tokenizer does not fit the model"
    case .onlyPadding: "a prompt is nothing but padding, which the text tower does not see"
    case .brokenEmbedding(let model, let what):
      "\(model) does not work: its embedding of \(what) holds NaN or infinite numbers, or nothing but zeros"
    }
  }
}

extension ZooModel {
  /// The name of a classifier's class, by index.
  public func className(_ index: Int) -> String {
    guard let labels = description.labels, labels.indices.contains(index) else { return "class \(index)" }
    return labels[index]
  }

  /// The index of a classifier's class, by its number or its name.
  public func classIndex(_ text: String) -> Int? {
    if let index = Int(text) { return index }
    return description.labels?.firstIndex { $0.lowercased() == text.lowercased() }
  }
}
