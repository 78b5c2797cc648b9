import Foundation
import Testing
import ZooTestSupport

@testable import ZooImages

@Suite struct SheetTests {
  /// A picture of one colour.
  private func plain(_ color: [UInt8], width: Int, height: Int) -> Image {
    Image(width: width, height: height, pixels: (0..<width * height).flatMap { _ in color })
  }

  private func pixel(_ image: Image, _ x: Int, _ y: Int) -> [UInt8] {
    Array(image.pixels[(y * image.width + x) * 3..<(y * image.width + x) * 3 + 3])
  }

  @Test func tilesLieInAGrid() {
    let red = Sheet.Tile(plain([255, 0, 0], width: 100, height: 50), caption: "red")
    let blue = Sheet.Tile(plain([0, 0, 255], width: 100, height: 100), caption: "blue", detail: "0.5")
    let sheet = Sheet(sections: [.init(tiles: [red, blue, red])], columns: 2, tileSize: 100).drawn()
    // Two cells of 100, a gap of 16, margins of 24; rows of picture, 6, lines of 20 and 16, a gap of 16 between.
    #expect(sheet.width == 264)
    #expect(sheet.height == 24 + (100 + 6 + 36) + 16 + (50 + 6 + 16) + 24)
    #expect(pixel(sheet, 23, 100) == [255, 255, 255])
    #expect(pixel(sheet, 24, 100) == [255, 0, 0] && pixel(sheet, 123, 123) == [255, 0, 0])
    #expect(pixel(sheet, 24, 73) == [255, 255, 255] && pixel(sheet, 24, 74) == [255, 0, 0])
    #expect(pixel(sheet, 140, 24) == [0, 0, 255] && pixel(sheet, 239, 123) == [0, 0, 255])
    #expect(pixel(sheet, 24, 182) == [255, 0, 0])
  }

  @Test func captionsAreDrawnInTheFont() throws {
    let tile = Sheet.Tile(plain([9, 9, 9], width: 96, height: 96), caption: "H")
    let sheet = Sheet(sections: [.init(tiles: [tile])], columns: 1, tileSize: 96, theme: .dark).drawn()
    let ink = (0..<16).map { y in
      String((0..<8).map { x in pixel(sheet, 24 + x, 24 + 96 + 6 + y) == [0xE8, 0xEA, 0xED] ? "#" : "." })
    }
    let stem = "##...##.", bar = "#######."
    #expect(ink.filter { $0 != "........" } == [stem, stem, stem, stem, bar, stem, stem, stem, stem, stem])
  }

  @Test func everyLetterHasAGlyphAndOthersAreBoxes() {
    let font = BitmapFont.small
    #expect(font.glyphs(of: "e\u{301}é") == [font.glyphs(of: "é")[0], font.glyphs(of: "é")[0]])
    #expect(font.glyphs(of: "—\n") == font.glyphs(of: "– "))
    let box = BitmapFont.characters.count
    #expect(font.glyphs(of: "a熊👩‍👩‍👧z").dropFirst().dropLast() == [box, box])
    var set = 0
    BitmapFont.large.eachPixel(of: box) { _, _ in set += 1 }
    #expect(set > 40)
    for character in BitmapFont.characters where !" \u{A0}".unicodeScalars.contains(character) {
      var isDrawn = false
      font.eachPixel(of: font.glyphs(of: String(character))[0]) { _, _ in isDrawn = true }
      #expect(isDrawn, "\(character)")
    }
  }

  @Test(arguments: [
    ("a photo of a cat", 20, 2, ["a photo of a cat"]), ("a photo of a cat", 8, 2, ["a photo", "of a cat"]),
    ("a photo of a cat and a dog", 8, 2, ["a photo", "of a ca…"]), ("abcdefghij", 4, 3, ["abcd", "efgh", "ij"]),
    ("abcdefghij", 4, 2, ["abcd", "efg…"]), ("  ", 4, 2, []), ("word", 0, 2, []), ("x abcdefgh", 4, 1, ["x…"]),
  ])
  func longTextsWrapAndEnd(text: String, columns: Int, lines: Int, want: [String]) {
    #expect(BitmapFont.small.wrapped(text, columns: columns, lines: lines) == want)
  }

  @Test func anySheetCanBeDrawn() {
    #expect(Sheet(sections: [], columns: 3).drawn().width > 0)
    let dot = Image(width: 1, height: 1, mode: .l, pixels: [0])
    let odd = Sheet(
      title: String(repeating: "W", count: 500), subtitle: "s",
      sections: [.init(tiles: []), .init(tiles: [.init(dot)])],
      columns: -4, tileSize: 1, legend: .jet)
    #expect(odd.drawn().width == 16 + 48)
  }
}
