import Testing

@testable import zoo

/// Columns as a terminal shows them.
@Suite struct TableTests {
  private func table(_ last: String) -> Table {
    var table = Table(["NAME", "SIZE", "TAGS"], right: [1])
    table.add(["ViT-B-32", "5 MB", last])
    return table
  }

  @Test func columnsAreAligned() {
    #expect(table("a b").text == "NAME      SIZE  TAGS\nViT-B-32  5 MB  a b")
  }

  @Test func wordsGoOnUnderTheirColumn() {
    let words = Array(repeating: "12345678", count: 6).joined(separator: " ")
    #expect(
      table(words).text(within: 60) == """
        NAME      SIZE  TAGS
        ViT-B-32  5 MB  12345678 12345678 12345678 12345678 12345678
                        12345678
        """)
  }

  @Test func whereTheColumnIsNarrowTheyGoOnUnderTheTable() {
    #expect(
      table("abcdefgh ijk lm a-very-long-word-that-fits-nowhere o").text(within: 26) == """
        NAME      SIZE  TAGS
        ViT-B-32  5 MB  abcdefgh
            ijk lm
            a-very-long-word-that-fits-nowhere
            o
        """)
  }

  @Test(arguments: [(0, "0 s"), (119, "119 s"), (120, "2 min"), (7200, "2 h"), (172_800, "2 d")])
  func spansHaveAUnitThatFits(_ seconds: Int, _ text: String) { #expect(spanText(seconds) == text) }
}
