import ZooJSON
import ZooTensors

/// A checkpoint that cannot be read or written: the file, the rule it breaks, and where.
public struct CheckpointError: ZooError, Equatable {
  /// The path of the file, as given.
  public let file: String
  package let rule: Rule
  /// The name of the tensor or archive member concerned, if known.
  public let tensor: String?
  /// The byte offset in the file, if known.
  public let offset: Int?
  /// What the rule requires, if that can be stated.
  public let expected: String?
  /// What was found instead, if that can be stated.
  public let found: String?

  package init(
    _ file: String, _ rule: Rule, tensor: String? = nil, offset: Int? = nil, expected: String? = nil,
    found: String? = nil
  ) {
    self.file = file
    self.rule = rule
    self.tensor = tensor
    self.offset = offset
    self.expected = expected
    self.found = found
  }

  public var blame: Blame {
    switch rule {
    case .systemFailed, .writeFailed, .writeTooMuch, .writeTooLittle: .work
    default: .input
    }
  }

  /// `FILE: 'TENSOR': what is wrong: expected X, found Y (byte N)`, as far as known.
  public var description: String {
    var sentence = printable(file) + ": "
    if let tensor { sentence += "'\(printable(tensor))': " }
    sentence += rule.sentence
    switch (expected, found) {
    case (let expected?, let found?): sentence += ": expected \(printable(expected)), found \(printable(found))"
    case (let expected?, nil): sentence += ": expected \(printable(expected))"
    case (nil, let found?): sentence += ": \(printable(found))"
    case (nil, nil): break
    }
    return offset.map { "\(sentence) (byte \($0))" } ?? sentence
  }
}

/// Text from a file, made safe to show: control characters escaped, at most 400 characters.
func printable(_ text: String) -> String {
  var shown = ""
  var count = 0
  for scalar in text.unicodeScalars {
    if count == 400 { return shown + "…" }
    let isControl = scalar.properties.generalCategory == .control || scalar.properties.generalCategory == .format
    if isControl { shown += "\\u{\(String(scalar.value, radix: 16))}" } else { shown.unicodeScalars.append(scalar) }
    count += 1
  }
  return shown
}

extension CheckpointError: JSONFailure {
  package static func json(
    _ fault: JSONFault, file: String, offset: Int, expected: String?, found: String?
  ) -> CheckpointError {
    let rule: Rule =
      switch fault {
      case .malformed: .notJSON
      case .tooDeep: .jsonTooDeep
      case .repeatedKey: .jsonDuplicateKey
      case .notUTF8: .jsonNotUTF8
      case .loneSurrogate: .jsonLoneSurrogate
      case .tooManyKeys, .tooManyValues: .jsonTooManyKeys
      case .badNumber: .jsonNotAnInteger
      }
    return CheckpointError(file, rule, offset: offset, expected: expected, found: found)
  }
}
