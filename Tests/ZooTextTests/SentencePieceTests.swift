import Foundation
import Testing
import ZooModels
import ZooTestSupport
import ZooText

@Suite struct SentencePieceTests {
  @Test(arguments: ["siglip_tiny", "gemma_tiny"]) func everyString(_ name: String) throws {
    let golden = try GoldenStrings("tokenizers/\(name).json")
    let tokenizer = try load(.sentencePiece, tokenizerFolder.appending(path: name), clean: TokenizerSpec.Clean.none)
    let got = golden.strings.map(tokenizer.pieces)
    let want = try golden.ids("sentencepiece")
    #expect(differing(golden.strings, got, want) == [])
  }

  /// No special tokens around a text, and ASCII letters in lower case (`Tools/golden/make_tipsv2.py`).
  @Test(arguments: [64, 16]) func everyStringOfTIPSv2(_ context: Int) throws {
    let golden = try GoldenStrings("tokenizers/tipsv2.json")
    let tokenizer = try loadTokenizer(
      TokenizerSpec(kind: .sentencePiece, contextLength: context, padID: 0, clean: .asciiLower, frame: .bare),
      from: tokenizerFolder.appending(path: "tipsv2_tiny"))
    let got = golden.strings.map(tokenizer.encode)
    #expect(differing(golden.strings, got, try golden.ids("tipsv2_tiny.\(context)")) == [])
  }
}
