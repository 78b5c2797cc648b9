import ZooTensors

/// Reads strict JSON piece by piece, as the caller asks for it: all JSON in this project that Foundation does not decode.
///
/// Stricter than most: a byte order mark, an unpaired surrogate, control characters in strings and more than 128 levels are errors.
/// Integers are exact. Only the keys of the open objects are kept in memory.
package struct JSONScanner<Failure: JSONFailure> {
  private let text: ByteView
  private let file: String
  /// The offset in the file at which the text begins, for messages.
  private let base: Int
  package private(set) var at = 0
  private var levels: [Level] = []
  private var keyCount = 0

  private struct Level {
    var keys: Set<ExactName> = []
    var isFirst = true
  }

  package init(_ text: ByteView, file: String, base: Int = 0) {
    self.text = text
    self.file = file
    self.base = base
  }

  package func error(_ fault: JSONFault, expected: String? = nil, found: String? = nil) -> Failure {
    .json(fault, file: file, offset: base + at, expected: expected, found: found)
  }

  // MARK: Objects and arrays

  package mutating func openObject() throws(Failure) { try open(UInt8(ascii: "{"), "an object") }

  package mutating func openArray() throws(Failure) { try open(UInt8(ascii: "["), "an array") }

  /// The next key of the innermost object, or nil once it is closed. A duplicate key is an error: Foundation silently takes the first value and
  /// Python the last.
  package mutating func nextKey() throws(Failure) -> String? {
    guard try next(until: UInt8(ascii: "}")) else { return nil }
    let key = try string()
    guard levels[levels.count - 1].keys.insert(ExactName(key)).inserted else {
      throw error(.repeatedKey, found: "'\(key)'")
    }
    keyCount += 1
    guard keyCount <= JSONLimits.keys else { throw error(.tooManyKeys, expected: "at most \(JSONLimits.keys)") }
    try colon()
    return key
  }

  /// Like `nextKey()`, but allows duplicate keys: for files whose original readers let the last one win.
  mutating func nextKeyText() throws(Failure) -> JSONText.Place? {
    guard try next(until: UInt8(ascii: "}")) else { return nil }
    let key = try place()
    try colon()
    return key
  }

  private mutating func colon() throws(Failure) {
    skipSpace()
    guard take(UInt8(ascii: ":")) else { throw unexpected("':'") }
  }

  /// True if the innermost array has another element, false once it is closed.
  package mutating func nextElement() throws(Failure) -> Bool { try next(until: UInt8(ascii: "]")) }

  private mutating func open(_ bracket: UInt8, _ what: String) throws(Failure) {
    skipSpace()
    guard take(bracket) else { throw unexpected(what) }
    guard levels.count < JSONLimits.depth else {
      throw error(.tooDeep, expected: "at most \(JSONLimits.depth) levels")
    }
    levels.append(Level())
  }

  private mutating func next(until bracket: UInt8) throws(Failure) -> Bool {
    skipSpace()
    if take(bracket) {
      keyCount -= levels.removeLast().keys.count
      return false
    }
    if levels[levels.count - 1].isFirst {
      levels[levels.count - 1].isFirst = false
    } else {
      guard take(UInt8(ascii: ",")) else { throw unexpected("','") }
      skipSpace()
    }
    return true
  }

  // MARK: Values

  /// An integer from 0 to `Int.max`, written without sign, decimal point or exponent.
  package mutating func wholeNumber() throws(Failure) -> Int {
    skipSpace()
    let start = at
    let digits = try numberText()
    guard let value = Int(digits), !digits.hasPrefix("-") else {
      at = start
      throw error(.badNumber, expected: "a whole number from 0 to 2^63 - 1", found: digits)
    }
    return value
  }

  /// Consumes a `null`, if there is one; true if it did.
  package mutating func takeNull() -> Bool {
    skipSpace()
    return takeWord("null")
  }

  /// Skips a value of any kind, with the same checks.
  package mutating func skipValue() throws(Failure) {
    skipSpace()
    switch peek {
    case UInt8(ascii: "{"):
      try openObject()
      while try nextKey() != nil { try skipValue() }
    case UInt8(ascii: "["):
      try openArray()
      while try nextElement() { try skipValue() }
    case UInt8(ascii: "\""): _ = try string()
    case UInt8(ascii: "t") where takeWord("true"), UInt8(ascii: "f") where takeWord("false"),
      UInt8(ascii: "n") where takeWord("null"):
      break
    default: _ = try numberText()
    }
  }

  /// The first byte of the next value, which tells its kind; skips the white space before it.
  mutating func kind() -> UInt8? {
    skipSpace()
    return peek
  }

  mutating func takeFlag() -> Bool? { takeWord("true") ? true : takeWord("false") ? false : nil }

  /// Requires that only white space follows.
  package mutating func end() throws(Failure) {
    skipSpace()
    guard at == text.count else { throw unexpected("the end of the JSON text") }
  }

  mutating func numberText() throws(Failure) -> String {
    let start = at
    _ = take(UInt8(ascii: "-"))
    if !take(UInt8(ascii: "0")) { try digits() }
    if take(UInt8(ascii: ".")) { try digits() }
    if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
      if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
      try digits()
    }
    let digits = String(decoding: text[start..<at].bytes, as: UTF8.self)
    // Like the reference's parser, which turns every number it meets into a 64-bit float.
    guard let value = Double(digits), value.isFinite else {
      at = start
      throw error(
        .badNumber, expected: "a number that 64 bits hold",
        found: digits.count > 40 ? "\(digits.prefix(40))…" : digits)
    }
    return digits
  }

  private mutating func digits() throws(Failure) {
    let start = at
    while let byte = peek, byte >= 0x30, byte <= 0x39 { at += 1 }
    guard at > start else { throw unexpected("a value") }
  }

  // MARK: Strings

  package mutating func string() throws(Failure) -> String {
    let place = try place()
    guard let text = String(validating: place.utf8(in: text), as: UTF8.self) else { throw error(.notUTF8) }
    return text
  }

  /// The place of a string between its quotes; its escapes are checked.
  mutating func place() throws(Failure) -> JSONText.Place {
    guard take(UInt8(ascii: "\"")) else { throw unexpected("a string") }
    let start = at
    var hasEscapes = false
    let bytes = text.bytes
    while at < bytes.count {
      switch bytes[at] {
      case UInt8(ascii: "\""):
        at += 1
        return JSONText.Place(start..<at - 1, hasEscapes: hasEscapes)
      case UInt8(ascii: "\\"):
        hasEscapes = true
        at += 1
        var ignored: [UInt8] = []
        try escape(into: &ignored)
      case 0..<0x20: throw unexpected("no control character in a string")
      default: at += 1
      }
    }
    throw unexpected("the end of a string")
  }

  /// The characters of a string whose escapes are valid.
  static func unescaped(_ text: ByteView) -> [UInt8] {
    var scanner = Self(text, file: "")
    var result: [UInt8] = []
    while let byte = scanner.peek {
      scanner.at += 1
      if byte == UInt8(ascii: "\\") { try? scanner.escape(into: &result) } else { result.append(byte) }
    }
    return result
  }

  private mutating func escape(into bytes: inout [UInt8]) throws(Failure) {
    guard let kind = peek else { throw unexpected("an escape") }
    at += 1
    switch kind {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): bytes.append(kind)
    case UInt8(ascii: "b"): bytes.append(8)
    case UInt8(ascii: "f"): bytes.append(12)
    case UInt8(ascii: "n"): bytes.append(10)
    case UInt8(ascii: "r"): bytes.append(13)
    case UInt8(ascii: "t"): bytes.append(9)
    case UInt8(ascii: "u"):
      var code = try fourHexDigits()
      if 0xD800...0xDBFF ~= code {
        guard take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else { throw error(.loneSurrogate) }
        let low = try fourHexDigits()
        guard 0xDC00...0xDFFF ~= low else { throw error(.loneSurrogate) }
        code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
      }
      guard let scalar = Unicode.Scalar(code) else { throw error(.loneSurrogate) }
      bytes.append(contentsOf: UTF8.encode(scalar)!)
    default:
      at -= 1
      throw unexpected("an escape")
    }
  }

  private mutating func fourHexDigits() throws(Failure) -> UInt32 {
    var code: UInt32 = 0
    for _ in 0..<4 {
      switch peek {
      case let digit? where 0x30...0x39 ~= digit: code = code << 4 | UInt32(digit - 0x30)
      case let digit? where 0x41...0x46 ~= digit: code = code << 4 | UInt32(digit - 0x41 + 10)
      case let digit? where 0x61...0x66 ~= digit: code = code << 4 | UInt32(digit - 0x61 + 10)
      default: throw unexpected("a hexadecimal digit")
      }
      at += 1
    }
    return code
  }

  // MARK: Bytes

  private var peek: UInt8? { at < text.count ? text[at] : nil }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard peek == byte else { return false }
    at += 1
    return true
  }

  private mutating func takeWord(_ word: StaticString) -> Bool {
    guard text[at..<text.count].hasPrefix(word) else { return false }
    at += word.utf8CodeUnitCount
    return true
  }

  package mutating func skipSpace() {
    while let byte = peek, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { at += 1 }
  }

  private func unexpected(_ expected: String) -> Failure {
    guard let byte = peek else { return error(.malformed, expected: expected, found: "the end of the text") }
    let shown = 0x21...0x7E ~= byte ? "'\(Character(Unicode.Scalar(byte)))'" : "byte 0x\(String(byte, radix: 16))"
    return error(.malformed, expected: expected, found: shown)
  }
}

enum JSONLimits {
  static let depth = 128
  /// How many keys are remembered at a time: those of the open objects.
  static let keys = 250_000
}
