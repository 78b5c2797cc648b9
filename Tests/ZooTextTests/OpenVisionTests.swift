import Testing
import ZooModels
import ZooText

/// Expected ids come from OpenVision's `CustomTokenizer`, which is tokenizers' `BertWordPieceTokenizer` (0.23.3) with special tokens of its own
/// around a text.
@Suite struct OpenVisionTests {
  private static let vocabulary =
    ["[PAD]"] + (0..<99).map { "[unused\($0)]" } + ["[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    + ["a", "photo", "of", "cat", "##s", ",", "\u{E9}", "e"]

  @Test(
    arguments: [
      ("A photo of cats", [1, 104, 105, 106, 107, 108, 2, 0, 0, 101]),
      ("\u{C9}, dog", [1, 111, 109, 100, 2, 0, 0, 0, 0, 101]),
      (Array(repeating: "a", count: 12).joined(separator: " "), [1, 104, 104, 104, 104, 104, 104, 104, 2, 101]),
    ] as [(String, [Int32])])
  func promptsAreFramedAsTheAuthorsDo(_ prompt: String, _ ids: [Int32]) throws {
    let spec = TokenizerSpec(
      kind: .wordPiece, contextLength: 10, bosID: 1, eosID: 2, frame: .clips, classID: 101)
    let lines = Self.vocabulary.joined(separator: "\n") + "\n"
    let tokenizer = try withFolder(["vocab.txt": [UInt8](lines.utf8)]) { try loadTokenizer(spec, from: $0) }
    #expect(tokenizer.encode(prompt) == ids)
  }
}
