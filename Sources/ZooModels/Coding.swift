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

/// What a decoding error means, with the path of the field, as one clause.
package func plainReason(of error: DecodingError) -> String {
  func path(_ context: DecodingError.Context) -> String {
    let keys = context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }
    return keys.isEmpty ? "at the top" : "in \(keys.joined(separator: "."))"
  }
  switch error {
  case .keyNotFound(let key, let context): return "the field '\(key.stringValue)' is missing \(path(context))"
  case .typeMismatch(let type, let context): return "a \(type) was expected \(path(context))"
  case .valueNotFound(let type, let context): return "a \(type) was expected \(path(context)), not null"
  case .dataCorrupted(let context):
    let detail = (context.underlyingError as NSError?)?.userInfo["NSDebugDescription"] as? String
    return "\(detail ?? context.debugDescription) \(path(context))"
  @unknown default: return "\(error)"
  }
}

// Flags and lists that most manifests do not need may be left out: this is what the synthesised decoders of this module call.
extension KeyedDecodingContainer {
  func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool { try decodeIfPresent(type, forKey: key) ?? false }
  func decode(_ type: [ForeignTensors].Type, forKey key: Key) throws -> [ForeignTensors] {
    try decodeIfPresent(type, forKey: key) ?? []
  }
  func decode(_ type: [String].Type, forKey key: Key) throws -> [String] {
    try decodeIfPresent(type, forKey: key) ?? []
  }
}
