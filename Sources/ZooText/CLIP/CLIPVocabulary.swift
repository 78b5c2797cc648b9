import Foundation

/// The pieces and merge rules of a CLIP vocabulary.
struct CLIPVocabulary: Sendable {
  static let wordEnd = [UInt8]("</w>".utf8)
  /// Merge rules beyond this many are left out: the distributed file holds more than CLIP uses.
  private static let mergeLimit = 49152 - 256 - 2

  var ids: PieceTable
  var merges: MergeTable
  /// "start of text" and "end of text".
  let start: Int32
  let end: Int32
  let size: Int

  /// From OpenAI's `bpe_simple_vocab_16e6.txt` (a header line, then one merge rule a line): ids follow from the order.
  init(mergeFile bytes: [UInt8], file: String) throws {
    let rules = try Self.mergeRules(bytes, file: file, hasHeader: true)
    ids = PieceTable(capacity: 512 + rules.count)
    for suffix in [[], Self.wordEnd] {
      for byte in ByteSymbols.order { ids.set(ByteSymbols.utf8[Int(byte)] + suffix, Int32(ids.count)) }
    }
    for (rank, rule) in rules.enumerated() { ids.set(rule.left + rule.right, Int32(512 + rank)) }
    merges = try Self.mergeTable(rules, ids, file: file)
    size = 512 + rules.count + 2
    start = Int32(size - 2)
    end = Int32(size - 1)
  }

  /// From `vocab.json` and `merges.txt` of Hugging Face.
  init(vocabulary json: JSONValue, file: String, mergeFile bytes: [UInt8], mergeFileName: String) throws {
    let ids = try vocabularyTable(json, file: file, field: "vocabulary")
    self.ids = ids
    func special(_ names: String...) throws -> Int32 {
      for name in names { if let id = ids[name.utf8] { return id } }
      throw TextError.malformed(file: file, place: "vocabulary", problem: "it has no \(names[0])")
    }
    start = try special("<|startoftext|>", "<start_of_text>")
    end = try special("<|endoftext|>", "<end_of_text>")
    for byte in ByteSymbols.utf8 where ids[byte] == nil || ids[byte + Self.wordEnd] == nil {
      throw TextError.malformed(
        file: file, place: "vocabulary",
        problem: "it has no piece for the byte symbol \(String(decoding: byte, as: UTF8.self))")
    }
    let rules = try Self.mergeRules(bytes, file: mergeFileName, hasHeader: false)
    merges = try Self.mergeTable(rules, ids, file: mergeFileName)
    size = ids.idCount
  }

  typealias Rule = (left: ArraySlice<UInt8>, right: ArraySlice<UInt8>)

  /// Lines `left right`. A first line that begins with `#version` is a header in any case.
  static func mergeRules(_ bytes: [UInt8], file: String, hasHeader: Bool) throws -> [Rule] {
    var rules: [Rule] = []
    var line = 0
    var start = 0
    while start < bytes.count, rules.count < mergeLimit {
      let end = bytes[start...].firstIndex(of: 0x0A) ?? bytes.count
      var text = bytes[start..<end]
      if text.last == 0x0D { text.removeLast() }
      line += 1
      start = end + 1
      if line == 1, hasHeader || text.starts(with: "#version".utf8) { continue }
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

  private static func mergeTable(_ rules: [Rule], _ ids: PieceTable, file: String) throws -> MergeTable {
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
