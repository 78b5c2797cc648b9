import Foundation

/// A font of fixed width whose glyphs are pictures. Characters that it does not have are boxes.
struct BitmapFont: Sendable {
  /// Of a glyph, in pixels.
  let width: Int
  let height: Int
  private let atlas: Image

  /// 8 x 16 pixels a glyph.
  static let small = BitmapFont(width: 8, height: 16, png: SpleenFont.small)
  /// 12 x 24 pixels a glyph.
  static let large = BitmapFont(width: 12, height: 24, png: SpleenFont.large)

  private init(width: Int, height: Int, png: String) {
    self.width = width
    self.height = height
    let file = [UInt8](Data(base64Encoded: png) ?? Data())
    guard let atlas = try? Image.decode(bytes: file, name: "the font") else {
      preconditionFailure("the font is broken")
    }
    self.atlas = atlas
  }

  private static let columns = 32

  /// What the atlas has, row by row; the last glyph stands for all others.
  static let characters: [Unicode.Scalar] =
    (0x20...0x7E).compactMap { Unicode.Scalar($0) } + (0xA0...0x17F).compactMap { Unicode.Scalar($0) }
    + "\u{2010}\u{2011}\u{2012}\u{2013}\u{2018}\u{2019}\u{201C}\u{201D}•…‹›€−≈".unicodeScalars

  private static let places = Dictionary(uniqueKeysWithValues: zip(characters, characters.indices))
  private static let substitutes: [Unicode.Scalar: Unicode.Scalar] = [
    "—": "–", "\t": " ", "\n": " ", "→": ">", "←": "<",
  ]

  /// The numbers of the glyphs of a text, one for each character that a reader sees.
  func glyphs(of text: String) -> [Int] {
    text.precomposedStringWithCanonicalMapping.map { character in
      guard let scalar = character.unicodeScalars.first, character.unicodeScalars.count == 1 else {
        return Self.characters.count
      }
      return Self.places[Self.substitutes[scalar] ?? scalar] ?? Self.characters.count
    }
  }

  /// Calls `body` with the place of every set pixel of a glyph.
  func eachPixel(of glyph: Int, _ body: (_ x: Int, _ y: Int) -> Void) {
    let left = glyph % Self.columns * width, top = glyph / Self.columns * height
    for y in 0..<height {
      for x in 0..<width where atlas.pixels[(top + y) * atlas.width + left + x] != 0 { body(x, y) }
    }
  }

  /// The text in lines of at most `columns` characters, broken at spaces; what does not fit ends in an ellipsis.
  func wrapped(_ text: String, columns: Int, lines maximum: Int) -> [String] {
    guard columns > 0, maximum > 0 else { return [] }
    var lines: [String] = []
    for word in text.split(whereSeparator: \.isWhitespace) {
      if let last = lines.last, last.count + 1 + word.count <= columns {
        lines[lines.count - 1] = last + " " + word
        continue
      }
      var rest = word
      repeat {
        lines.append(String(rest.prefix(columns)))
        rest = rest.dropFirst(columns)
      } while !rest.isEmpty && lines.count <= maximum
      if lines.count > maximum { break }
    }
    guard lines.count > maximum else { return lines }
    return Array(lines[..<(maximum - 1)]) + [lines[maximum - 1].prefix(columns - 1) + "…"]
  }
}
