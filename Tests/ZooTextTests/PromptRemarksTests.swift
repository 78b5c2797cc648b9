import Testing
import ZooText

/// What happens to prompts that are too long, equivalent or in another script.
@Suite struct PromptRemarksTests {
  @Test func clipCutsLongPromptsAndReadsLettersWithoutCase() throws {
    let tokenizer = try load(.clipBPE, fullCLIPFolder, clean: .lower)
    let long = "cat " + String(repeating: "dog ", count: 74) + "and nothing of this is read"
    #expect(
      tokenizer.remarks(on: ["a bee", long, "A  Bee", "蜜蜂", "a"]) == [
        .cut(prompt: 1, tokens: 81, kept: 75, end: "dog dog dog dog dog dog "), .same([0, 2]),
      ])
    #expect(tokenizer.remarks(on: [String(repeating: "dog ", count: 75)]).isEmpty)
  }

  @Test func sigLIPDoesNotKnowEverySign() throws {
    let tokenizer = try load(.sentencePiece, siglipExampleFolder, context: 64, pad: 1, clean: .siglip)
    let remarks = tokenizer.remarks(on: ["a bee", "\u{10600}\u{10601}", "a \u{10600}"])
    #expect(remarks == [.unknown(prompt: 1)])
  }
}
