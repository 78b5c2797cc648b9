import Foundation

extension Output {
  /// Prints our own lines of text.
  static func write(_ text: String) { Swift.print(printable(text, keepsLines: true)) }

  /// JSON is printed unchanged, except that characters a terminal must not receive are escaped as in JSON.
  static func writeJSON(_ json: String) {
    let isPlain = json.unicodeScalars.allSatisfy { $0 == "\n" || !$0.steersTerminals }
    guard !isPlain else { return Swift.print(json) }
    let escaped = json.unicodeScalars.reduce(into: "") { result, scalar in
      if scalar != "\n", scalar.steersTerminals {
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      } else {
        result.unicodeScalars.append(scalar)
      }
    }
    Swift.print(escaped)
  }
}

/// This is `print` in this module, so that nothing else writes to standard output.
func print(_ value: some CustomStringConvertible) { Output.write(value.description) }

/// Prints a value as JSON with snake_case keys in a stable order.
func printJSON(_ value: some Encodable) throws {
  let encoder = JSONEncoder()
  encoder.keyEncodingStrategy = .convertToSnakeCase
  encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
  encoder.dateEncodingStrategy = .iso8601
  encoder.nonConformingFloatEncodingStrategy = .convertToString(
    positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
  Output.writeJSON(String(decoding: try encoder.encode(value), as: UTF8.self))
}
