import ZooModels

/// A string of a JSON file: where it stands between its quotes. Vocabularies have a million of them, so that none is copied.
struct JSONText: Sendable {
  private let source: [UInt8]
  private let start: UInt32
  private let count: UInt32
  private let hasEscapes: Bool

  fileprivate init(_ source: [UInt8], _ range: Range<Int>, hasEscapes: Bool) {
    self.source = source
    (start, count) = (UInt32(range.lowerBound), UInt32(range.count))
    self.hasEscapes = hasEscapes
  }

  /// What it says, with its escapes resolved.
  var utf8: ArraySlice<UInt8> {
    guard hasEscapes else { return source[Int(start)..<Int(start) + Int(count)] }
    return source.withUnsafeBufferPointer { bytes in
      var parser = JSONParser(source: source, bytes: bytes, file: "", at: Int(start))
      // It was read once without an error.
      return ((try? parser.characters()) ?? [])[...]
    }
  }
}

/// A JSON value whose strings are UTF-8 bytes and whose objects keep order.
///
/// Foundation's parsers make dictionaries of `String` keys, which fall together when two pieces of a vocabulary are canonically
/// equivalent.
enum JSONValue: Sendable {
  case null
  case bool(Bool)
  case integer(Int)
  case number(Double)
  case string(JSONText)
  case array([JSONValue])
  case object([(key: JSONText, value: JSONValue)])

  /// Parses a whole file.
  init(_ bytes: [UInt8], file: String) throws {
    self = try bytes.withUnsafeBufferPointer { buffer in
      var parser = JSONParser(source: bytes, bytes: buffer, file: file, at: 0)
      return try parser.document()
    }
  }

  /// A member of an object; the last one when a name is repeated.
  subscript(name: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    guard let value = members.last(where: { $0.key.utf8.elementsEqual(name.utf8) })?.value else { return nil }
    if case .null = value { return nil }
    return value
  }

  var bytes: [UInt8]? { if case .string(let text) = self { Array(text.utf8) } else { nil } }
  var text: String? { bytes.map { String(decoding: $0, as: UTF8.self) } }
  var int: Int? { if case .integer(let value) = self { value } else { nil } }
  var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
  var array: [JSONValue]? { if case .array(let values) = self { values } else { nil } }

  var double: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }
}

private struct JSONParser {
  let source: [UInt8]
  let bytes: UnsafeBufferPointer<UInt8>
  let file: String
  private var at: Int
  private var depth = 0
  private var count = 0

  /// - Parameter bytes: those of `source`.
  init(source: [UInt8], bytes: UnsafeBufferPointer<UInt8>, file: String, at: Int) {
    self.source = source
    self.bytes = bytes
    self.file = file
    self.at = at
  }

  private func fail(_ problem: String) -> TextError {
    .malformed(file: file, place: "byte \(at)", problem: problem)
  }

  private var peek: UInt8? { at < bytes.count ? bytes[at] : nil }

  private mutating func skipSpace() {
    while let byte = peek, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { at += 1 }
  }

  private mutating func accept(_ byte: UInt8) -> Bool {
    guard peek == byte else { return false }
    at += 1
    return true
  }

  mutating func document() throws -> JSONValue {
    let value = try value()
    skipSpace()
    guard at == bytes.count else { throw fail("something follows the JSON value") }
    return value
  }

  private mutating func value() throws -> JSONValue {
    skipSpace()
    guard let byte = peek else { throw fail("the JSON ends too early") }
    count += 1
    guard count <= Limits.tokenizerValues else {
      throw fail("it has more than \(Limits.tokenizerValues) values, too many for a tokenizer")
    }
    switch byte {
    case UInt8(ascii: "{"): return try nested { try $0.object() }
    case UInt8(ascii: "["): return try nested { try $0.array() }
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    default: return try number()
    }
  }

  private mutating func nested(_ body: (inout JSONParser) throws -> JSONValue) throws -> JSONValue {
    depth += 1
    defer { depth -= 1 }
    guard depth <= 64 else { throw fail("the JSON is nested too deeply") }
    at += 1
    return try body(&self)
  }

