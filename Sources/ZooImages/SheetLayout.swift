/// Where everything on a sheet goes, in pixels.
struct SheetLayout {
  struct Text {
    let line: String
    let x: Int
    let y: Int
    let font: BitmapFont
    let isQuiet: Bool
  }

  private(set) var width: Int
  private(set) var height = 0
  private(set) var texts: [Text] = []
  private(set) var pictures: [(image: Image, x: Int, y: Int)] = []

  private static let margin = 24, gap = 16, lineGap = 4

  init(_ sheet: Sheet) {
    let margin = Self.margin, gap = Self.gap
    let size = min(max(sheet.tileSize, 16), 2048)
    let columns = max(min(sheet.columns, sheet.sections.map(\.tiles.count).max() ?? 1), 1)
    // Equal cells, as wide as the widest picture, but not so narrow that no caption fits.
    let fits = sheet.sections.map { $0.tiles.map { $0.picture.fitted(within: size) } }
    let cell = max(fits.joined().map(\.width).max() ?? size, min(size, 96))
    let inner = columns * cell + (columns - 1) * gap
    width = inner + 2 * margin
    height = margin

    let legend = sheet.legend.map { Legend($0) }
    let beside = legend.map { $0.width + 2 * gap } ?? 0
    let hasRoom = inner - beside >= 120
    if let legend, hasRoom { add(legend, x: margin + inner - legend.width, y: height + 4) }
    add(sheet.title, font: .large, lines: 2, x: margin, width: hasRoom ? inner - beside : inner)
    add(sheet.subtitle, font: .small, lines: 3, x: margin, width: hasRoom ? inner - beside : inner, isQuiet: true)
    if height == margin, legend != nil, hasRoom { height += BitmapFont.large.height }
    if height > margin { height += gap - Self.lineGap }

    for (section, fits) in zip(sheet.sections, fits) where !section.tiles.isEmpty {
      if !section.heading.isEmpty {
        add(section.heading, font: .large, lines: 2, x: margin, width: inner)
        height += Self.lineGap
      }
      for start in stride(from: 0, to: section.tiles.count, by: columns) {
        let row = start..<min(start + columns, section.tiles.count)
        let top = height
        let pictureHeight = fits[row].map(\.height).max() ?? 0
        var bottom = top + pictureHeight
        for index in row {
          let x = margin + (index - start) * (cell + gap), image = fits[index]
          pictures.append((image, x + (cell - image.width) / 2, top + pictureHeight - image.height))
          height = top + pictureHeight + 6
          add(section.tiles[index].caption, font: .small, lines: 2, x: x, width: cell)
          add(section.tiles[index].detail, font: .small, lines: 1, x: x, width: cell, isQuiet: true)
          bottom = max(bottom, height - Self.lineGap)
        }
        height = bottom + gap
      }
      height += gap / 2
    }
    height += margin - (sheet.sections.isEmpty ? 0 : gap + gap / 2)
  }

  /// Lines of text from `height` on, which grows by them.
  private mutating func add(
    _ text: String, font: BitmapFont, lines: Int, x: Int, width: Int, isQuiet: Bool = false
  ) {
    for line in font.wrapped(text, columns: width / font.width, lines: lines) {
      texts.append(Text(line: line, x: x, y: height, font: font, isQuiet: isQuiet))
      height += font.height + Self.lineGap
    }
  }

  private mutating func add(_ legend: Legend, x: Int, y: Int) {
    texts.append(Text(line: legend.low, x: x, y: y, font: .small, isQuiet: true))
    texts.append(Text(line: legend.high, x: x + legend.highStart, y: y, font: .small, isQuiet: true))
    pictures.append((legend.bar, x + legend.barStart, y + 3))
  }
}

/// A bar of colours between the words "low" and "high".
private struct Legend {
  let low = "low", high = "high"
  let bar: Image
  var barStart: Int { (low.count + 1) * BitmapFont.small.width }
  var highStart: Int { barStart + bar.width + BitmapFont.small.width }
  var width: Int { highStart + high.count * BitmapFont.small.width }

  init(_ map: ColorMap) {
    let row = (0..<128).map { Float($0) / 127 }
    bar = colored(Array(repeating: row, count: 10).flatMap { $0 }, height: 10, width: 128, colorMap: map)
  }
}

extension Image {
  /// The picture in RGB with its longer side at `size`.
  fileprivate func fitted(within size: Int) -> Image {
    let longest = Double(max(width, height))
    func side(_ length: Int) -> Int { max(Int((Double(length) * Double(size) / longest).rounded()), 1) }
    return convertedToRGB().resized(height: side(height), width: side(width), filter: .bicubic)
  }
}
