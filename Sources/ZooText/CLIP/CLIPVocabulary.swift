/// A CLIP vocabulary as OpenAI's tokenizer needs it: every byte is a piece, and a text has tokens around it.
struct CLIPVocabulary: Sendable {
  let ids: PieceTable
  let merges: MergeTable
  /// "start of text" and "end of text".
  let start: Int32
  let end: Int32

  init(_ pairs: BytePairs, file: String) throws(TextError) {
    (ids, merges) = (pairs.ids, pairs.merges)
    func special(_ names: String...) throws(TextError) -> Int32 {
      for name in names { if let id = pairs.ids[name.utf8] { return id } }
      throw TextError.malformed(file: file, place: "vocabulary", problem: "it has no \(names[0])")
    }
    start = try special(BytePairs.start, "<start_of_text>")
    end = try special(BytePairs.end, "<end_of_text>")
    for byte in ByteSymbols.utf8 where ids[byte] == nil || ids[byte + BytePairs.wordEnd] == nil {
      throw TextError.malformed(
        file: file, place: "vocabulary",
        problem: "it has no piece for the byte symbol \(String(decoding: byte, as: UTF8.self))")
    }
  }

  var size: Int { ids.idCount }
}
