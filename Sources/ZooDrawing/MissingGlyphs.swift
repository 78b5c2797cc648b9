/// Characters of a text that no system font has, and the packages that provide them.
package struct MissingGlyphs: Sendable, Hashable {
  package let characters: [Character]
  /// Names of Debian packages; other systems have the fonts under similar names.
  package let packages: [String]

  /// Nil if every character can be drawn.
  package init?(of text: String) throws(DrawingError) {
    let style = LaidText.Style(size: 13)
    guard try LaidText(text, style, width: 10_000).unknown > 0 else { return nil }
    var missing: [Character] = []
    for character in text where !missing.contains(character) {
      if try LaidText(String(character), style, width: 1000).unknown > 0 { missing.append(character) }
    }
    characters = missing
    packages = Set(missing.map(Self.package)).sorted()
  }

  /// The package with fonts for a character.
  static func package(for character: Character) -> String {
    let scalars = character.unicodeScalars
    if scalars.contains(where: { $0.properties.isEmojiPresentation || $0 == "\u{FE0F}" }) {
      return "fonts-noto-color-emoji"
    }
    switch scalars.first?.value ?? 0 {
    case 0x1100...0x11FF, 0x2E80...0x33FF, 0x3400...0x9FFF, 0xA960...0xA97F, 0xAC00...0xD7FF, 0xF900...0xFAFF,
      0xFE30...0xFE4F, 0xFF00...0xFFEF, 0x1AFF0...0x1B16F, 0x20000...0x3FFFF:
      return "fonts-noto-cjk"
    default: return "fonts-noto-core"
    }
  }
}
