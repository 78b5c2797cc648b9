import ZooJSON

/// The pieces and merge rules of a byte-pair encoding in which the last piece of a word ends in `</w>`, from any of the files that hold CLIP's.
struct BytePairs: Sendable, Equatable {
  static let wordEnd = [UInt8]("</w>".utf8)
  /// The tokens around a text.
  static let (start, end) = ("<|startoftext|>", "<|endoftext|>")
  /// Any further merge rules in OpenAI's file are ignored: it holds more than CLIP uses.
  private static let mergeLimit = 49152 - 256 - 2

  var ids: PieceTable
  var merges: MergeTable

  typealias Rule = (left: ArraySlice<UInt8>, right: ArraySlice<UInt8>)

  /// From OpenAI's `bpe_simple_vocab_16e6.txt` (a header line, then one merge rule per line): ids follow from the order.
  init(mergeFile bytes: [UInt8], file: String) throws(TextError) {
    let rules = try Self.mergeRules(bytes, file: file, isOpenAIs: true)
    ids = PieceTable(capacity: 512 + rules.count + 2)
    for piece in Self.pieces(rules) { ids.set(piece, Int32(ids.count)) }
    merges = try Self.mergeTable(rules, ids, file: file)
  }

  /// From `vocab.json` and `merges.txt` of Hugging Face.
  init(vocabulary json: JSONValue, file: String, mergeFile bytes: [UInt8], mergeFileName: String) throws(TextError) {
    ids = try vocabularyTable(json, file: file, field: "vocabulary")
    let rules = try Self.mergeRules(bytes, file: mergeFileName, isOpenAIs: false)
    merges = try Self.mergeTable(rules, ids, file: mergeFileName)
  }

  /// From the model in a `tokenizer.json`.
  init(_ node: JSONNode) throws(TextError) {
    let type = try node.optional("type")?.text()
    guard type == "BPE", try node.optional("end_of_word_suffix")?.bytes() == Self.wordEnd else {
      throw node.unsupported("a model that is not CLIP's byte-pair encoding")
    }
    let vocabulary = try node.member("vocab")
    ids = try vocabularyTable(vocabulary.value, file: node.file, field: vocabulary.path)
    let rules = try node.elements("merges").map(BPEModel.pair)
    merges = try Self.mergeTable(rules, ids, file: node.file)
  }

  /// The pieces of OpenAI's vocabulary in id order.
  static func pieces(_ rules: [Rule]) -> [[UInt8]] {
    let symbols = ByteSymbols.order.map { ByteSymbols.utf8[Int($0)] }
    return symbols + symbols.map { $0 + wordEnd } + rules.map { Array($0.left + $0.right) }
      + [start, end].map { Array($0.utf8) }
  }

  /// Lines of the form `left right`. A first line that begins with `#version` is always a header.
  static func mergeRules(_ bytes: [UInt8], file: String, isOpenAIs: Bool) throws(TextError) -> [Rule] {
    var rules: [Rule] = []
    var line = 0
    var start = 0
    while start < bytes.count, !isOpenAIs || rules.count < mergeLimit {
      let end = bytes[start...].firstIndex(of: 0x0A) ?? bytes.count
      var text = bytes[start..<end]
      if text.last == 0x0D { text.removeLast() }
      line += 1
      start = end + 1
      if line == 1, isOpenAIs || text.starts(with: "#version".utf8) { continue }
      if text.isEmpty, start >= bytes.count { break }
      let parts = text.split(separator: 0x20, omittingEmptySubsequences: false)
      guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
        throw TextError.malformed(
          file: file, place: "line \(line)", problem: "a merge rule is two pieces with a space between")
      }
      rules.append((parts[0], parts[1]))
    }
    if rules.isEmpty { throw TextError.malformed(file: file, place: "line 1", problem: "it holds no merge rules") }
    return rules
  }

  private static func mergeTable(_ rules: [Rule], _ ids: PieceTable, file: String) throws(TextError) -> MergeTable {
    var table = MergeTable(capacity: rules.count)
    for (rank, rule) in rules.enumerated() {
      guard let left = ids[rule.left], let right = ids[rule.right], let joined = ids[rule.left + rule.right] else {
        throw TextError.malformed(
          file: file, place: "merge rule \(rank + 1)", problem: "it joins a piece that is not in the vocabulary")
      }
      table.add(left, right, rank: rank, id: joined)
    }
    return table
  }
}
