import Foundation
import Testing

@testable import ZooCommand

/// Columns as shown on a terminal.
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

  @Test func listsAreCutToALineAndHeadingsStandAboveTheirRows() {
    var table = Table(["NAME", "SIZE", "TAGS"], right: [1])
    table.add(heading: "SigLIP 2")
    table.add(["ViT-B-32", "5 MB"], list: ["openai", "laion2b", "datacomp", "dfn"])
    table.add(["ViT-L-14", "1 GB"], list: ["a-very-long-tag-that-fits-nowhere"])
    #expect(
      table.text(within: 37) == """
        NAME      SIZE  TAGS

        SigLIP 2
        ViT-B-32  5 MB  openai laion2b +2
        ViT-L-14  1 GB  a-very-long-tag-that-fits-nowhere
        """)
    #expect(table.text.contains("ViT-B-32  5 MB  openai laion2b datacomp dfn"))
  }

  @Test func longTextsAreShortenedInTheMiddleWhereTheTerminalIsNarrow() {
    var table = Table(["PROMPT", "SIMILARITY", "FILE"], right: [1], shortened: [0, 2])
    table.add([
      "a photo of a very long thing\nin two lines", "0.1234", "heatmaps/folder/scene1.a-photo-of-a.1234abcd.png",
    ])
    table.add(["蜜蜂", "0.5", "b.png"])
    let lines = table.text(within: 60).split(separator: "\n").map(String.init)
    #expect(lines.allSatisfy { $0.columns <= 60 })
    #expect(lines[1].hasPrefix("a photo") && lines[1].contains("…") && lines[1].hasSuffix("1234abcd.png"))
    // Wide characters take two columns.
    #expect(lines[2].hasPrefix("蜜蜂") && lines[2].columns(before: "0.5") == lines[1].columns(before: "0.1234") + 3)
    #expect(table.text.contains("long thing\\nin two lines"), "a line end is no end of the row")
  }

  @Test(arguments: [
    ("abc", 3), ("蜜蜂", 4), ("e\u{301}", 1), ("🐝", 2), ("👩‍🚀", 2), ("ｱ", 1), ("Ａ", 2), ("한국", 4), ("", 0),
  ])
  func widthsAreThoseOfTerminals(_ text: String, _ width: Int) { #expect(text.columns == width) }

  @Test(arguments: [("a\tb\r\n", "a\\tb\\r\\n"), ("\u{1B}[31mred", "\\u{1b}[31mred"), ("漢 字", "漢 字")])
  func controlCharactersAreWrittenOut(_ text: String, _ printed: String) { #expect(printable(text) == printed) }

  @Test(arguments: [(0, "0 s"), (119, "119 s"), (120, "2 min"), (7200, "2 h"), (172_800, "2 d")])
  func spansHaveAUnitThatFits(_ seconds: Int, _ text: String) { #expect(spanText(seconds) == text) }
}

extension String {
  /// The number of columns before a part of a line.
  fileprivate func columns(before part: String) -> Int {
    range(of: part).map { String(self[..<$0.lowerBound]).columns } ?? -1
  }
}
