import Foundation
import Testing
import ZooImages

@testable import ZooDrawing

@Suite struct SheetTests {
  /// A picture with a single colour.
  private func plain(_ color: [UInt8], width: Int, height: Int) -> Picture {
    Picture(width: width, height: height, pixels: (0..<width * height).flatMap { _ in color })
  }

  private func pixel(_ image: Picture, _ x: Int, _ y: Int) -> [UInt8] {
    Array(image.pixels[(y * image.width + x) * 3..<(y * image.width + x) * 3 + 3])
  }

  /// The boxes of the badges on a sheet.
  private func badges(_ sheet: Sheet) throws -> [Box] {
    try SheetLayout(sheet).page.items.compactMap { item in
      if case .rectangle(let box, _, let color) = item, color == sheet.theme.badge { box } else { nil }
    }
  }

  @Test func tilesLieInAGrid() throws {
    let red = Sheet.Tile(plain([255, 0, 0], width: 100, height: 50), caption: "red")
    let blue = Sheet.Tile(plain([0, 0, 255], width: 100, height: 100), caption: "blue", details: ["0.5"])
    let sheet = try Sheet(sections: [.init(tiles: [red, blue, red])], columns: 2, tileSize: 200).drawn()
    // Two cells of 200, a gap of 16, margins of 24; a sheet is at least 480 wide.
    #expect(sheet.width == 528)
    #expect(pixel(sheet, 23, 60) == [255, 255, 255] && pixel(sheet, 60, 23) == [255, 255, 255])
    #expect(pixel(sheet, 24, 24) == [255, 0, 0] && pixel(sheet, 223, 123) == [255, 0, 0])
    #expect(pixel(sheet, 224, 24) == [255, 255, 255] && pixel(sheet, 60, 124) == [255, 255, 255])
    #expect(pixel(sheet, 240, 24) == [0, 0, 255] && pixel(sheet, 439, 223) == [0, 0, 255])
    #expect(pixel(sheet, 24, sheet.height - 24) == [255, 255, 255])
  }

  @Test(arguments: [16, 64, 160, 288, 700])
  func everyBadgeLiesInsideTheSheetAndOverNothing(_ size: Int) throws {
    let long = "a photo of " + String(repeating: "very ", count: 80) + "long ears"
    for (width, height) in [(8, 512), (512, 8), (64, 64)] {
      let tile = Sheet.Tile(
        plain([9, 9, 9], width: width, height: height), caption: long, details: [long], badges: ["absent", "flat map"])
      let sheet = Sheet(
        title: long, facts: [long], sections: [.init(heading: long, badges: ["absent"], tiles: [tile, tile, tile])],
        columns: 3, tileSize: size, legend: .init(.jet, note: long))
      let page = try SheetLayout(sheet).page, found = try badges(sheet)
      #expect(found.count == 7)
      for box in found {
        #expect(box.x >= 24 && box.x + box.width <= page.width - 24 && box.y + box.height <= page.height - 24)
        let others = page.items.dropFirst().filter { item in
          switch item {
          case .rectangle(let other, _, _): other != box && overlap(other, box)
          case .picture(_, let other): overlap(other, box)
          case .text(let text, let x, let y, _):
            // The badge's own word is inside it.
            overlap(Box(x: x, y: y, width: text.width, height: text.height), box) && !(x > box.x && y > box.y)
          }
        }
        #expect(others.isEmpty)
      }
      let drawn = try sheet.drawn(), first = found[1]
      #expect(pixel(drawn, Int(first.x + first.width / 2), Int(first.y + 1)) == [0xB4, 0x53, 0x09])
    }
  }

  private func overlap(_ a: Box, _ b: Box) -> Bool {
    a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height
  }

