/// Text as shown on a terminal: in columns, on one line.
extension String {
  /// The number of terminal columns it takes: two for wide characters, none for combining marks.
  var columns: Int {
    // Most texts consist of printable ASCII characters, which take one column each.
    utf8.allSatisfy { (0x20..<0x7F).contains($0) } ? utf8.count : reduce(0) { $0 + $1.columns }
  }

  /// The text in at most so many columns, with an ellipsis in place of its middle.
  func shortened(to width: Int) -> String {
    guard columns > width, width > 1 else { return self }
    // More of the end is kept, as paths differ there.
    let tailWidth = (width - 1) * 3 / 5
    var head = "", tail: [Character] = [], used = 0
    for character in reversed() {
      guard used + character.columns <= tailWidth else { break }
      used += character.columns
      tail.append(character)
    }
    for character in self {
      guard used + character.columns <= width - 1 else { break }
      used += character.columns
      head.append(character)
    }
    return head + "…" + String(tail.reversed())
  }
}

extension Character {
  fileprivate var columns: Int {
    if unicodeScalars.contains(where: { $0.properties.isEmojiPresentation || $0 == "\u{FE0F}" }) { return 2 }
    return unicodeScalars.map(\.columns).max() ?? 0
  }
}

extension Unicode.Scalar {
  /// Unicode's East Asian Width, for blocks that are entirely wide.
  fileprivate var columns: Int {
    switch properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format: return 0
    default: break
    }
    switch value {
    case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF,
      0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x16FE0...0x18DFF, 0x1AFF0...0x1B2FF, 0x20000...0x3FFFD:
      return 2
    default: return 1
    }
  }
}

extension Unicode.Scalar {
  /// Whether it could control a terminal: control characters, marks that change the direction of text, other line breaks.
  var steersTerminals: Bool {
    switch value {
    case 0..<0x20, 0x7F...0x9F, 0x061C, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069: true
    default: false
    }
  }
}

/// Text from an external source, made safe to print: on one line, with control characters escaped.
///
/// - Parameters:
///   - width: The columns of a terminal; nil for all of the text.
///   - keepsLines: True for our own text with line breaks and tabs.
func printable(_ text: String, within width: Int? = nil, keepsLines: Bool = false) -> String {
  var result = ""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\n" where keepsLines, "\t" where keepsLines: result.unicodeScalars.append(scalar)
    case "\n": result += "\\n"
    case "\r": result += "\\r"
    case "\t": result += "\\t"
    case _ where scalar.steersTerminals: result += "\\u{\(String(scalar.value, radix: 16))}"
    default: result.unicodeScalars.append(scalar)
    }
  }
  return width.map { result.shortened(to: $0) } ?? result
}
