/// Named and numeric character references, as Python's `html.unescape` and ftfy resolve them.
enum HTMLEntities {
  private static let ampersand: Unicode.Scalar = "&", hash: Unicode.Scalar = "#", semicolon: Unicode.Scalar = ";"

  /// Replaces every reference as specified by HTML 5, including names without a semicolon and prefixes of longer words (`&copyright`).
  static func unescape(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
    replaceReferences(text) { at in
      if at < text.count, text[at] == hash { return number(text, after: at) }
      return name(text, at)
    }
  }

  /// The cautious variant in ftfy: only references closed by a semicolon, and upper-case spellings of lower-case names.
  static func unescapeClosed(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
    replaceReferences(text) { at in
      let start = at < text.count && text[at] == hash ? at + 1 : at
      var end = start
      while end < text.count, end - start < 24, text[end].isASCIIAlphanumeric { end += 1 }
      guard end > start, end < text.count, text[end] == semicolon else { return nil }
      if start > at {
        guard let (value, stop) = number(text, after: at), stop == end + 1 else { return nil }
        return (value, stop)
      }
      return closedName(text[start..<end]).map { ($0, end + 1) }
    }
  }

  /// Replaces each reference by the result of `resolve`, which gets the text after an ampersand and returns the characters and where to continue.
  private static func replaceReferences(
    _ text: [Unicode.Scalar], _ resolve: (Int) -> (value: [Unicode.Scalar], next: Int)?
  ) -> [Unicode.Scalar] {
    guard text.contains(ampersand) else { return text }
    var result: [Unicode.Scalar] = []
    result.reserveCapacity(text.count)
    var at = 0
    while at < text.count {
      if text[at] == ampersand, let (value, next) = resolve(at + 1) {
        result.append(contentsOf: value)
        at = next
      } else {
        result.append(text[at])
        at += 1
      }
    }
    return result
  }

  // MARK: Numbers

  /// `#` at `at`, then decimal digits or `x` and hexadecimal digits, then an optional semicolon.
  private static func number(_ text: [Unicode.Scalar], after at: Int) -> (value: [Unicode.Scalar], next: Int)? {
    var digits = at + 1
    var radix: UInt32 = 10
    if digits < text.count, text[digits] == "x" || text[digits] == "X" {
      radix = 16
      digits += 1
    }
    var end = digits
    var value: UInt32 = 0
    while end < text.count, let digit = text[end].asciiDigit(radix: radix) {
      value = min(value * radix + digit, 0x11_0000)
      end += 1
    }
    guard end > digits else { return nil }
    if end < text.count, text[end] == semicolon { end += 1 }
    return (character(value), end)
  }

  private static func character(_ value: UInt32) -> [Unicode.Scalar] {
    switch value {
    case 0: return ["\u{FFFD}"]
    case 0x80...0x9F: return [windows1252(value)]
    case 0x0D: return ["\r"]
    case 1...8, 0x0B, 0x0E...0x1F, 0x7F, 0xFDD0...0xFDEF: return []
    default:
      if value <= 0x10_FFFF, value & 0xFFFE == 0xFFFE { return [] }
      return [Unicode.Scalar(value) ?? "\u{FFFD}"]
    }
  }

  /// The meaning of a C1 control (0x80...0x9F) in Windows-1252. Five of them have none and stay.
  static func windows1252(_ value: UInt32) -> Unicode.Scalar {
    let table: [UInt32] = [
      0x20AC, 0x81, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8D,
      0x017D,
      0x8F, 0x90, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D,
      0x017E, 0x0178,
    ]
    return Unicode.Scalar(table[Int(value & 0x1F)]) ?? "\u{FFFD}"
  }

  // MARK: Names

  private struct Names: Sendable {
    var table = PieceTable(capacity: 2200)
    var values: [[Unicode.Scalar]] = []
    /// Whether the name is valid without a semicolon.
    var isOpen: [Bool] = []
  }

  private static let names: Names = {
    var names = Names()
    for item in htmlEntityNames.utf8.split(whereSeparator: { $0 == 0x20 || $0 == 0x0A }) {
      guard let sign = item.firstIndex(where: { $0 == UInt8(ascii: "=") || $0 == UInt8(ascii: ":") }) else { continue }
      names.table.set([UInt8](item[..<sign]), Int32(names.values.count))
      names.isOpen.append(item[sign] == UInt8(ascii: ":"))
      names.values.append(
        item[item.index(after: sign)...].split(separator: UInt8(ascii: "+")).compactMap { hex in
          Unicode.Scalar(hex.reduce(0) { $0 * 16 + UInt32($1 > 0x39 ? $1 - 0x57 : $1 - 0x30) })
        })
    }
    return names
  }()

  private static let longestName = 31

  /// A name at `at`: closed by a semicolon, or the longest prefix that is valid without one.
  private static func name(_ text: [Unicode.Scalar], _ at: Int) -> (value: [Unicode.Scalar], next: Int)? {
    var letters: [UInt8] = []
    var end = at
    while end < text.count, letters.count < longestName + 1, text[end].isASCIIAlphanumeric {
      letters.append(UInt8(text[end].value))
      end += 1
    }
    if end < text.count, text[end] == semicolon, let index = names.table[letters] {
      return (names.values[Int(index)], end + 1)
    }
    while letters.count > 1 {
      if let index = names.table[letters], names.isOpen[Int(index)] {
        return (names.values[Int(index)], at + letters.count)
      }
      letters.removeLast()
    }
    return nil
  }

  private static func closedName(_ name: ArraySlice<Unicode.Scalar>) -> [Unicode.Scalar]? {
    let letters = name.map { UInt8($0.value) }
    if let index = names.table[letters] { return names.values[Int(index)] }
    // An upper-case spelling, unless a prefix of it has a meaning of its own (`&AMPLE;`).
    guard !letters.contains(where: { (0x61...0x7A).contains($0) }) else { return nil }
    let lower = letters.map { (0x41...0x5A).contains($0) ? $0 + 0x20 : $0 }
    guard let index = names.table[lower], self.name(Array(name) + [semicolon], 0) == nil else { return nil }
    return names.values[Int(index)].flatMap { $0.properties.uppercaseMapping.unicodeScalars }
  }
}
