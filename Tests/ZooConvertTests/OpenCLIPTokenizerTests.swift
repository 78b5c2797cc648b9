import Foundation
import Testing
import ZooModels

@testable import ZooConvert

/// `tokenizer_mode` and `tokenizer_kwargs`, as interpreted by open_clip 3.3.
@Suite struct OpenCLIPTokenizerTests {
  private func spec(_ text: String) throws -> TokenizerSpec {
    let scratch = try ScratchFolder()
    let json = #"{"model_cfg": {"embed_dim": 4, "vision_cfg": {}, "text_cfg": {\#(text)}}}"#
    try Data(json.utf8).write(to: URL(filePath: scratch.file("open_clip_config.json")))
    let file = try readJSON(OpenCLIPFile.self, scratch.file("open_clip_config.json"))
    _ = try notes(onKeysOf: scratch.file("open_clip_config.json"), by: OpenCLIPFile.keys)
    return try file.tokenizer(file: "open_clip_config.json")
  }

  @Test func honoured() throws {
    #expect(try spec("") == TokenizerSpec(kind: .clipBPE, contextLength: 77, clean: .lower))
    #expect(try spec(#""hf_tokenizer_name": """#).kind == .clipBPE)
    #expect(try spec(#""tokenizer_kwargs": {"clean": "canonicalize", "reduction_mask": ""}"#).clean == .canonicalize)
    #expect(try spec(#""tokenizer_kwargs": {"clean": "whitespace"}"#).clean == .whitespace)
    let other = try spec(
      #""hf_tokenizer_name": "a/b", "tokenizer_kwargs": {"strip_sep_token": true, "language": null}"#)
    #expect(other.kind == .tokenizerJSON && other.clean == .whitespace && other.stripSeparator && other.source == "a/b")
    let nllb = try spec(
      #""hf_model_name": "facebook/nllb-200-distilled-600M", "hf_tokenizer_name": "facebook/nllb-200-distilled-600M", "tokenizer_kwargs": {"language": "deu_Latn"}"#
    )
    #expect(nllb.language == "deu_Latn")
    // A mode without a tokenizer from transformers, and any other mode, have no effect.
    #expect(try spec(#""tokenizer_mode": "clips""#).frame == nil)
    #expect(try spec(#""hf_tokenizer_name": "a/b", "tokenizer_mode": "x""#).frame == nil)
    #expect(try spec(#""hf_tokenizer_name": "a/b", "tokenizer_mode": "clips""#).frame == .clips)
  }

  @Test(arguments: [
    (#""tokenizer_kwargs": {"clean": "siglip"}"#, "clean"),
    (#""tokenizer_kwargs": {"strip_sep_token": true}"#, "strip_sep_token"),
    (#""tokenizer_kwargs": {"reduction_mask": "random"}"#, "reduction_mask"),
    (#""tokenizer_kwargs": {"language": "deu_Latn"}"#, "language"),
    (#""tokenizer_kwargs": {"additional_special_tokens": ["<x>"]}"#, "additional_special_tokens"),
    (#""tokenizer_kwargs": {"bpe_path": "x.gz"}"#, "bpe_path"),
    (#""tokenizer_kwargs": {"context_length": 7}"#, "context_length"),
    (#""tokenizer_kwargs": {"tokenizer_mode": "clips"}"#, "tokenizer_mode"),
  ])
  func refusedByName(_ text: String, _ key: String) throws {
    #expect { try spec(text) } throws: { "\($0)".contains("tokenizer_kwargs.\(key)' is ") }
  }
}
