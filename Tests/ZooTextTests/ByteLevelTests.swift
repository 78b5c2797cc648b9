import Testing
import ZooModels
import ZooText

/// A tokenizer like RoBERTa's. Expected ids come from the tokenizers library (0.23.3).
@Suite struct ByteLevelTests {
  /// The library's JSON, without what it ignores.
  static let json = #"""
    {"added_tokens": [{"id": 0, "content": "<s>"}, {"id": 2, "content": "</s>"},
      {"id": 4, "content": "<mask>", "lstrip": true}], "normalizer": null,
    "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "use_regex": true},
    "post_processor": {"type": "RobertaProcessing", "sep": ["</s>", 2], "cls": ["<s>", 0]},
    "model": {"type": "BPE", "unk_token": "<unk>", "fuse_unk": false, "vocab": {
      "<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3, "<mask>": 4, "a": 5, "b": 6, "c": 7, "d": 8, "e":
      9, "g": 10, "h": 11, "i": 12, "l": 13, "m": 14, "n": 15, "o": 16, "p": 17, "r": 18, "s": 19,
      "t": 20, "u": 21, "v": 22, "0": 23, "1": 24, "2": 25, "3": 26, "4": 27, "5": 28, "6": 29, "7":
      30, "8": 31, "9": 32, ".": 33, ", ": 34, "!": 35, "'": 36, "Ġ": 37, "Ċ": 38, "â": 39, "Ģ": 40,
      "Ļ": 41, "Ã": 42, "©": 43, "Ġt": 44, "he": 45, "Ġthe": 46, "ca": 47, "cat": 48, "Ġcat": 49,
      "'s": 50, "12": 51, "123": 52, "ĠĠ": 53, "Ã©": 54},
    "merges": [["Ġ","t"], ["h","e"], ["Ġt","he"], ["c","a"], ["ca","t"], ["Ġ","cat"], ["'","s"], ["1","2"], ["12","3"], ["Ġ","Ġ"], ["Ã","©"]]}}
    """#

  func tokenizer(_ json: String = json) throws -> any PromptTokenizer {
    try withFolder(["tokenizer.json": [UInt8](json.utf8)]) {
      try load(.tokenizerJSON, $0, context: 8, pad: 1, clean: TokenizerSpec.Clean.none)
    }
  }

  @Test(
    arguments: [
      ("the cat", [20, 45, 49]),
      (" the  cat", [46, 37, 49]),
      ("cat's 123.1234", [48, 50, 37, 52, 33, 52, 27]),
      ("a\u{A}\u{A} the", [5, 38, 38, 46]),
      ("the cat   ", [20, 45, 49, 53, 37]),
      ("\u{E9}!!!", [54, 35, 35, 35]),
      ("a <mask> cat", [5, 4, 49]),
      ("</s>the", [2, 20, 45]),
      ("xx the", [3, 3, 46]),
      ("don't", [8, 16, 15, 36, 20]),
    ] as [(String, [Int32])])
  func pieces(_ text: String, _ want: [Int32]) throws {
    #expect(try tokenizer().pieces(text) == want)
  }

  @Test func framed() throws {
    #expect(try tokenizer().encode("the cat") == [0, 20, 45, 49, 2, 1, 1, 1])
    #expect(try tokenizer().vocabularySize == 55)
  }

  /// Keys that Swift's strings treat as equal: both must keep their ids.
  @Test func canonicallyEquivalentPiecesStayApart() throws {
    let json = #"""
      {"model": {"type": "BPE", "vocab": {"\u00e9": 3, "e": 1, "\u0301": 2, "e\u0301": 4}, "merges": ["e \u0301"]}}
      """#
    #expect(try tokenizer(json).pieces("\u{E9}") == [3])
    #expect(try tokenizer(json).pieces("e\u{301}") == [4])
  }

  @Test(arguments: [
    (#"{"model": {"type": "Magic"}}"#, "tokenizer.json: uses the model Magic, which is not supported"),
    ("[1, 2", "tokenizer.json, byte 5: expected ',', found the end of the text"),
    (
      #"{"model": {"type": "BPE", "vocab": {"a": 0}, "merges": ["a"]}}"#,
      "tokenizer.json, model.merges[0]: a merge rule is two pieces"
    ),
    (#"{"model": {"type": "Unigram", "vocab": [["a", 0]]}}"#, "tokenizer.json, model: it has no unknown piece"),
    (
      #"{"model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}, "normalizer": {"type": "Nmt"}}"#,
      "tokenizer.json: uses the normaliser Nmt, which is not supported"
    ),
  ])
  func refused(_ json: String, _ sentence: String) {
    #expect { try tokenizer(json) } throws: { "\($0)" == sentence }
  }
}
