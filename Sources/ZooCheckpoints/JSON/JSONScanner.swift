import ZooTensors

/// Reads strict JSON piece by piece, as the caller asks for it.
///
/// Stricter than most: a repeated key at any level, a byte order mark, half a surrogate pair, invalid UTF-8, control characters in
/// strings and more than 128 levels are errors. Whole numbers are exact. Nothing is kept but the keys of the open objects.
struct JSONScanner {
  static let depthLimit = 128
  /// Of keys that are remembered at a time: those of the objects that are open.
  private static let keyLimit = 250_000

  private let text: ByteView
  private let file: String
  /// The byte of the file where the text begins, for messages.
  private let base: Int
  private(set) var at = 0
  private var levels: [Level] = []
  private var keyCount = 0

  private struct Level {
    var keys: Set<ExactName> = []
    var isFirst = true
  }

  init(_ text: ByteView, file: String, base: Int = 0) {
    self.text = text
    self.file = file
    self.base = base
  }

  func error(_ rule: CheckpointError.Rule, expected: String? = nil, found: String? = nil) -> CheckpointError {
    CheckpointError(file, rule, offset: base + at, expected: expected, found: found)
  }

  // MARK: Objects and arrays

  mutating func openObject() throws(CheckpointError) { try open(UInt8(ascii: "{"), "an object") }

  mutating func openArray() throws(CheckpointError) { try open(UInt8(ascii: "["), "an array") }

  /// The next key of the innermost object, or nil after it was closed.
  mutating func nextKey() throws(CheckpointError) -> String? {
    guard try next(until: UInt8(ascii: "}")) else { return nil }
    let key = try string()
    guard levels[levels.count - 1].keys.insert(ExactName(key)).inserted else {
      throw error(.jsonDuplicateKey, found: "'\(key)'")
    }
    keyCount += 1
    guard keyCount <= Self.keyLimit else { throw error(.jsonTooManyKeys, expected: "at most \(Self.keyLimit)") }
    skipSpace()
    guard take(UInt8(ascii: ":")) else { throw unexpected("':'") }
    return key
  }

  /// True when the innermost array has another element, false after it was closed.
  mutating func nextElement() throws(CheckpointError) -> Bool { try next(until: UInt8(ascii: "]")) }

  private mutating func open(_ bracket: UInt8, _ what: String) throws(CheckpointError) {
    skipSpace()
    guard take(bracket) else { throw unexpected(what) }
    guard levels.count < Self.depthLimit else {
      throw error(.jsonTooDeep, expected: "at most \(Self.depthLimit) levels")
    }
    levels.append(Level())
  }

  private mutating func next(until bracket: UInt8) throws(CheckpointError) -> Bool {
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

  /// A whole number from 0 to `Int.max`, written without sign, point or exponent.
  mutating func wholeNumber() throws(CheckpointError) -> Int {
    skipSpace()
    let start = at
    let digits = try number()
    guard let value = Int(digits), !digits.hasPrefix("-") else {
      at = start
      throw error(.jsonNotAnInteger, expected: "a whole number from 0 to 2^63 - 1", found: digits)
    }
    return value
  }

  /// True if a `null` was there and taken.
  mutating func takeNull() -> Bool {
    skipSpace()
    return takeWord("null")
  }

  /// Reads over a value of any kind, with the same checks.
  mutating func skipValue() throws(CheckpointError) {
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
    default: _ = try number()
    }
  }

  /// Requires that nothing but white space follows.
  mutating func end() throws(CheckpointError) {
    skipSpace()
    guard at == text.count else { throw unexpected("the end of the JSON text") }
  }

  private mutating func number() throws(CheckpointError) -> String {
    let start = at
    _ = take(UInt8(ascii: "-"))
    if !take(UInt8(ascii: "0")) { try digits() }
    if take(UInt8(ascii: ".")) { try digits() }
    if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
      if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
      try digits()
    }
    let digits = String(decoding: text[start..<at].bytes, as: UTF8.self)
    // As the reference's parser, which makes a 64-bit number of every one that it meets.
    guard let value = Double(digits), value.isFinite else {
      at = start
      throw error(
        .jsonNotAnInteger, expected: "a number that 64 bits hold",
        found: digits.count > 40 ? "\(digits.prefix(40))…" : digits)
    }
    return digits
  }

  private mutating func digits() throws(CheckpointError) {
    let start = at
    while let byte = peek, byte >= 0x30, byte <= 0x39 { at += 1 }
    guard at > start else { throw unexpected("a value") }
  }

  // MARK: Strings

  mutating func string() throws(CheckpointError) -> String {
    guard take(UInt8(ascii: "\"")) else { throw unexpected("a string") }
    let start = at
    var unescaped: [UInt8] = []
    var copied = at  // everything before this byte is in `unescaped`, if there were escapes
    while let byte = peek {
      switch byte {
      case UInt8(ascii: "\""):
        let text: String?
        if copied == start {
          text = String(validating: self.text[start..<at].bytes, as: UTF8.self)
        } else {
          unescaped.append(contentsOf: self.text[copied..<at].bytes)
          text = String(validating: unescaped, as: UTF8.self)
        }
        guard let text else { throw error(.jsonNotUTF8) }
        at += 1
        return text
      case UInt8(ascii: "\\"):
        unescaped.append(contentsOf: self.text[copied..<at].bytes)
        at += 1
        try escape(into: &unescaped)
        copied = at
      case 0..<0x20: throw unexpected("no control character in a string")
      default: at += 1
      }
    }
    throw unexpected("the end of a string")
  }

  private mutating func escape(into bytes: inout [UInt8]) throws(CheckpointError) {
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
        guard take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else { throw error(.jsonLoneSurrogate) }
        let low = try fourHexDigits()
        guard 0xDC00...0xDFFF ~= low else { throw error(.jsonLoneSurrogate) }
        code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
      }
      guard let scalar = Unicode.Scalar(code) else { throw error(.jsonLoneSurrogate) }
      bytes.append(contentsOf: UTF8.encode(scalar)!)
    default:
      at -= 1
      throw unexpected("an escape")
    }
  }

  private mutating func fourHexDigits() throws(CheckpointError) -> UInt32 {
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

  mutating func skipSpace() {
    while let byte = peek, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { at += 1 }
  }

  private func unexpected(_ expected: String) -> CheckpointError {
    guard let byte = peek else { return error(.notJSON, expected: expected, found: "the end of the text") }
    let shown = 0x21...0x7E ~= byte ? "'\(Character(Unicode.Scalar(byte)))'" : "byte 0x\(String(byte, radix: 16))"
    return error(.notJSON, expected: expected, found: shown)
  }
}
