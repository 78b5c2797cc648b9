import Foundation

/// The decoder of manifests and of `model.json`: snake_case keys.
package func manifestDecoder() -> JSONDecoder {
  let decoder = JSONDecoder()
  decoder.keyDecodingStrategy = .convertFromSnakeCase
  return decoder
}

/// The encoder of `model.json`: snake_case keys in a stable order.
package func manifestEncoder() -> JSONEncoder {
  let encoder = JSONEncoder()
  encoder.keyEncodingStrategy = .convertToSnakeCase
  encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
  return encoder
}

/// The key in a file that a snake_case decoder maps to `camelCase`.
package func snakeCase(_ key: String) -> String {
  guard key.first?.isLowercase == true, key.utf8.allSatisfy({ $0 < 0x80 }) else { return key }
  return key.reduce(into: "") { $0 += $1.isUppercase ? "_\($1.lowercased())" : String($1) }
}

/// The meaning of a decoding error, with the path of the field, as one clause.
package func plainReason(of error: DecodingError) -> String {
  func path(_ context: DecodingError.Context) -> String {
    let keys = context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? ".\(snakeCase($0.stringValue))" }
    return keys.isEmpty ? "at the top" : "in \(keys.joined().trimmingPrefix("."))"
  }
  switch error {
  case .keyNotFound(let key, let context):
    return "the field '\(snakeCase(key.stringValue))' is missing \(path(context))"
  case .typeMismatch(let type, let context): return "\(kind(type)) was expected \(path(context))"
  case .valueNotFound(let type, let context): return "\(kind(type)) was expected \(path(context)), not null"
  case .dataCorrupted(let context):
    let detail = (context.underlyingError as? CocoaError)?.userInfo["NSDebugDescription"] as? String
    // The message of a synthesised enumeration for an unknown raw value.
    if let unknown = context.debugDescription.wholeMatch(of: /Cannot initialize \w+ from invalid \w+ value (.*)/) {
      return "'\(unknown.1)' is not a value that is known \(path(context))"
    }
    // Foundation's own sentence, which adds nothing.
    if detail == nil, context.debugDescription.hasPrefix("The given data was not valid JSON") {
      return "it is not valid JSON"
    }
    return "\(detail ?? context.debugDescription) \(path(context))"
  @unknown default: return "\(error)"
  }
}

/// The JSON term for a value of a Swift type.
private func kind(_ type: Any.Type) -> String {
  switch type {
  case is any BinaryInteger.Type: "a whole number"
  case is any BinaryFloatingPoint.Type: "a number"
  case is String.Type: "a string"
  case is Bool.Type: "true or false"
  case is [Any].Type: "an array"
  case is [String: Any].Type: "an object"
  default: "a \(type)"
  }
}

// Flags and lists that most manifests do not need may be omitted: the synthesised decoders of this module call these overloads.
extension KeyedDecodingContainer {
  func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool { try decodeIfPresent(type, forKey: key) ?? false }
  func decode(_ type: [ForeignTensors].Type, forKey key: Key) throws -> [ForeignTensors] {
    try decodeIfPresent(type, forKey: key) ?? []
  }
  func decode(_ type: [HubFiles].Type, forKey key: Key) throws -> [HubFiles] {
    try decodeIfPresent(type, forKey: key) ?? []
  }
  func decode(_ type: [String].Type, forKey key: Key) throws -> [String] {
    try decodeIfPresent(type, forKey: key) ?? []
  }
}
