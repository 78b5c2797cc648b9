/// The pre-tokenizers of the tokenizers library that supported models use: they split a normalised text into words.
indirect enum PreTokenizer: Sendable {
  case sequence([PreTokenizer])
  case whitespaceSplit
  case metaspace(replacement: Unicode.Scalar, prepend: Prepend, splits: Bool)
  case split(Pattern, Behavior, invert: Bool)
  case byteLevel(addsPrefixSpace: Bool, usesPattern: Bool)
  case bert

  enum Prepend: String, Sendable { case always, first, never }

  /// How transformers' `CLIPTokenizer` splits a text, whatever its `tokenizer.json` says.
  static let clip = sequence([
    .split(
      .clipWords(
        WordSplitter(specials: [BytePairs.start, BytePairs.end].map { scalars($0.utf8) }, ignoresCase: false)),
      .removed,
      invert: true),
    .byteLevel(addsPrefixSpace: false, usesPattern: true),
  ])

  /// What happens to the matches.
  enum Behavior: String, Sendable {
    case removed = "Removed"
    case isolated = "Isolated"
    case mergedWithPrevious = "MergedWithPrevious"
    case mergedWithNext = "MergedWithNext"
    case contiguous = "Contiguous"
  }

  /// A word and whether it is at the very beginning of the prompt.
  typealias Word = (text: [Unicode.Scalar], isFirst: Bool)

  init(_ node: JSONNode) throws(TextError) {
    switch try node.type() {
    case "Sequence": self = .sequence(try node.elements("pretokenizers").map(PreTokenizer.init))
    case "WhitespaceSplit": self = .whitespaceSplit
    case "BertPreTokenizer": self = .bert
    case "ByteLevel":
      self = .byteLevel(
        addsPrefixSpace: try node.bool("add_prefix_space", default: true),
        usesPattern: try node.bool("use_regex", default: true))
    case "Metaspace":
      let replacement = scalars(try node.member("replacement").bytes())
      guard replacement.count == 1 else { throw node.problem("the replacement is not one character") }
      let adds = try node.bool("add_prefix_space", default: true)
      let scheme = try node.optional("prepend_scheme")?.text()
      guard let prepend = Prepend(rawValue: scheme ?? (adds ? "always" : "never")) else {
        throw node.unsupported("the prepend scheme \(scheme ?? "")")
      }
      self = .metaspace(
        replacement: replacement[0], prepend: prepend, splits: try node.bool("split", default: true))
    case "Split":
      let name = try node.text("behavior")
      guard let behavior = Behavior(rawValue: name) else { throw node.unsupported("the split behaviour \(name)") }
      self = .split(try Pattern(try node.member("pattern")), behavior, invert: try node.bool("invert", default: false))
    case let other: throw node.unsupported("the pre-tokenizer \(other)")
    }
  }

  /// Empty words are dropped.
  func callAsFunction(_ words: [Word]) -> [Word] {
    switch self {
    case .sequence(let steps): steps.reduce(words) { $1($0) }
    case .whitespaceSplit:
      cut(words) { text in
        Self.apply(.removed, text.indices.filter { text[$0].isSpace }.map { $0..<$0 + 1 }, text)
      }
    case .bert:
      cut(PreTokenizer.whitespaceSplit(words)) { text in
        Self.apply(.isolated, text.indices.filter { text[$0].isBertPunctuation }.map { $0..<$0 + 1 }, text)
      }
    case .split(let pattern, let behavior, let invert):
      cut(words) { Self.apply(behavior, pattern.matches($0), $0, invert: invert) }
    case .metaspace(let replacement, let prepend, let splits):
      cut(words.map { Self.escapeSpaces($0, replacement, prepend) }) { text in
        guard splits else { return [0..<text.count] }
        let spaces = text.indices.filter { text[$0] == replacement }.map { $0..<$0 + 1 }
        return Self.apply(.mergedWithNext, spaces, text)
      }
    case .byteLevel(let addsPrefixSpace, let usesPattern):
      cut(words.map { addsPrefixSpace && $0.text.first != " " ? ([" "] + $0.text, $0.isFirst) : $0 }) {
        usesPattern ? gpt2WordRanges($0) : [0..<$0.count]
      }.map { ($0.text.utf8.flatMap { scalars(ByteSymbols.utf8[Int($0)]) }, $0.isFirst) }
    }
  }

  private func cut(_ words: [Word], _ ranges: ([Unicode.Scalar]) -> [Range<Int>]) -> [Word] {
    words.flatMap { word in
      ranges(word.text).filter { !$0.isEmpty }.map { (Array(word.text[$0]), word.isFirst && $0.lowerBound == 0) }
    }
  }

  private static func escapeSpaces(_ word: Word, _ replacement: Unicode.Scalar, _ prepend: Prepend) -> Word {
    var text = word.text.map { $0 == " " ? replacement : $0 }
    let isWanted = prepend == .always || (prepend == .first && word.isFirst)
    if isWanted, let first = text.first, first != replacement { text.insert(replacement, at: 0) }
    return (text, word.isFirst)
  }

  /// The ranges into which a text is split at the matches.
  static func apply(
    _ behavior: Behavior, _ matches: [Range<Int>], _ text: [Unicode.Scalar], invert: Bool = false
  ) -> [Range<Int>] {
    var parts: [(range: Range<Int>, isMatch: Bool)] = []
    var at = 0
    for match in matches {
      if at < match.lowerBound { parts.append((at..<match.lowerBound, invert)) }
      parts.append((match, !invert))
      at = match.upperBound
    }
    if at < text.count { parts.append((at..<text.count, invert)) }

    switch behavior {
    case .removed: return parts.filter { !$0.isMatch }.map(\.range)
    case .isolated: return parts.map(\.range)
    case .contiguous: return merge(parts) { $0.isMatch == $1.isMatch }
    case .mergedWithPrevious: return merge(parts) { !$0.isMatch && $1.isMatch }
    case .mergedWithNext: return merge(parts) { $0.isMatch && !$1.isMatch }
    }
  }

  /// Joins neighbours. A part that was joined to the previous one keeps its own kind.
  private static func merge(
    _ parts: [(range: Range<Int>, isMatch: Bool)],
    _ joins: ((range: Range<Int>, isMatch: Bool), (range: Range<Int>, isMatch: Bool)) -> Bool
  ) -> [Range<Int>] {
    var merged: [Range<Int>] = []
    for (index, part) in parts.enumerated() {
      if index > 0, joins(parts[index - 1], part), let last = merged.popLast() {
        merged.append(last.lowerBound..<part.range.upperBound)
      } else {
        merged.append(part.range)
      }
    }
    return merged
  }
}
