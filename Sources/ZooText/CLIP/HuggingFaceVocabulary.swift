import Foundation

extension CLIPVocabularyFile {
  /// `vocab.json` and `merges.txt`, as Hugging Face writes them, from OpenAI's merge file (which may be compressed).
  ///
  /// Throws a `TextError` if it is not a merge file.
  package static func huggingFaceFiles(of mergeFile: URL) throws(TextError) -> (vocabulary: Data, merges: Data) {
    let rules = try BytePairs.mergeRules(
      readTokenizerFile(mergeFile), file: mergeFile.lastPathComponent, isOpenAIs: true)
    let pieces = BytePairs.pieces(rules)
    var vocabulary = Data("{".utf8)
    for (id, piece) in pieces.enumerated() {
      vocabulary += Data(id == 0 ? "\"".utf8 : ",\"".utf8)
      // A quotation mark and a backslash are the only symbols that JSON escapes.
      for byte in piece {
        if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { vocabulary.append(UInt8(ascii: "\\")) }
        vocabulary.append(byte)
      }
      vocabulary += Data("\":\(id)".utf8)
    }
    vocabulary += Data("}\n".utf8)
    var merges = Data("#version: 0.2\n".utf8)
    for rule in rules { merges += rule.left + [0x20] + rule.right + [0x0A] }
    return (vocabulary, merges)
  }
}
