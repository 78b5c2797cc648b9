import Foundation
import Testing
import ZooModels
import ZooText

@Suite struct TokenizerSpecTests {
  @Test func shortestForm() throws {
    let json = Data(#"{"kind": "clip_bpe", "context_length": 77}"#.utf8)
    let spec = try manifestDecoder().decode(TokenizerSpec.self, from: json)
    #expect(spec == TokenizerSpec(kind: .clipBPE, contextLength: 77, padID: 0, clean: .lower))
    #expect(TokenizerSpec(kind: .tokenizerJSON, contextLength: 64).clean == .whitespace)
  }

  @Test func roundTrip() throws {
    let spec = TokenizerSpec(
      kind: .wordPiece, contextLength: 32, padID: 3, clean: .canonicalize, bosID: 5, eosID: 6, stripSeparator: true)
    let back = try manifestDecoder().decode(TokenizerSpec.self, from: manifestEncoder().encode(spec))
    #expect(back == spec)
    let unknown = Data(#"{"kind": "sentences", "context_length": 77}"#.utf8)
    #expect(throws: DecodingError.self) { try manifestDecoder().decode(TokenizerSpec.self, from: unknown) }
  }

  @Test func filesToCopy() {
    func names(_ kind: TokenizerSpec.Kind, _ folder: URL) -> [String] {
      tokenizerFiles(in: folder, for: TokenizerSpec(kind: kind, contextLength: 77)).map(\.lastPathComponent)
    }
    #expect(names(.clipBPE, fullCLIPFolder) == ["bpe_simple_vocab_16e6.txt.gz"])
    #expect(names(.clipBPE, tokenizerFolder.appending(path: "clip_tiny")) == ["bpe_simple_vocab_tiny.txt.gz"])
    #expect(names(.sentencePiece, siglipExampleFolder) == ["sentencepiece.model"])
    #expect(names(.tokenizerJSON, siglipExampleFolder) == ["tokenizer.json"])
    #expect(names(.sentencePiece, tokenizerFolder.appending(path: "gemma_tiny")) == ["tokenizer.model"])
    #expect(names(.wordPiece, siglipExampleFolder) == [])
  }
}
