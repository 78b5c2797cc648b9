import Foundation
import ZooModels

/// JSON to be written: keys unchanged, in alphabetical order.
enum ConfigurationText: Encodable {
  case number(Float)
  /// A ratio with as many digits as it takes to get the same integer back by multiplication.
  case ratio(Double)
  case integer(Int)
  case text(String)
  case flag(Bool)
  case list([ConfigurationText])
  case object([String: ConfigurationText])
  case null

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .number(let value): try container.encode(value)
    case .ratio(let value): try container.encode(value)
    case .integer(let value): try container.encode(value)
    case .text(let value): try container.encode(value)
    case .flag(let value): try container.encode(value)
    case .list(let values): try container.encode(values)
    case .object(let fields): try container.encode(fields)
    case .null: try container.encodeNil()
    }
  }

  /// The file's text.
  func data() throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(self) + Data("\n".utf8)
  }
}

extension ConfigurationText: ExpressibleByIntegerLiteral, ExpressibleByStringLiteral, ExpressibleByBooleanLiteral,
  ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  init(integerLiteral value: Int) { self = .integer(value) }
  init(stringLiteral value: String) { self = .text(value) }
  init(booleanLiteral value: Bool) { self = .flag(value) }
  init(arrayLiteral elements: ConfigurationText...) { self = .list(elements) }
  init(dictionaryLiteral elements: (String, ConfigurationText)...) {
    self = .object(Dictionary(elements, uniquingKeysWith: { first, _ in first }))
  }

  static func numbers(_ values: [Float]) -> ConfigurationText { .list(values.map { .number($0) }) }

  static func integers(_ values: [Int]) -> ConfigurationText { .list(values.map { .integer($0) }) }

  /// One number for a square, `[height, width]` otherwise.
  static func size(_ size: GridSize) -> ConfigurationText {
    size.height == size.width ? .integer(size.height) : [.integer(size.height), .integer(size.width)]
  }
}

/// A factor for which `int(width * factor)` is `hidden`.
func mlpRatio(_ width: Int, _ hidden: Int) -> Double {
  var ratio = Double(hidden) / Double(width)
  while Int(Double(width) * ratio) < hidden { ratio = ratio.nextUp }
  return ratio
}
