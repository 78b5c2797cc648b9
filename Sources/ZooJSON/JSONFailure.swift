/// An error that says where a JSON text is wrong: each room has one of its own, with its own sentences.
package protocol JSONFailure: Error {
  /// - Parameters:
  ///   - offset: The byte of the text.
  ///   - expected: What should be there, or a limit.
  ///   - found: What is there.
  static func json(_ fault: JSONFault, file: String, offset: Int, expected: String?, found: String?) -> Self
}

/// The ways for a JSON text to be wrong.
package enum JSONFault: Sendable, Equatable {
  case malformed
  case tooDeep
  case repeatedKey
  case notUTF8
  case loneSurrogate
  case tooManyKeys, tooManyValues
  case badNumber

  /// As one clause.
  package func reason(expected: String?, found: String?) -> String {
    switch self {
    case .malformed: "expected \(expected ?? "JSON"), found \(found ?? "something else")"
    case .tooDeep: "the JSON is nested too deeply"
    case .repeatedKey: "the key \(found ?? "") is repeated"
    case .notUTF8: "a string is not valid UTF-8"
    case .loneSurrogate: "half of a surrogate pair is alone"
    case .tooManyKeys: "the JSON has too many keys, \(expected ?? "")"
    case .tooManyValues: "the JSON has too many values, \(expected ?? "")"
    case .badNumber: "\(found ?? "a number") is not \(expected ?? "allowed here")"
    }
  }
}