  @Test func longTextsLoseTheirMiddle() throws {
    let style = LaidText.Style(size: 13, lines: 3), long = String(repeating: "word ", count: 200)
    let cut = try LaidText(long, style, width: 150), line = try LaidText("word", style, width: 150)
    #expect(cut.isCut && !line.isCut)
    #expect(cut.width <= 150 && cut.height > 2 * line.height && cut.height < 3.5 * line.height)
    let wide = try LaidText(String(repeating: "W", count: 300), style, width: 150)
    #expect(wide.isCut && wide.width <= 150)
    let broken = try LaidText("a photo of a cat", style, width: 60)
    #expect(!broken.isCut && broken.width <= 60 && broken.height > 1.8 * line.height)
  }

  @Test func charactersThatNoFontHasAreNamedWithAPackage() throws {
    let missing = try #require(try MissingGlyphs(of: "a \u{10FFFD} b\u{10FFFD}"))
    #expect(missing.characters == ["\u{10FFFD}"] && missing.packages == ["fonts-noto-core"])
    #expect(try MissingGlyphs(of: "A photo of a café, 100 % — “пчела”") == nil)
    #expect(MissingGlyphs.package(for: "蜂") == "fonts-noto-cjk")
    #expect(MissingGlyphs.package(for: "🐝") == "fonts-noto-color-emoji")
    #expect(MissingGlyphs.package(for: "म") == "fonts-noto-core")
  }

  @Test func theBarShowsTheColorsThatAreSeen() {
    let solid = Sheet.Legend(.jet).bar, mixed = Sheet.Legend(.jet, alpha: 0.6).bar
    for x in [0, 100, solid.width - 1] {
      #expect(pixel(solid, x, 0) == pixel(solid, x, solid.height - 1))
      for (y, ground) in [(0, UInt8(255)), (solid.height - 1, 0)] {
        let heat = [Float](repeating: Float(x) / Float(solid.width - 1), count: 1)
        let seen = overlay(heat, on: plain([ground, ground, ground], width: 1, height: 1), alpha: 0.6)
        #expect(pixel(mixed, x, y) == seen.pixels)
      }
    }
  }

  @Test(arguments: Sheet.Format.allCases)
  func aSheetIsTheSameFileEachTimeAndNeedsNoOther(_ format: Sheet.Format) throws {
    let sheet = Sheet(
      title: "é 蜂 🐝", facts: ["a"], sections: [.init(tiles: [.init(plain([1, 2, 3], width: 9, height: 9))])],
      columns: 1, theme: .dark, legend: .init(.turbo))
    let data = try sheet.data(as: format)
    #expect(try sheet.data(as: format) == data)
    let text = String(decoding: data, as: UTF8.self)
    switch format {
    case .png: #expect(data.starts(with: [0x89, 0x50]))
    case .svg: #expect(text.hasPrefix("<?xml") && text.hasSuffix("</svg>\n") && !text.contains("href=\"http"))
    case .pdf: #expect(text.hasPrefix("%PDF-"))
    }
  }

  @Test func anySheetCanBeDrawn() throws {
    #expect(try Sheet(sections: [], columns: 3).drawn().width == 528)
    let dot = Picture(width: 1, height: 1, mode: .l, pixels: [0])
    let odd = Sheet(
      title: String(repeating: "W", count: 100_000), facts: ["a\nb\0c\u{202E}d", ""],
      sections: [.init(tiles: []), .init(heading: "h", tiles: [.init(dot, badges: [""])])], columns: -4, tileSize: 1,
      legend: .init(.jet))
    #expect(try odd.drawn().width == 528)
  }

  /// Cairo's images are limited to 32767 rows.
  @Test func tallSheetsAreDrawnWhole() throws {
    let tiles = (0..<17).map { _ in Sheet.Tile(plain([255, 0, 0], width: 1, height: 8)) }
    let sheet = try Sheet(sections: [.init(tiles: tiles)], columns: 1, tileSize: 2048).drawn()
    #expect(sheet.height > 32767)
    #expect(pixel(sheet, 24, sheet.height - 40) == [255, 0, 0])
    // Across the boundary of two bands.
    #expect(pixel(sheet, 30, 4095) == [255, 0, 0] && pixel(sheet, 30, 4096) == [255, 0, 0])
  }
}