  private mutating func object() throws -> JSONValue {
    var members: [(key: JSONText, value: JSONValue)] = []
    skipSpace()
    if accept(UInt8(ascii: "}")) { return .object(members) }
    repeat {
      skipSpace()
      guard peek == UInt8(ascii: "\"") else { throw fail("a name in quotes was expected") }
      let key = try string()
      skipSpace()
      guard accept(UInt8(ascii: ":")) else { throw fail("a colon was expected") }
      members.append((key, try value()))
      skipSpace()
    } while accept(UInt8(ascii: ","))
    guard accept(UInt8(ascii: "}")) else { throw fail("a comma or } was expected") }
    return .object(members)
  }

  private mutating func array() throws -> JSONValue {
    var values: [JSONValue] = []
    skipSpace()
    if accept(UInt8(ascii: "]")) { return .array(values) }
    repeat {
      values.append(try value())
      skipSpace()
    } while accept(UInt8(ascii: ","))
    guard accept(UInt8(ascii: "]")) else { throw fail("a comma or ] was expected") }
    return .array(values)
  }

  private mutating func word(_ word: StaticString, _ value: JSONValue) throws -> JSONValue {
    let length = word.utf8CodeUnitCount
    guard bytes.count - at >= length, (0..<length).allSatisfy({ bytes[at + $0] == word.utf8Start[$0] }) else {
      throw fail("this is not a JSON value")
    }
    at += length
    return value
  }

  private mutating func number() throws -> JSONValue {
    let start = at
    while let byte = peek, (0x30...0x39).contains(byte) || "+-.eE".utf8.contains(byte) { at += 1 }
    let text = String(decoding: UnsafeBufferPointer(rebasing: bytes[start..<at]), as: UTF8.self)
    if let value = Int(text) { return .integer(value) }
    guard let value = Double(text), value.isFinite else {
      at = start
      throw fail("this is not a JSON value")
    }
    return .number(value)
  }

  private mutating func string() throws -> JSONText {
    at += 1
    let start = at
    while let byte = peek, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20 { at += 1 }
    let hasEscapes = peek != UInt8(ascii: "\"")
    if hasEscapes {
      at = start
      _ = try characters()
    } else {
      at += 1
    }
    return JSONText(source, start..<at - 1, hasEscapes: hasEscapes)
  }

  /// The characters up to the quote that ends a string, with their escapes resolved.
  mutating func characters() throws -> [UInt8] {
    var result: [UInt8] = []
    while let byte = peek {
      at += 1
      if byte == UInt8(ascii: "\"") { return result }
      guard byte >= 0x20 else { throw fail("a control character stands in a string") }
      if byte == UInt8(ascii: "\\") { try escape(into: &result) } else { result.append(byte) }
    }
    throw fail("a string does not end")
  }

  private mutating func escape(into result: inout [UInt8]) throws {
    guard let byte = peek else { throw fail("a string does not end") }
    at += 1
    switch byte {
    case UInt8(ascii: "n"): result.append(0x0A)
    case UInt8(ascii: "t"): result.append(0x09)
    case UInt8(ascii: "r"): result.append(0x0D)
    case UInt8(ascii: "b"): result.append(0x08)
    case UInt8(ascii: "f"): result.append(0x0C)
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): result.append(byte)
    case UInt8(ascii: "u"):
      var code = try hexadecimal()
      if (0xD800..<0xDC00).contains(code), accept(UInt8(ascii: "\\")) {
        guard accept(UInt8(ascii: "u")) else { throw fail("half of a surrogate pair stands alone") }
        let low = try hexadecimal()
        guard (0xDC00..<0xE000).contains(low) else { throw fail("half of a surrogate pair stands alone") }
        code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
      }
      guard let scalar = Unicode.Scalar(code) else { throw fail("half of a surrogate pair stands alone") }
      scalar.appendUTF8(to: &result)
    default: throw fail("this escape does not exist")
    }
  }

  private mutating func hexadecimal() throws -> UInt32 {
    var code: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = peek, let digit = Unicode.Scalar(byte).asciiDigit(radix: 16) else {
        throw fail("four hexadecimal digits were expected")
      }
      code = code << 4 | digit
      at += 1
    }
    return code
  }
}
