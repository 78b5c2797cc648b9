import Foundation
import Testing
import ZooModels
import ZooTestSupport
import ZooText

@Suite struct TokenizerJSONTests {
  @Test(arguments: [
    ("siglip_tiny", "tokenizer.json", "tokenizer_json", 1),
    ("siglip_tiny", "tokenizer_t5_style.json", "tokenizer_t5_style_json", 1),
    ("gemma_tiny", "tokenizer.json", "tokenizer_json", 1),
    ("gemma_tiny", "tokenizer_no_lowercase.json", "tokenizer_no_lowercase_json", 1),
  ])
  func everyString(_ name: String, _ file: String, _ column: String, _ end: Int32) throws {
    let golden = try GoldenStrings("tokenizers/\(name).json")
    let tokenizer = try withFolder(["tokenizer.json": try Golden.bytes("tokenizers/\(name)/\(file)")]) {
      try load(.tokenizerJSON, $0, clean: TokenizerSpec.Clean.none)
    }
    let got = golden.strings.map { tokenizer.pieces($0) + [end] }
    let want = try golden.ids(column)
    #expect(differing(golden.strings, got, want) == [])
  }

  @Test func everyStringOfCLIP() throws {
    let golden = try GoldenStrings("tokenizers/clip_tiny.json")
    let tokenizer = try load(
      .tokenizerJSON, tokenizerFolder.appending(path: "clip_tiny"), clean: TokenizerSpec.Clean.none)
    let got = golden.strings.map { [1022] + tokenizer.pieces($0) + [1023] }
    let want = try golden.ids("hf_tokenizer_json_ids")
    #expect(differing(golden.strings, got, want) == [])
    #expect(tokenizer.encode("a photo") == [1022, 320, 816, 531, 1023] + [Int32](repeating: 0, count: 72))
  }

  @Test(arguments: [
    ("siglip_tiny", "open_clip_canonicalize_context64", 64, 1, TokenizerSpec.Clean.canonicalize),
    ("siglip_tiny", "open_clip_canonicalize_context16", 16, 1, .canonicalize),
    ("gemma_tiny", "open_clip_canonicalize_context64", 64, 0, .canonicalize),
    ("gemma_tiny", "open_clip_canonicalize_context16", 16, 0, .canonicalize),
    ("gemma_tiny", "hf_no_clean_context64", 64, 0, .none),
    ("gemma_tiny", "hf_no_clean_context16", 16, 0, .none),
  ])
  func padded(_ name: String, _ column: String, _ context: Int, _ pad: Int, _ clean: TokenizerSpec.Clean) throws {
    let golden = try GoldenStrings("tokenizers/\(name).json")
    let folder = tokenizerFolder.appending(path: name)
    let tokenizer = try load(.tokenizerJSON, folder, context: context, pad: pad, clean: clean)
    let want = try golden.ids(column)
    #expect(differing(golden.strings, golden.strings.map(tokenizer.encode), want) == [])
  }

  @Test func huggingFaceSigLIP() throws {
    let golden = try GoldenStrings("tokenizers/siglip_tiny.json")
    let folder = tokenizerFolder.appending(path: "siglip_tiny")
    let tokenizer = try load(.sentencePiece, folder, context: 64, pad: 1, clean: .siglip, eos: 1)
    let want = try golden.ids("hf_siglip_tokenizer_context64")
    #expect(differing(golden.strings, golden.strings.map(tokenizer.encode), want) == [])
  }

  /// Ids of transformers 5.23's `SiglipTokenizer` with this `spiece.model`.
  @Test(arguments: [
    ("a </s> cat", [4, 1, 672]), ("cat<unk>dog  </s>ü", [3, 672, 2, 11, 10, 85, 1, 416]), ("</S> x", [135, 3, 326]),
    ("  lead", [3, 121, 18, 11]), ("", []), (" </s></s> a", [1, 1, 18]), ("a\u{2581}b", [4, 100]),
    ("<unk>  <unk>", [2, 2]), ("<<unk>>", [2]), ("ü</s>ü", [3, 416, 1, 416]), ("</s>☃☃", [1]),
  ])
  func typedSpecialTokensOfHuggingFaceSigLIP(_ text: String, _ ids: [Int32]) throws {
    let folder = tokenizerFolder.appending(path: "siglip_tiny")
    let tokenizer = try load(.sentencePiece, folder, context: 64, pad: 1, clean: .siglip, eos: 1)
    #expect(tokenizer.pieces(text) == ids)
  }
}
