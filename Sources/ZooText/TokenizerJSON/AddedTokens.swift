/// Tokens that are found in the text before any other processing.
struct AddedTokens: Sendable {
  struct Token: Sendable, Equatable {
    var content: [UInt8]
    var id: Int32
    /// Whether to look for it in the normalised text.
    var isNormalized = false
    var isSingleWord = false
    var stripsLeft = false
    var stripsRight = false
  }

  /// A section of text, or a token.
  enum Part {
    case text([UInt8], isFirst: Bool)
    case token(Int32)
  }

  private let tokens: [Token]
  private let trie: PieceTrie

  init(_ tokens: [Token]) {
    self.tokens = tokens
    trie = PieceTrie(tokens.enumerated().map { ($1.content, Int32($0)) })
  }

  /// Splits the text at tokens: repeatedly the longest token at the leftmost position.
  func split(_ text: [UInt8], isFirst: Bool) -> [Part] {
    if text.isEmpty { return [] }
    if trie.isEmpty { return [.text(text, isFirst: isFirst)] }
    var parts: [Part] = []
    var open = 0
    var at = 0
    func closeText(_ end: Int) {
      if open < end { parts.append(.text([UInt8](text[open..<end]), isFirst: isFirst && open == 0)) }
    }
    while at < text.count {
      guard let (length, index) = trie.longestPrefix(of: text, from: at) else {
        at += 1
        continue
      }
      let token = tokens[Int(index)]
      var start = at
      var end = at + length
      at = end
      if token.isSingleWord, isWord(text[..<start], atEnd: true) || isWord(text[end...], atEnd: false) { continue }
      if token.stripsLeft { start = end - length - spaceCount(text[open..<start], atEnd: true) }
      if token.stripsRight { end += spaceCount(text[end...], atEnd: false) }
      closeText(start)
      parts.append(.token(token.id))
      open = end
      at = end
    }
    closeText(text.count)
    return parts
  }

  /// Whether the scalar next to a token is part of a word.
  private func isWord(_ text: ArraySlice<UInt8>, atEnd: Bool) -> Bool {
    guard let scalar = neighbour(text, atEnd: atEnd) else { return false }
    return scalar == "_" || scalar.properties.isAlphabetic || scalar.isNumber
      || scalar.properties.generalCategory == .nonspacingMark || scalar.properties.generalCategory == .spacingMark
  }

  /// The number of whitespace bytes at one end.
  private func spaceCount(_ text: ArraySlice<UInt8>, atEnd: Bool) -> Int {
    var rest = text
    while let scalar = neighbour(rest, atEnd: atEnd), scalar.isSpace {
      rest = atEnd ? rest.dropLast(UTF8.width(scalar)) : rest.dropFirst(UTF8.width(scalar))
    }
    return text.count - rest.count
  }

  private func neighbour(_ text: ArraySlice<UInt8>, atEnd: Bool) -> Unicode.Scalar? {
    atEnd ? scalars(text.suffix(4)).last : scalars(text.prefix(4)).first
  }
}

extension AddedTokens {
  /// The added tokens of a `tokenizer.json`; none if it has no such field.
  static func all(in root: JSONNode) throws(TextError) -> [Token] {
    try root.optional("added_tokens")?.elements().map(Token.init) ?? []
  }
}

extension AddedTokens.Token {
  init(_ node: JSONNode) throws(TextError) { try self.init(node, id: node.optional("id")?.value.int) }

  /// An object whose id is stored elsewhere.
  init(_ node: JSONNode, id: Int?) throws(TextError) {
    let content = try node.member("content").bytes()
    try self.init(properties: node, id: checkedID(id, of: content, file: node.file, field: node.path))
  }

  init(properties node: JSONNode, id: Int32) throws(TextError) {
    self.init(
      content: try node.member("content").bytes(), id: id, isNormalized: try node.bool("normalized", default: false),
      isSingleWord: try node.bool("single_word", default: false), stripsLeft: try node.bool("lstrip", default: false),
      stripsRight: try node.bool("rstrip", default: false))
  }
}
