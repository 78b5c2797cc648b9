import Testing
import ZooModels
import ZooTestSupport
import ZooText

@Suite struct CleanTests {
  @Test(arguments: [TokenizerSpec.Clean.lower, .whitespace, .canonicalize])
  func everyString(_ clean: TokenizerSpec.Clean) throws {
    let golden = try GoldenStrings("tokenizers/clean.json")
    let want = try golden.texts(clean.rawValue)
    #expect(want.count == golden.strings.count)
    let wrong = zip(golden.strings, want).filter { visible(clean.cleaned($0)) != visible($1) }.map { visible($0.0) }
    #expect(wrong == CLIPTokenizerTests.mojibake)
  }

  @Test func canonicalizeInTheReferenceFile() throws {
    let json = try #require(try Golden.json("reference/golden_clip_bpe.json") as? [String: Any])
    let cases = try #require(json["cases"] as? [[String: Any]])
    #expect(cases.count == 49)
    for item in cases {
      let text = try #require(item["text"] as? String)
      guard !text.contains("Ã") else { continue }
      let canonical = TokenizerSpec.Clean.canonicalize.cleaned(text)
      #expect(visible(canonical) == visible(try #require(item["canonicalize"] as? String)))
      let lower = TokenizerSpec.Clean.lower.cleaned(text)
      #expect(visible(lower) == visible(try #require(item["clean_lower"] as? String)))
    }
  }

  @Test func noneLeavesTheTextAlone() {
    #expect(TokenizerSpec.Clean.none.cleaned(" X\u{FEFF}&amp; ") == " X\u{FEFF}&amp; ")
  }
}
