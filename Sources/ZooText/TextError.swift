import ZooTensors

/// Why a tokenizer could not be loaded.
public enum TextError: ZooError, Hashable {
  /// A folder holds none of the files that the tokenizer needs.
  case missing(folder: String, needed: String)
  case unreadable(file: String, reason: String)
  /// A file, or what a compressed file holds, is beyond all real tokenizers.
  case tooLarge(file: String, limit: Int)
  /// `place` is a line, a byte offset or a field.
  case malformed(file: String, place: String, problem: String)
  /// Well formed, but needs a feature that no supported model uses.
  case unsupported(file: String, feature: String)
  /// A field of the manifest makes no sense.
  case badSpec(field: String, value: Int, expected: String)

  public var blame: Blame { .input }

  public var description: String {
    switch self {
    case .missing(let folder, let needed): "\(folder): no tokenizer here, expected \(needed)"
    case .unreadable(let file, let reason): "\(file): cannot be read: \(reason)"
    case .tooLarge(let file, let limit): "\(file): holds more than \(limit) bytes, too much for a tokenizer"
    case .malformed(let file, let place, let problem): "\(file), \(place): \(problem)"
    case .unsupported(let file, let feature): "\(file): uses \(feature), which is not supported"
    case .badSpec(let field, let value, let expected): "the tokenizer's \(field) is \(value), expected \(expected)"
    }
  }
}
