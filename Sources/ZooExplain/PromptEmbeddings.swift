import Foundation
import ZooCheckpoints
import ZooModels
import ZooRuntime
import ZooTensors

/// Embeddings of prompts that were computed elsewhere: an image tower alone needs them instead of prompts.
public struct PromptEmbeddings: Sendable {
  /// One for each vector; reports show them instead of prompts.
  public let names: [String]
  /// `[prompts][width]`, finite and not zero; their lengths do not matter.
  public let vectors: [[Float]]

  /// Creates prompts from embeddings; requires as many names as vectors.
  public init(names: [String], vectors: [[Float]]) { (self.names, self.vectors) = (names, vectors) }

  /// - Parameters:
  ///   - file: An NPY file of shape `[prompts, width]`, or `[width]` for one prompt, in any floating-point type.
  ///   - names: A text file with one name per line; without it the prompts are numbered from 1.
  public init(file: String, names: String?) throws {
    let checkpoint = try Checkpoint.open(file)
    guard checkpoint.container == .npy, let entry = checkpoint.entries.first else {
      throw EmbeddingsError.notAnArray(file)
    }
    guard (1...2).contains(entry.shape.count), !entry.shape.contains(0), let width = entry.shape.last,
      let values = try checkpoint.tensor(entry.name).floats()
    else { throw EmbeddingsError.wrongShape(file, found: "\(entry.dtype.rawValue) \(entry.shape)") }
    vectors = stride(from: 0, to: values.count, by: width).map { Array(values[$0..<$0 + width]) }
    for (row, vector) in vectors.enumerated() {
      guard vector.allSatisfy(\.isFinite) else { throw EmbeddingsError.notFinite(file, row: row) }
      guard vector.contains(where: { $0 != 0 }) else { throw EmbeddingsError.zero(file, row: row) }
    }
    let count = vectors.count
    self.names = try names.map { try Self.read(names: $0, count: count) } ?? (1...count).map(String.init)
  }

  private static func read(names file: String, count: Int) throws -> [String] {
    guard let text = try? String(contentsOfFile: file, encoding: .utf8) else {
      throw EmbeddingsError.unreadableNames(file)
    }
    let lines = text.split(whereSeparator: \.isNewline).map { $0.trimmed }
    let names = lines.filter { !$0.isEmpty }
    guard names.count == count else { throw EmbeddingsError.wrongNames(file, found: names.count, expected: count) }
    return names
  }
}

extension Explainer {
  /// Uses embeddings from elsewhere as prompts. Prompts can only be recognised as absent, and maps corrected, if the model has a text tower and a
  /// tokenizer, which provide the embedding of a prompt that names nothing.
  ///
  /// Throws `EmbeddingsError.wrongWidth` if their width differs from the model's own.
  public func prepare(_ embeddings: PromptEmbeddings) throws -> PreparedPrompts {
    let architecture = model.architecture
    if architecture.isClassifier { throw EmbeddingsError.classifier(model: model.name) }
    let width = embeddings.vectors.first?.count ?? 0
    guard width == architecture.embedding else {
      throw EmbeddingsError.wrongWidth(model: model.name, expected: architecture.embedding, found: width)
    }
    if !negatives.isEmpty { throw EmbeddingsError.negatives }
    let empty =
      architecture.text == nil || model.description.tokenizerFiles.isEmpty
      ? nil : try model.textEmbeddings([correction?.prompt ?? Correction.emptyPrompt]).map(normalised).first
    let vectors = embeddings.vectors.map(normalised)
    return PreparedPrompts(
      prompts: embeddings.names, embeddings: vectors, directions: vectors, empty: empty,
      absentBelow: try empty.flatMap { try model.absentLimit(empty: $0) })
  }
}

/// Why embeddings of prompts cannot be used.
public enum EmbeddingsError: ZooError, Equatable {
  /// The file is not an NPY file.
  case notAnArray(String)
  /// The array does not have the shape `[prompts, width]`, or its elements are not floating-point numbers.
  case wrongShape(String, found: String)
  /// A row contains NaN or infinite numbers.
  case notFinite(String, row: Int)
  /// A row is all zeros.
  case zero(String, row: Int)
  /// The file of names is not UTF-8 text.
  case unreadableNames(String)
  /// The number of names differs from that of embeddings.
  case wrongNames(String, found: Int, expected: Int)
  /// The embeddings belong to a different model.
  case wrongWidth(model: String, expected: Int, found: Int)
  /// The model is a classifier, which has classes.
  case classifier(model: String)
  /// Negative prompts cannot be combined with embeddings.
  case negatives

  public var blame: Blame { .input }

  public var description: String {
    switch self {
    case .notAnArray(let file): "\(file) is not an NPY file; save the embeddings with numpy.save"
    case .wrongShape(let file, let found):
      "\(file) holds \(found), not floating-point numbers of shape [prompts, width]"
    case .notFinite(let file, let row): "\(file): row \(row) holds NaN or infinite numbers"
    case .zero(let file, let row): "\(file): row \(row) is zero throughout, which is the embedding of no prompt"
    case .unreadableNames(let file): "\(file) cannot be read as UTF-8 text with one name a line"
    case .wrongNames(let file, let found, let expected):
      "\(file) has \(found) names for \(expected) embeddings; write one a line, in their order"
    case .wrongWidth(let model, let expected, let found):
      "\(model) gives embeddings of width \(expected), these have width \(found): they belong to another model"
    case .classifier(let model): "\(model) is a classifier: it has classes, which --class names, not embeddings"
    case .negatives: "--negative takes prompts, which embeddings from elsewhere cannot be compared with"
    }
  }
}
