/// A colour of 8 bits a channel.
struct Color: Sendable, Hashable {
  var red: UInt8
  var green: UInt8
  var blue: UInt8

  /// From 0xRRGGBB.
  init(_ code: UInt32) {
    red = UInt8(truncatingIfNeeded: code >> 16)
    green = UInt8(truncatingIfNeeded: code >> 8)
    blue = UInt8(truncatingIfNeeded: code)
  }
}

/// An RGB picture that is drawn on. What lies outside is not drawn.
struct Canvas {
  let width: Int
  let height: Int
  private var pixels: [UInt8]

  init(width: Int, height: Int, background: Color) {
    self.width = width
    self.height = height
    let row = (0..<width).flatMap { _ in [background.red, background.green, background.blue] }
    pixels = []
    pixels.reserveCapacity(height * width * 3)
    for _ in 0..<height { pixels += row }
  }

  var image: Image { Image(width: width, height: height, pixels: pixels) }

  /// The picture with its top left corner at (x, y).
  mutating func draw(_ picture: Image, x: Int, y: Int) {
    let rgb = picture.convertedToRGB()
    let right = min(rgb.width, width - x), bottom = min(rgb.height, height - y)
    guard max(-x, 0) < right, max(-y, 0) < bottom else { return }
    let columns = max(-x, 0)..<right
    for row in max(-y, 0)..<bottom {
      let to = ((y + row) * width + x + columns.lowerBound) * 3, from = (row * rgb.width + columns.lowerBound) * 3
      pixels.replaceSubrange(to..<to + columns.count * 3, with: rgb.pixels[from..<from + columns.count * 3])
    }
  }

  /// One line of text with its top left corner at (x, y).
  mutating func write(_ text: String, x: Int, y: Int, font: BitmapFont, color: Color) {
    for (index, glyph) in font.glyphs(of: text).enumerated() {
      font.eachPixel(of: glyph) { set(x + index * font.width + $0, y + $1, color) }
    }
  }

  private mutating func set(_ x: Int, _ y: Int, _ color: Color) {
    guard (0..<width).contains(x), (0..<height).contains(y) else { return }
    let at = (y * width + x) * 3
    pixels[at] = color.red
    pixels[at + 1] = color.green
    pixels[at + 2] = color.blue
  }
}
