import Testing
import ZooModels
import ZooText

/// Tokenizers of open_clip's Hugging Face text towers (`Tools/golden/make_text_tokenizers.py`).
@Suite struct HuggingFaceTextTests {
  @Test(arguments: ["roberta_tiny", "xlm_roberta_tiny", "nllb_tiny"], [77, 16])
  func everyString(_ name: String, _ context: Int) throws {
    let golden = try GoldenStrings("tokenizers/hf_text.json"), want = try golden.ids("\(name).\(context)")
    // The language is the specification's: the files of NLLB models may name another one, or put it last.
    let language = name == "nllb_tiny" ? Int(try #require(want.first?.first)) : nil
    let tokenizer = try load(
      .tokenizerJSON, tokenizerFolder.appending(path: name), context: context, pad: 1, bos: language,
      eos: language == nil ? nil : 2)
    #expect(differing(golden.strings, golden.strings.map(tokenizer.encode), want) == [])
  }
}
