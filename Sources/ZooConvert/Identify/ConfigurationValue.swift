/// Any value of a JSON file, for reporting rather than reading.
enum ConfigurationValue: Decodable, Hashable, Sendable {
  case null
  case flag(Bool)
  case integer(Int)
  case number(Double)
  case text(String)
  case list([ConfigurationValue])
  case object([String: ConfigurationValue])

  init(from decoder: any Decoder) throws {
    let value = try decoder.singleValueContainer()
    if value.decodeNil() {
      self = .null
    } else if let flag = try? value.decode(Bool.self) {
      self = .flag(flag)
    } else if let number = try? value.decode(Double.self) {
      // 1 and 1.0 are the same value.
      self = (try? value.decode(Int.self)).map(Self.integer) ?? .number(number)
    } else if let text = try? value.decode(String.self) {
      self = .text(text)
    } else if let list = try? value.decode([ConfigurationValue].self) {
      self = .list(list)
    } else {
      self = .object(try value.decode([String: ConfigurationValue].self))
    }
  }
}

extension ConfigurationValue: ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral, ExpressibleByStringLiteral,
  ExpressibleByDictionaryLiteral
{
  init(booleanLiteral value: Bool) { self = .flag(value) }
  init(integerLiteral value: Int) { self = .integer(value) }
  init(stringLiteral value: String) { self = .text(value) }
  init(dictionaryLiteral elements: (String, ConfigurationValue)...) {
    self = .object(Dictionary(uniqueKeysWithValues: elements))
  }
}

/// JSON on one line, truncated if long; an object is shown by its keys.
extension ConfigurationValue: CustomStringConvertible {
  var description: String {
    let limit = 60
    var result = ""
    write(to: &result, limit: limit)
    return result.count <= limit ? result : "\(result.prefix(limit - 3))..."
  }

  private func write(to result: inout String, limit: Int) {
    switch self {
    case .null: result += "null"
    case .flag(let flag): result += "\(flag)"
    case .integer(let number): result += "\(number)"
    case .number(let number): result += "\(number)"
    case .text(let text): result += "\"\(String(text.prefix(limit).map { $0.isNewline ? " " : $0 }))\""
    case .list(let list):
      result += "["
      // Only as much of a long list is processed as is shown.
      for (index, value) in list.enumerated() where result.count <= limit {
        if index > 0 { result += ", " }
        value.write(to: &result, limit: limit)
      }
      result += "]"
    case .object(let members): result += "{\(members.keys.sorted().prefix(limit).joined(separator: ", "))}"
    }
  }
}
