import Foundation

/// `model.json` of a converted model: everything needed to run it without a manifest or a network.
public struct ModelDescription: Codable, Sendable, Hashable {
  /// The format version that this code writes and reads.
  package static let currentFormat = 1
  package static let fileName = "model.json"
  package static let weightsFileName = "weights.safetensors"

  package var format: Int
  /// The architecture, with the activations that the weights were trained with.
  public var architecture: Architecture
  /// The tag of the weights, such as `laion2b_s32b_b79k`.
  public var tag: String
  /// Nil for a text tower alone.
  public var preprocessing: Preprocessing?
  /// The name of the source layout, such as `openclip`.
  public var layout: String
  /// Names of the tokenizer files in the model's folder.
  package var tokenizerFiles: [String]
  /// SHA-256 of each of these files; nil for models that were converted before digests were stored.
  package var tokenizerDigests: [String: String]?
  /// The class names of a classifier, by index.
  public var labels: [String]?
  /// The files that the weights came from.
  public var sources: [SourceFile]
  /// How the block matrices and the token table are stored; nil for floats, in the source's or the requested type.
  public var quantisation: Quantisation?
  /// SHA-256 of each tensor's bytes in the weights file.
  public var digests: [String: String]
  /// What the conversion decided, and why.
  public var notes: [String]
  /// The towers' output for a fixed picture and fixed prompts, right after the conversion.
  package var probe: Probe?

  package init(
    architecture: Architecture, tag: String, preprocessing: Preprocessing?, layout: String, tokenizerFiles: [String],
    tokenizerDigests: [String: String]? = nil, sources: [SourceFile], digests: [String: String], notes: [String],
    labels: [String]? = nil
  ) {
    format = Self.currentFormat
    self.architecture = architecture
    self.tag = tag
    self.preprocessing = preprocessing
    self.layout = layout
    self.tokenizerFiles = tokenizerFiles
    self.tokenizerDigests = tokenizerDigests
    self.sources = sources
    self.digests = digests
    self.notes = notes
    self.labels = labels
  }

  /// How matrices are stored in fewer bits than a float.
  public enum Quantisation: String, Codable, Sendable, Hashable {
    /// 8-bit integers from -127 to 127, with a tensor of scales (`NAME_scale`, f32), one for each row.
    case int8
  }

  /// `ARCHITECTURE:TAG`.
  public var name: ModelName { ModelName(architecture: architecture.name, tag: tag) }

  /// The file's text.
  package func encoded() throws -> Data { try manifestEncoder().encode(self) + Data("\n".utf8) }

  /// Reads and checks a file's text; throws a `ManifestError` that names the file.
  package init(json: Data, file: String) throws {
    struct Version: Decodable { let format: Int }
    do {
      let format = try manifestDecoder().decode(Version.self, from: json).format
      guard format == Self.currentFormat else {
        throw ManifestError.impossible(
          file: file, field: "format", reason: "is \(format); this version reads \(Self.currentFormat)")
      }
      self = try manifestDecoder().decode(ModelDescription.self, from: json)
    } catch let error as DecodingError {
      throw ManifestError.unreadable(file: file, reason: plainReason(of: error))
    }
    try architecture.validate(file: file)
    try preprocessing?.validate(for: architecture.vision, file: file)
    guard (try? PlainName(tag)) != nil else {
      throw ManifestError.impossible(file: file, field: "tag", reason: NameError.rule)
    }
    guard tokenizerFiles.allSatisfy(isPlainFileName) else {
      throw ManifestError.impossible(
        file: file, field: "tokenizer_files", reason: "must be names of files in the model's folder")
    }
  }

  /// Reads and checks a file; throws a `FileError` or a `ManifestError`.
  package static func read(file: String) throws -> ModelDescription {
    try ModelDescription(json: readFile(file, limit: Limits.descriptionBytes), file: file)
  }

  /// A file that the weights came from.
  public struct SourceFile: Codable, Sendable, Hashable {
    /// The file's name, without its folder.
    public var name: String
    /// The size in bytes.
    public var size: Int
    /// SHA-256 as 64 hexadecimal digits.
    public var sha256: String

    package init(name: String, size: Int, sha256: String) {
      self.name = name
      self.size = size
      self.sha256 = sha256
    }
  }
}
