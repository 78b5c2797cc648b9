import ZooTensors

/// A string in a JSON text, as its place between the quotes. Vocabularies have a million of them, so none is copied.
package struct JSONText: Sendable {
  /// The text that the strings refer to: one object shared by all of them, since there are many.
  fileprivate final class Source: Sendable {
    let text: ByteView
    init(_ text: ByteView) { self.text = text }
  }

  struct Place: Sendable {
    private let start: UInt32
    private let count: UInt32
    private let hasEscapes: Bool

    init(_ range: Range<Int>, hasEscapes: Bool) {
      (start, count) = (UInt32(range.lowerBound), UInt32(range.count))
      self.hasEscapes = hasEscapes
    }

    /// The characters, with escapes resolved.
    func utf8(in text: ByteView) -> [UInt8] {
      let part = text[Int(start)..<Int(start) + Int(count)]
      return hasEscapes ? JSONScanner<NoFailure>.unescaped(part) : [UInt8](part.bytes)
    }
  }

  fileprivate let source: Source
  fileprivate let place: Place

  package var utf8: [UInt8] { place.utf8(in: source.text) }
}

/// A JSON value whose strings are UTF-8 bytes and whose objects keep their order.
///
/// Foundation's parsers use dictionaries with `String` keys, which merge vocabulary pieces that are canonically equivalent.
package enum JSONValue: Sendable {
  case null
  case bool(Bool)
  case integer(Int)
  case number(Double)
  case string(JSONText)
  case array([JSONValue])
  case object([(key: JSONText, value: JSONValue)])

  /// Parses a whole text of less than 4 GiB, in which keys may be repeated.
  ///
  /// - Parameters:
  ///   - file: The file's name, for errors.
  ///   - limit: The greatest number of values.
  package init<Failure: JSONFailure>(
    _ bytes: consuming [UInt8], file: String, limit: Int, failure: Failure.Type
  ) throws(Failure) {
    let source = JSONText.Source(ByteView(copying: bytes))
    bytes = []
    var scanner = JSONScanner<Failure>(source.text, file: file)
    var left = limit
    self = try Self(&scanner, source, &left, limit)
    try scanner.end()
  }

  private init<Failure>(
    _ scanner: inout JSONScanner<Failure>, _ source: JSONText.Source, _ left: inout Int, _ limit: Int
  ) throws(Failure) {
    left -= 1
    guard left >= 0 else { throw scanner.error(.tooManyValues, expected: "at most \(limit)") }
    switch scanner.kind() {
    case UInt8(ascii: "{"):
      var members: [(key: JSONText, value: JSONValue)] = []
      try scanner.openObject()
      while let key = try scanner.nextKeyText() {
        members.append((JSONText(source: source, place: key), try Self(&scanner, source, &left, limit)))
      }
      self = .object(members)
    case UInt8(ascii: "["):
      var values: [JSONValue] = []
      try scanner.openArray()
      while try scanner.nextElement() { values.append(try Self(&scanner, source, &left, limit)) }
      self = .array(values)
    case UInt8(ascii: "\""): self = .string(JSONText(source: source, place: try scanner.place()))
    default:
      if scanner.takeNull() {
        self = .null
      } else if let flag = scanner.takeFlag() {
        self = .bool(flag)
      } else {
        let digits = try scanner.numberText()
        self = Int(digits).map(Self.integer) ?? .number(Double(digits) ?? .infinity)
      }
    }
  }

  /// A member of an object; the last one if the name is repeated.
  package subscript(name: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    guard let value = members.last(where: { $0.key.utf8.elementsEqual(name.utf8) })?.value else { return nil }
    if case .null = value { return nil }
    return value
  }

  package var bytes: [UInt8]? { if case .string(let text) = self { text.utf8 } else { nil } }
  package var text: String? { bytes.map { String(decoding: $0, as: UTF8.self) } }
  package var int: Int? { if case .integer(let value) = self { value } else { nil } }
  package var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
  package var array: [JSONValue]? { if case .array(let values) = self { values } else { nil } }

  package var double: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }
}

/// For strings that were read before.
private enum NoFailure: JSONFailure {
  case wrong
  static func json(_: JSONFault, file: String, offset: Int, expected: String?, found: String?) -> Self { .wrong }
}
