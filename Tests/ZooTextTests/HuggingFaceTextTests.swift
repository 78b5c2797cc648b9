import Testing
import ZooModels
import ZooText

/// Tokenizers of open_clip's Hugging Face text towers (`Tools/golden/make_text_tokenizers.py`).
@Suite struct HuggingFaceTextTests {
  @Test(arguments: ["roberta_tiny", "xlm_roberta_tiny", "nllb_tiny"], [77, 16])
  func everyString(_ name: String, _ context: Int) throws {
    let golden = try GoldenStrings("tokenizers/hf_text.json"), want = try golden.ids("\(name).\(context)")
    // The language is the specification's: the files of NLLB models may name a different one, or put it last.
    let language = name == "nllb_tiny" ? Int(try #require(want.first?.first)) : nil
    let tokenizer = try load(
      .tokenizerJSON, tokenizerFolder.appending(path: name), context: context, pad: 1, bos: language,
      eos: language == nil ? nil : 2)
    #expect(differing(golden.strings, golden.strings.map(tokenizer.encode), want) == [])
  }

  /// ModernBERT's kind of tokenizer (`Tools/golden/make_modern_tokenizers.py`).
  @Test(arguments: [77, 16])
  func everyStringOfModernBERT(_ context: Int) throws {
    let golden = try GoldenStrings("tokenizers/modern_text.json")
    let tokenizer = try load(
      .tokenizerJSON, tokenizerFolder.appending(path: "modernbert_tiny"), context: context, pad: 931)
    let got = golden.strings.map(tokenizer.encode)
    #expect(differing(golden.strings, got, try golden.ids("modernbert_tiny.\(context)")) == [])
  }

  /// open_clip's `TikTokenTokenizer` with its full vocabulary: its own ids follow those of the encoding.
  @Test(arguments: [77, 16], [TokenizerSpec.Clean.none, .whitespace])
  func everyStringOfTiktoken(_ context: Int, _ clean: TokenizerSpec.Clean) throws {
    let golden = try GoldenStrings("tokenizers/modern_text.json")
    let tokenizer = try load(
      .tiktoken, tokenizerFolder.appending(path: "r50k_base"), context: context, pad: 50258, clean: clean, bos: 50259,
      eos: 50257)
    let got = golden.strings.map(tokenizer.encode)
    #expect(differing(golden.strings, got, try golden.ids("r50k_base.\(clean.rawValue).\(context)")) == [])
  }

  @Test(arguments: [
    ("IQ== 0\nIg==", "r50k_base.tiktoken, line 2: a piece in base 64 and its rank were expected"),
    ("IQ== 0\n? 1", "r50k_base.tiktoken, line 2: a piece in base 64 and its rank were expected"),
    ("IQ== -1", "r50k_base.tiktoken, line 1: the id of \"!\" is -1, not in 0..<4194304"),
    ("IQ== 0", "r50k_base.tiktoken, the whole of it: a byte has no piece of its own"), ("", ""),
  ])
  func brokenRanks(_ text: String, _ problem: String) throws {
    let error = #expect(throws: TextError.self) {
      try withFolder(["r50k_base.tiktoken": [UInt8](text.utf8)]) { try load(.tiktoken, $0) }
    }
    if !problem.isEmpty { #expect(error?.description == problem) }
  }

  /// transformers' `src_lang`: the token of the language comes first.
  @Test(arguments: ["deu_Latn", "fra_Latn"])
  func everyStringInAnotherLanguage(_ language: String) throws {
    let golden = try GoldenStrings("tokenizers/hf_text.json"), want = try golden.ids("nllb_tiny.\(language).16")
    let english = Int(try #require(try golden.ids("nllb_tiny.16").first?.first))
    var spec = TokenizerSpec(kind: .tokenizerJSON, contextLength: 16, padID: 1, bosID: english, eosID: 2)
    spec.language = language
    let tokenizer = try loadTokenizer(spec, from: tokenizerFolder.appending(path: "nllb_tiny"))
    #expect(differing(golden.strings, golden.strings.map(tokenizer.encode), want) == [])
  }

  @Test func languagesThatAreNotThereAreRefused() throws {
    let golden = try GoldenStrings("tokenizers/hf_text.json"), folder = tokenizerFolder.appending(path: "nllb_tiny")
    var spec = TokenizerSpec(kind: .tokenizerJSON, contextLength: 16, padID: 1, bosID: 0, eosID: 2)
    spec.language = "deu_Latn"
    let without = #expect(throws: TextError.self) { try loadTokenizer(spec, from: folder) }
    #expect(without == .noLanguages(language: "deu_Latn"))
    spec.bosID = Int(try #require(try golden.ids("nllb_tiny.16").first?.first))
    spec.language = "deu"
    let unknown = #expect(throws: TextError.self) { try loadTokenizer(spec, from: folder) }
    #expect(unknown == .unknownLanguage(file: "tokenizer.json", language: "deu", near: ["deu_Latn"], count: 3))
    (spec.kind, spec.language) = (.clipBPE, "deu_Latn")
    #expect(throws: TextError.noLanguages(language: "deu_Latn")) { try loadTokenizer(spec, from: fullCLIPFolder) }
  }
}
