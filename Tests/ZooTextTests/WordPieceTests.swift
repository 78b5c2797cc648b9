import Testing
import ZooModels
import ZooText

/// Expected ids come from the tokenizers library (0.23.3): BertNormalizer, BertPreTokenizer and WordPiece over this vocabulary.
@Suite struct WordPieceTests {
  static let vocabulary = """
    [PAD] [UNK] [CLS] [SEP] [MASK] a photo of the cat dog ##s ##ing sit ##t un ##believ ##able naive cafe 3 . 1 ##4 , ! ' s \
    \u{4F60} \u{597D} ##ly play - \u{DF} ##e ##d
    """

  func tokenizer(context: Int = 8, strip: Bool = false) throws -> any PromptTokenizer {
    let lines = Self.vocabulary.split(separator: " ").joined(separator: "\n") + "\n"
    return try withFolder(["vocab.txt": [UInt8](lines.utf8)]) {
      try load(.wordPiece, $0, context: context, clean: TokenizerSpec.Clean.none, strip: strip)
    }
  }

  @Test(
    arguments: [
      ("a photo of the cat", [5, 6, 7, 8, 9]),
      ("A PHOTO, of THE Cats!", [5, 6, 24, 7, 8, 9, 11, 25]),
      ("Na\u{EF}ve caf\u{E9}", [18, 19]),
      ("cafe\u{301}", [19]),
      ("unbelievable dogs", [15, 16, 17, 10, 11]),
      ("unbelievably", [1]),
      ("\u{4F60}\u{597D}a\u{4F60}", [28, 29, 5, 28]),
      ("3.14", [20, 21, 22, 23]),
      ("sitting", [13, 14, 12]),
      ("the\u{A0}cat\u{200B}s", [8, 9, 11]),
      ("a\u{0}b\u{FFFD} cat", [1, 9]),
      ("[SEP] cat [MASK]", [3, 9, 4]),
      ("[sep]", [1, 1, 1]),
      ("cat's", [9, 26, 27]),
      ("\u{DF}", [33]),
      ("dog-played", [10, 32, 31, 34, 35]),
      (String(repeating: "x", count: 101), [1]),
      ("a\u{9}photo\u{D}\u{A}of\u{3000}the", [5, 6, 7, 8]),
      ("", []),
      ("\u{1F431} cat", [1, 9]),
    ] as [(String, [Int32])])
  func pieces(_ text: String, _ want: [Int32]) throws {
    #expect(try tokenizer().pieces(text) == want)
  }

  @Test func framed() throws {
    #expect(try tokenizer().vocabularySize == 36)
    #expect(try tokenizer().encode("a photo") == [2, 5, 6, 3, 0, 0, 0, 0])
    #expect(try tokenizer(context: 4).encode("a photo of the cat") == [2, 5, 6, 3])
  }

  /// open_clip's `strip_sep_token` (CLIPA): every separator becomes 0, even a typed one.
  @Test func stripsTheSeparator() throws {
    #expect(try tokenizer(strip: true).encode("a [SEP] photo") == [2, 5, 0, 6, 0, 0, 0, 0])
  }
}
