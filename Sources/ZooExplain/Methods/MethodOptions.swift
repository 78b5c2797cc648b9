import ZooTensors

/// The values that a caller gives to the options of a method; each is read once, and none may be left over.
package struct MethodOptions {
  private let method: String
  private var values: [String: String]

  init(_ values: [String: String], of info: MethodInfo) throws(MethodError) {
    method = info.id
    self.values = values
    let known = Set(info.options.map(\.name))
    if let stranger = values.keys.sorted().first(where: { !known.contains($0) }) {
      throw .unknownOption(method: info.id, option: stranger, known: info.options.map(\.name))
    }
  }

  private func unreadable(_ name: String, _ value: String, _ expected: String) -> MethodError {
    .badValue(method: method, option: name, value: value, expected: expected)
  }

  mutating func layers(_ name: String = "layers") throws -> LayerSelection? {
    try values.removeValue(forKey: name).map { try LayerSelection($0) }
  }

  mutating func layer(_ name: String) throws(MethodError) -> Int? {
    guard let text = values.removeValue(forKey: name) else { return nil }
    guard let layer = Int(text), layer >= 0 else { throw unreadable(name, text, "a layer, counted from 0") }
    return layer
  }

  mutating func flag(_ name: String) throws(MethodError) -> Bool? {
    guard let text = values.removeValue(forKey: name) else { return nil }
    switch text {
    case "yes", "true", "on": return true
    case "no", "false", "off": return false
    default: throw unreadable(name, text, "yes or no")
    }
  }

  mutating func choice<Value: RawRepresentable & CaseIterable>(
    _ name: String, _ type: Value.Type = Value.self
  ) throws(MethodError) -> Value? where Value.RawValue == String {
    guard let text = values.removeValue(forKey: name) else { return nil }
    guard let value = Value(rawValue: text) else {
      throw unreadable(name, text, Value.allCases.map(\.rawValue).joined(separator: ", "))
    }
    return value
  }

  mutating func text(_ name: String) -> String? { values.removeValue(forKey: name) }
}

/// Why a method is not available or does not run on a model.
public enum MethodError: ZooError, Equatable {
  /// There is no method with this name; `near` holds similar names.
  case unknown(String, near: [String])
  /// The method does not have this option.
  case unknownOption(method: String, option: String, known: [String])
  /// The value is not allowed for the option.
  case badValue(method: String, option: String, value: String, expected: String)
  /// The image tower does not have this layer.
  case noSuchLayer(method: String, layer: Int, layers: Int)
  /// The method is undefined for this kind of model.
  case undefined(method: String, model: String, reason: String, others: [String])

  public var blame: Blame { .input }

  /// Why a method is undefined for a model, without the model's name; otherwise the whole sentence.
  public var reason: String { if case .undefined(_, _, let reason, _) = self { reason } else { description } }

  public var description: String {
    switch self {
    case .unknown(let name, let near):
      "there is no method '\(name)'"
        + (near.isEmpty ? "; 'zoo methods' lists them" : "; did you mean \(near.joined(separator: ", "))?")
    case .unknownOption(let method, let option, let known):
      "\(method) does not take --\(option)"
        + (known.isEmpty ? ": it has no options" : "; it takes \(known.map { "--\($0)" }.joined(separator: ", "))")
    case .badValue(let method, let option, let value, let expected):
      "'\(value)' is not a value for --\(option) of \(method): expected \(expected)"
    case .noSuchLayer(let method, let layer, let layers):
      "\(method) cannot use layer \(layer): the image tower has \(layers), 0 to \(layers - 1)"
    case .undefined(let method, let model, let reason, let others):
      "\(method) is not defined on \(model): \(reason)"
        + (others.isEmpty ? "" : "; these methods run on it: \(others.joined(separator: ", "))")
    }
  }
}
