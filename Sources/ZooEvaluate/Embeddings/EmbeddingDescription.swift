import ZooImages
import ZooRuntime
import ZooTensors

/// A folder of embeddings: `embeddings.json`, `index.jsonl` with a line for each input, and files of shape `[rows, width]`.
package typealias EmbeddingJournal = RunJournal<EmbeddingDescription, EmbeddingLine>

/// The content of `embeddings.json`.
package struct EmbeddingDescription: RunDescription {
  package static let fileName = "embeddings.json"
  package static let linesName = "index.jsonl"

  package var schema = 1
  /// What was embedded.
  package var kind: Kind
  /// `ARCHITECTURE:TAG`.
  package var model: String
  /// SHA-256 of the digests of all its tensors and of its description.
  package var modelDigest: String
  /// SHA-256 of the ids and locations of all inputs.
  package var dataDigest: String
  /// The number of inputs of all shards together.
  package var inputs: Int
  /// The number of elements in an embedding.
  package var width: Int
  /// Whether embeddings are divided by their lengths.
  package var normalised: Bool
  package var storage: EmbeddingStorage
  /// How pictures are prepared for the model, and the precision.
  package var pictures: [Choice]
  package var shard: Shard
  /// How it was made, for people to read. Two runs may differ in these.
  package var made: [Choice]

  package enum Kind: String, Codable, Sendable { case images, texts }

  /// - Parameter loader: How pictures reach the model; nil for prompts.
  package init(
    of inputs: EmbeddingInputs, by model: ZooModel, loader: PictureLoader?, normalised: Bool, storage: EmbeddingStorage,
    shard: Shard, made: [Choice]
  ) throws {
    (kind, dataDigest, self.inputs) = (inputs.kind, inputs.digest, inputs.entries.count)
    (self.model, modelDigest) = (model.name, try model.description.runDigest())
    width = model.architecture.embedding
    pictures = loader?.choices(precision: model.engine.algebra.precision) ?? []
    (self.normalised, self.storage, self.shard, self.made) = (normalised, storage, shard, made)
  }

  private enum CodingKeys: String, CodingKey {
    case schema, kind, model, inputs, width, normalised, storage, pictures, shard, made
    case modelDigest = "model_digest"
    case dataDigest = "data_digest"
  }

  package func difference(from other: EmbeddingDescription) -> String? {
    func differ<Value: Equatable>(_ what: String, _ value: (EmbeddingDescription) -> Value) -> String? {
      value(self) == value(other) ? nil : "\(what): \(value(other)) there, \(value(self)) here"
    }
    func list(_ description: EmbeddingDescription) -> String {
      description.pictures.map { "\($0.name) \($0.value)" }.joined(separator: ", ")
    }
    return differ("kind", \.kind.rawValue) ?? differ("model", \.model) ?? differ("the model's digest", \.modelDigest)
      ?? differ("inputs", \.inputs) ?? differ("the digest of the inputs", \.dataDigest)
      ?? differ("normalised", \.normalised) ?? differ("storage", \.storage.description) ?? differ("pictures", list)
  }
}

/// How embeddings are stored on disk.
package struct EmbeddingStorage: Codable, Sendable, Hashable, CustomStringConvertible {
  package enum Format: String, Codable, Sendable, CaseIterable { case npy, safetensors }
  package enum Element: String, Codable, Sendable, CaseIterable { case f32, f16 }

  package var format: Format
  package var element: Element
  /// The number of rows in each file except the last.
  package var rowsPerFile: Int

  package init(format: Format = .npy, element: Element = .f32, rowsPerFile: Int = 100_000) {
    (self.format, self.element, self.rowsPerFile) = (format, element, rowsPerFile)
  }

  private enum CodingKeys: String, CodingKey {
    case format, element
    case rowsPerFile = "rows_per_file"
  }

  var dtype: DType { element == .f32 ? .f32 : .f16 }
  /// The one tensor of a safetensors file.
  static let tensorName = "embeddings"

  func fileName(_ number: Int) -> String {
    let digits = "\(number)"
    return String(repeating: "0", count: max(0, 5 - digits.count)) + digits + "." + format.rawValue
  }

  package var description: String { "\(format.rawValue) \(element.rawValue), \(rowsPerFile) rows a file" }
}

/// The result for one input.
package struct EmbeddingLine: RunLine, Hashable {
  package let index: Int
  /// A picture's name without its extension, a WebDataset sample's key, or a prompt.
  package let id: String
  /// The location: a picture's path, or ARCHIVE.tar/MEMBER; nil for a prompt.
  package let path: String?
  /// The index of its embedding among all rows of the folder; nil if there is none.
  package let row: Int?
  package let error: String?

  package init(index: Int, id: String, path: String?, row: Int?, error: String?) {
    (self.index, self.id, self.path, self.row, self.error) = (index, id, path, row, error)
  }
}
