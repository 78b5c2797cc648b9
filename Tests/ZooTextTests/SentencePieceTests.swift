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
}
