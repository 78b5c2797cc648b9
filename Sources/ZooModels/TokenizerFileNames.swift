/// Every name of a tokenizer's files: what is read, copied and pulled.
package enum TokenizerFileNames {
  package static let json = "tokenizer.json"
  package static let config = "tokenizer_config.json"
  package static let specialTokens = "special_tokens_map.json"
  package static let addedTokens = "added_tokens.json"
  /// Files beside a vocabulary that say which tokens are special and which were added.
  package static let settings = [config, specialTokens, addedTokens]

  /// The files that one kind of tokenizer or another reads; patterns are left out.
  package static let vocabularies = TokenizerSpec.Kind.allCases.flatMap(\.fileSets).joined().reduce(into: [String]()) {
    if !$1.contains("*"), !$0.contains($1) { $0.append($1) }
  }
  /// Every file that a tokenizer may consist of; patterns are left out.
  package static let all = settings + vocabularies

  /// Whether a file name matches a name in the table, in which `*` stands for anything.
  package static func matches(_ name: String, _ pattern: String) -> Bool {
    guard let star = pattern.firstIndex(of: "*") else { return name == pattern }
    let (head, tail) = (pattern[..<star], pattern[pattern.index(after: star)...])
    return name.count >= head.count + tail.count && name.hasPrefix(head) && name.hasSuffix(tail)
  }
}

extension TokenizerSpec.Kind {
  /// Sets of files that make up a tokenizer of this kind, best first.
  package var fileSets: [[String]] {
    switch self {
    case .clipBPE, .clipHF:
      [
        ["bpe_simple_vocab_16e6.txt.gz"], ["bpe_simple_vocab_16e6.txt"], ["bpe_simple_vocab*.txt.gz"],
        ["bpe_simple_vocab*.txt"], ["vocab.json", "merges.txt"], [TokenizerFileNames.json],
      ]
    case .tokenizerJSON: [[TokenizerFileNames.json]]
    case .sentencePiece: [["spiece.model"], ["sentencepiece.model"], ["sentencepiece.bpe.model"], ["tokenizer.model"]]
    case .wordPiece: [["vocab.txt"]]
    case .tiktoken: [["r50k_base.tiktoken"]]
    }
  }

  /// The sets that are complete among the file names of a folder, best first.
  package func fileSets(among names: [String]) -> [[String]] {
    let names = names.sorted()
    return fileSets.reduce(into: []) { sets, patterns in
      let found = patterns.compactMap { pattern in names.first { TokenizerFileNames.matches($0, pattern) } }
      if found.count == patterns.count, !sets.contains(found) { sets.append(found) }
    }
  }
}
