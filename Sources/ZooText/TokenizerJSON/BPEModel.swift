/// The BPE model of the tokenizers library.
struct BPEModel: Sendable {
  let ids: PieceTable
  private let merges: MergeTable
  let unknownID: Int32?
  private let fusesUnknown: Bool
  private let wordStart: [UInt8]
  private let wordEnd: [UInt8]
  private let ignoresMerges: Bool
  /// The ids of `<0x00>`...`<0xFF>`; a missing one is -1. Empty without byte fallback.
  private let byteIDs: [Int32]

  init(_ node: JSONNode) throws(TextError) {
    let vocabulary = try node.member("vocab")
    let ids = try vocabularyTable(vocabulary.value, file: node.file, field: vocabulary.path)
    self.ids = ids
    let prefix = try node.optional("continuing_subword_prefix")?.bytes() ?? []
    wordStart = prefix
    wordEnd = try node.optional("end_of_word_suffix")?.bytes() ?? []
    fusesUnknown = try node.bool("fuse_unk", default: false)
    ignoresMerges = try node.bool("ignore_merges", default: false)
    unknownID = try node.optional("unk_token").map { unknown throws(TextError) in
      guard let id = ids[try unknown.bytes()] else { throw unknown.problem("it is not in the vocabulary") }
      return id
    }
    byteIDs =
      try node.bool("byte_fallback", default: false)
      ? (0..<256).map { ids[("<0x" + ($0 < 16 ? "0" : "") + String($0, radix: 16, uppercase: true) + ">").utf8] ?? -1 }
      : []

    let rules = try node.elements("merges")
    var merges = MergeTable(capacity: rules.count)
    for (rank, rule) in rules.enumerated() {
      let (left, right) = try Self.pair(rule)
      guard let leftID = ids[left], let rightID = ids[right], let id = ids[left + right.dropFirst(prefix.count)] else {
        throw rule.problem("it joins a piece that is not in the vocabulary")
      }
      merges.add(leftID, rightID, rank: rank, id: id)
    }
    self.merges = merges
  }

  /// The model of transformers' `CLIPTokenizer`.
  init(_ pairs: BytePairs, unknownID: Int32?) {
    (ids, merges, self.unknownID, wordEnd) = (pairs.ids, pairs.merges, unknownID, BytePairs.wordEnd)
    (wordStart, byteIDs, fusesUnknown, ignoresMerges) = ([], [], false, false)
  }

  /// A byte-level vocabulary, in which every byte has a piece.
  init(byteLevel ids: PieceTable, merges: MergeTable) {
    (self.ids, self.merges, unknownID, ignoresMerges) = (ids, merges, nil, true)
    (wordStart, wordEnd, byteIDs, fusesUnknown) = ([], [], [], false)
  }

  /// `"left right"`, or `["left", "right"]` in newer files.
  static func pair(_ rule: JSONNode) throws(TextError) -> BytePairs.Rule {
    let parts: [ArraySlice<UInt8>]
    if let text = rule.value.bytes {
      parts = text.split(separator: 0x20, omittingEmptySubsequences: false)
    } else {
      parts = try rule.elements().map { part throws(TextError) in try part.bytes()[...] }
    }
    guard parts.count == 2 else { throw rule.problem("a merge rule is two pieces") }
    return (parts[0], parts[1])
  }

  func ids(of word: [Unicode.Scalar]) -> [Int32] {
    if ignoresMerges, let id = ids[word.utf8] { return [id] }
    var symbols: [Int32] = []
    var isUnknownOpen = false
    for (index, scalar) in word.enumerated() {
      var piece = index > 0 ? wordStart : []
      scalar.appendUTF8(to: &piece)
      if index == word.count - 1 { piece += wordEnd }
      if let id = ids[piece] {
        symbols.append(id)
        isUnknownOpen = false
      } else if let bytes = fallback(piece) {
        symbols.append(contentsOf: bytes)
      } else if let unknownID {
        if !(isUnknownOpen && fusesUnknown) { symbols.append(unknownID) }
        isUnknownOpen = true
      }
    }
    return merges.merge(symbols, order: .byOccurrence)
  }

  private func fallback(_ piece: [UInt8]) -> [Int32]? {
    guard !byteIDs.isEmpty else { return nil }
    let ids = piece.map { byteIDs[Int($0)] }
    return ids.contains(-1) ? nil : ids
  }
}
