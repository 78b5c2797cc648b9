import ZooJSON
import ZooTensors

/// Why a tokenizer could not be loaded.
public enum TextError: ZooError, Hashable {
  /// A folder has none of the files that the tokenizer needs.
  case missing(folder: String, needed: String)
  /// A tokenizer's file cannot be read.
  case unreadable(file: String, reason: String)
  /// A file, or the content of a compressed file, is larger than any real tokenizer.
  case tooLarge(file: String, limit: Int)
  /// `place` is a line, a byte offset or a field.
  case malformed(file: String, place: String, problem: String)
  /// The file is well formed, but needs a feature that no supported model uses.
  case unsupported(file: String, feature: String)
  /// The model's prompts have no language token.
  case noLanguages(language: String)
  /// The tokenizer does not have this language; `near` holds similar codes.
  case unknownLanguage(file: String, language: String, near: [String], count: Int)
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
    case .noLanguages(let language):
      "prompts of this model have no language, so that '\(language)' cannot be chosen; NLLB models have one"
    case .unknownLanguage(let file, let language, let near, let count):
      "\(file): '\(language)' is none of its \(count) languages, which are called like eng_Latn"
        + (near.isEmpty ? "" : "; near it are \(near.joined(separator: ", "))")
    case .badSpec(let field, let value, let expected): "the tokenizer's \(field) is \(value), expected \(expected)"
    }
  }
}

extension TextError: JSONFailure {
  package static func json(
    _ fault: JSONFault, file: String, offset: Int, expected: String?, found: String?
  ) -> TextError {
    .malformed(file: file, place: "byte \(offset)", problem: fault.reason(expected: expected, found: found))
  }
}
