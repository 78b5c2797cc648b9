import CDrawing

/// A text in lines, laid out by Pango with the system's fonts: any script that they cover, in its own direction.
final class LaidText {
  struct Style {
    var size: Double
    var isBold = false
    /// The maximum number of lines. If the text does not fit, its middle is left out.
    var lines = 1
  }

  let width: Double
  let height: Double
  /// Whether some of the text is left out.
  let isCut: Bool
  /// The number of characters that no system font has.
  let unknown: Int
  private let text: OpaquePointer

  /// - Parameter width: The width at which lines are broken.
  init(_ string: String, _ style: Style, width: Double) throws(DrawingError) {
    try loadDrawing()
    var line = Self.oneLine(string)
    let style = zoo_text_style(
      size: style.size, bold: style.isBold ? 1 : 0, width: max(width, 1), lines: Int32(style.lines))
    let made = line.withUTF8 { bytes in
      bytes.withMemoryRebound(to: CChar.self) { zoo_text_new($0.baseAddress, bytes.count, style) }
    }
    guard let made else { throw .failed(width: Int(style.width), height: 0) }
    text = made
    (isCut, unknown) = (zoo_text_is_cut(made) != 0, Int(zoo_text_unknown(made)))
    var size = (width: 0.0, height: 0.0)
    zoo_text_extent(made, &size.width, &size.height)
    (self.width, height) = size
  }

  deinit { zoo_text_free(text) }

  func draw(on page: OpaquePointer, x: Double, y: Double, color: UInt32) { zoo_page_text(page, text, x, y, color) }

  /// More characters than this never fit: the middle is left out before layout.
  private static let longest = 4000

  /// The text on one line, without control characters.
  private static func oneLine(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    let cut = text.count > longest ? text.prefix(longest / 2) + "…" + text.suffix(longest / 2) : text[...]
    for scalar in cut.unicodeScalars {
      switch scalar.properties.generalCategory {
      case .control, .lineSeparator, .paragraphSeparator: result.append(" ")
      default: result.append(scalar)
      }
    }
    return String(result)
  }
}

/// Loads Pango and Cairo at the first call.
func loadDrawing() throws(DrawingError) {
  if let reason = zoo_drawing_load() { throw .noLibrary(reason: String(cString: reason)) }
}
