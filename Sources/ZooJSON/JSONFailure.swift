/// An error that says where a JSON text is invalid. Each module has its own, with its own wording.
package protocol JSONFailure: Error {
  /// - Parameters:
  ///   - offset: The byte offset in the text.
  ///   - expected: What should be there, or a limit.
  ///   - found: What is there instead.
  static func json(_ fault: JSONFault, file: String, offset: Int, expected: String?, found: String?) -> Self
}

/// The ways a JSON text can be invalid.
package enum JSONFault: Sendable, Equatable {
  case malformed
  case tooDeep
  case repeatedKey
  case notUTF8
  case loneSurrogate
  case tooManyKeys, tooManyValues
  case badNumber

  /// The fault as a clause.
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
