/// The patterns that occur in tokenizers of the supported models. General regular expressions are rejected: some take exponential time.
enum Pattern: Sendable {
  case literal([Unicode.Scalar])
  /// At least `minimum` scalars of a class.
  case run(ScalarClass, minimum: Int)
  /// One scalar of a class.
  case one(ScalarClass)
  case clipWords(WordSplitter)
  case gpt2Words

  /// What `[...]`, `\s` or a single character matches.
  struct ScalarClass: Sendable {
    var scalars: Set<Unicode.Scalar> = []
    var includesSpace = false

    func contains(_ scalar: Unicode.Scalar) -> Bool { scalars.contains(scalar) || (includesSpace && scalar.isSpace) }
  }

  /// `{"String": ...}` or `{"Regex": ...}`.
  init(_ node: JSONNode) throws(TextError) {
    if let literal = node.optional("String") {
      self = .literal(scalars(try literal.bytes()))
      return
    }
    let source = try node.text("Regex")
    guard let pattern = Self.words(source) ?? Self.simple(source) else {
      throw node.unsupported("the regular expression \(source)")
    }
    self = pattern
  }

  /// The non-empty matches, left to right.
  func matches(_ text: [Unicode.Scalar]) -> [Range<Int>] {
    switch self {
    case .clipWords(let splitter): return splitter.words(text)
    case .gpt2Words: return gpt2WordRanges(text)
    case .literal, .run, .one: break
    }
    var found: [Range<Int>] = []
    var at = 0
    while at < text.count {
      let length = matchLength(text, at)
      if length > 0 { found.append(at..<at + length) }
      at += max(length, 1)
    }
    return found
  }

  private func matchLength(_ text: [Unicode.Scalar], _ at: Int) -> Int {
    switch self {
    case .literal(let literal): return text[at...].starts(with: literal) ? literal.count : 0
    case .one(let set): return set.contains(text[at]) ? 1 : 0
    case .run(let set, let minimum):
      var end = at
      while end < text.count, set.contains(text[end]) { end += 1 }
      // If a run is too short at its beginning, it is too short at every position in it.
      return end - at >= minimum ? end - at : 0
    case .clipWords, .gpt2Words: return 0
    }
  }

  // MARK: Reading

  private static let clipTail = #"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"#
  private static let gpt2 = #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#

  private static func words(_ source: String) -> Pattern? {
    if source == gpt2 { return .gpt2Words }
    guard source.hasSuffix(clipTail) else { return nil }
    // The part before it consists of literal special tokens.
    var specials: [[Unicode.Scalar]] = []
    var token: [Unicode.Scalar] = []
    var isEscaped = false
    for scalar in source.dropLast(clipTail.count).unicodeScalars {
      if isEscaped {
        token.append(scalar)
        isEscaped = false
      } else if scalar == "\\" {
        isEscaped = true
      } else if scalar == "|" {
        if token.isEmpty { return nil }
        specials.append(token)
        token = []
      } else if "()[]{}.*+?^$".unicodeScalars.contains(scalar) {
        return nil
      } else {
        token.append(scalar)
      }
    }
    return token.isEmpty && !isEscaped ? .clipWords(WordSplitter(specials: specials, ignoresCase: false)) : nil
  }

  /// One class and at most one of `+`, `{n,}`.
  private static func simple(_ source: String) -> Pattern? {
    var rest = Array(source.unicodeScalars)[...]
    guard let set = atom(&rest) else { return nil }
    if rest.isEmpty { return .one(set) }
    if rest.elementsEqual(["+"]) { return .run(set, minimum: 1) }
    guard rest.popFirst() == "{", rest.popLast() == "}", rest.popLast() == ",", (1...4).contains(rest.count),
      let minimum = Int(rest.string), minimum > 0
    else { return nil }
    return .run(set, minimum: minimum)
  }

  private static func atom(_ rest: inout ArraySlice<Unicode.Scalar>) -> ScalarClass? {
    var set = ScalarClass()
    guard let first = rest.popFirst() else { return nil }
    switch first {
    case "\\": return escape(&rest, into: &set) ? set : nil
    case "[":
      if rest.first == "^" { return nil }
      while let next = rest.popFirst() {
        switch next {
        case "]": return set.scalars.isEmpty && !set.includesSpace ? nil : set
        case "-", "[", "&": return nil
        case "\\": if !escape(&rest, into: &set) { return nil }
        default: set.scalars.insert(next)
        }
      }
      return nil
    case ".", "^", "$", "*", "+", "?", "(", ")", "{", "}", "|", "]": return nil
    default:
      set.scalars.insert(first)
      return set
    }
  }

  private static func escape(_ rest: inout ArraySlice<Unicode.Scalar>, into set: inout ScalarClass) -> Bool {
    guard let scalar = rest.popFirst() else { return false }
    switch scalar {
    case "s": set.includesSpace = true
    case "n": set.scalars.insert("\n")
    case "r": set.scalars.insert("\r")
    case "t": set.scalars.insert("\t")
    default:
      guard scalar.isASCIIPunctuation else { return false }
      set.scalars.insert(scalar)
    }
    return true
  }
}
