/// CLIP's regular expression as a scanner:
/// `'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+`, special tokens first.
struct WordSplitter: Sendable {
  /// Literal tokens that are words by themselves.
  let specials: [[Unicode.Scalar]]
  /// Whether case is ignored in literal tokens and contractions; the long s then counts as s.
  let ignoresCase: Bool

  /// The ranges of the words, in order; only whitespace is between them.
  func words(_ text: [Unicode.Scalar]) -> [Range<Int>] {
    var words: [Range<Int>] = []
    var at = 0
    while at < text.count {
      let end = wordEnd(text, at)
      if end > at { words.append(at..<end) }
      at = max(end, at + 1)
    }
    return words
  }

  /// What follows the apostrophe.
  static let contractions: [[Unicode.Scalar]] = [
    ["s"], ["t"], ["r", "e"], ["v", "e"], ["m"], ["l", "l"], ["d"],
  ]

  private func wordEnd(_ text: [Unicode.Scalar], _ at: Int) -> Int {
    if let special = specials.first(where: { matches($0, text, at) }) { return at + special.count }
    if text[at] == "'", let tail = Self.contractions.first(where: { matches($0, text, at + 1) }) {
      return at + 1 + tail.count
    }
    var end = at
    if text[at].isLetter {
      while end < text.count, text[end].isLetter { end += 1 }
    } else if text[at].isNumber {
      end += 1
    } else {
      while end < text.count, text[end].isOther { end += 1 }
    }
    return end
  }

  private func matches(_ literal: [Unicode.Scalar], _ text: [Unicode.Scalar], _ at: Int) -> Bool {
    guard text.count - at >= literal.count else { return false }
    return literal.indices.allSatisfy { index in
      let found = text[at + index]
      return found == literal[index] || (ignoresCase && found.folded == literal[index])
    }
  }
}

extension Unicode.Scalar {
  /// The case-folded form of a scalar in a literal, which is ASCII.
  fileprivate var folded: Unicode.Scalar {
    if self == "\u{17F}" { return "s" }
    return (0x41...0x5A).contains(value) ? Unicode.Scalar(UInt8(value + 0x20)) : self
  }

  /// `[^\s\p{L}\p{N}]`: punctuation, symbols, marks.
  var isOther: Bool { !isSpace && !isLetter && !isNumber }
}
