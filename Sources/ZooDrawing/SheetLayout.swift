import ZooImages

/// The positions of everything on a sheet.
struct SheetLayout {
  private(set) var page = Page()
  private let theme: Sheet.Theme
  /// The vertical position reached so far.
  private var y = Self.margin

  static let margin = 24.0, gap = 16.0
  /// The minimum width of tiles and sheets, which keeps their labels readable.
  static let narrowest = (tile: 152.0, sheet: 480.0)

  private static let title = LaidText.Style(size: 20, isBold: true, lines: 2)
  private static let heading = LaidText.Style(size: 16, isBold: true, lines: 3)
  private static let fact = LaidText.Style(size: 12, lines: 3)
  private static let caption = LaidText.Style(size: 13, lines: 3)
  private static let detail = LaidText.Style(size: 11.5, lines: 2)
  private static let word = LaidText.Style(size: 11.5)
  private static let badge = LaidText.Style(size: 11, isBold: true)

  init(_ sheet: Sheet) throws(DrawingError) {
    theme = sheet.theme
    let range = Sheet.tileSizes, size = min(max(sheet.tileSize, range.lowerBound), range.upperBound)
    let columns = max(min(sheet.columns, sheet.sections.map(\.tiles.count).max() ?? 1), 1)
    let widest = sheet.sections.flatMap(\.tiles).map { $0.picture.fitted(within: size).width }.max() ?? 0
    let cell = max(widest, Self.narrowest.tile)
    let inner = max(Double(columns) * (cell + Self.gap) - Self.gap, Self.narrowest.sheet)
    page.width = inner + 2 * Self.margin
    try addHeader(sheet, width: inner)
    for (index, section) in sheet.sections.enumerated() where !section.tiles.isEmpty {
      try addHeading(of: section, isFirst: index == 0, width: inner)
      for start in stride(from: 0, to: section.tiles.count, by: columns) {
        try addRow(section.tiles[start..<min(start + columns, section.tiles.count)], cell: cell, size: size)
      }
    }
    page.height = (y - Self.gap + Self.margin).rounded(.up)
    page.items.insert(
      .rectangle(Box(x: 0, y: 0, width: page.width, height: page.height), color: theme.background), at: 0)
  }

  /// The title with the facts on the left, and the colour bar on the right if there is room, else below.
  private mutating func addHeader(_ sheet: Sheet, width: Double) throws(DrawingError) {
    let isBeside = sheet.legend != nil && width >= 2 * Self.narrowest.sheet / 1.5
    let left = isBeside ? width - LegendLayout.width - 2 * Self.gap : width, top = y
    if !sheet.title.isEmpty {
      try add(sheet.title, Self.title, width: left, color: theme.ink)
      y += 4
    }
    for fact in sheet.facts where !fact.isEmpty { try add(fact, Self.fact, width: left, color: theme.quiet) }
    guard let legend = sheet.legend else {
      if y > top { y += Self.gap }
      return
    }
    if !isBeside, y > top { y += 8 }
    let place = isBeside ? (x: Self.margin + width - LegendLayout.width, y: top) : (x: Self.margin, y: y)
    let laid = try LegendLayout(legend, theme: theme, x: place.x, y: place.y)
    page.items += laid.items
    y = max(y, laid.bottom) + Self.gap
  }

  /// A line across the sheet and the heading below it.
  private mutating func addHeading(of section: Sheet.Section, isFirst: Bool, width: Double) throws(DrawingError) {
    guard !section.heading.isEmpty else { return }
    if !isFirst { y += 6 }
    page.items.append(.rectangle(Box(x: Self.margin, y: y, width: width, height: 1), color: theme.line))
    y += 10
    try add(section.heading, Self.heading, width: width, color: theme.ink)
    for detail in section.details { try add(detail, Self.fact, width: width, color: theme.quiet) }
    try add(badges: section.badges, x: Self.margin, width: width)
    try add(words: section.words, x: Self.margin, width: width)
    y += 10
  }

  private mutating func addRow(_ tiles: ArraySlice<Sheet.Tile>, cell: Double, size: Int) throws(DrawingError) {
    let top = y, pictures = tiles.map { $0.picture.fitted(within: size) }
    let tallest = pictures.map(\.height).max() ?? 0
    var bottom = top
    for (column, tile) in tiles.enumerated() {
      let x = Self.margin + Double(column) * (cell + Self.gap), fitted = pictures[column]
      page.items.append(
        .picture(tile.picture, Box(x: x, y: top, width: fitted.width, height: fitted.height)))
      y = top + tallest + 6
      try add(tile.caption, Self.caption, x: x, width: cell, color: theme.ink)
      for detail in tile.details { try add(detail, Self.detail, x: x, width: cell, color: theme.quiet) }
      try add(badges: tile.badges, x: x, width: cell)
      try add(words: tile.words, x: x, width: cell)
      bottom = max(bottom, y)
    }
    y = bottom + Self.gap
  }

  /// Adds lines of text at `y` and advances it.
  private mutating func add(
    _ text: String, _ style: LaidText.Style, x: Double = margin, width: Double, color: UInt32
  ) throws(DrawingError) {
    guard !text.isEmpty else { return }
    let laid = try LaidText(text, style, width: width)
    page.items.append(.text(laid, x: x, y: y, color: color))
    y += laid.height + 2
  }

  /// Short words that stand out, side by side as long as there is room.
  private mutating func add(badges: [String], x: Double, width: Double) throws(DrawingError) {
    guard !badges.isEmpty else { return }
    var line = PillLine(x: x, y: y + 3, width: width)
    for badge in badges {
      page.items += try line.place(badge, Self.badge, fill: theme.badge, ink: theme.badgeInk)
    }
    y = line.bottom + 2
  }

  /// The strip of words: the largest share has the strongest background.
  private mutating func add(words: [Sheet.Word], x: Double, width: Double) throws(DrawingError) {
    guard let largest = words.map(\.share).max() else { return }
    var line = PillLine(x: x, y: y + 3, width: width)
    for word in words {
      let strength = largest > 0 ? Double(max(0, word.share) / largest) : 0
      page.items += try line.place(word.text, Self.word, fill: theme.word(strength), ink: theme.ink)
    }
    y = line.bottom + 2
  }
}

/// Texts on coloured backgrounds, side by side and then on further lines.
struct PillLine {
  let start: Double
  let width: Double
  private var x: Double
  private var y: Double
  private(set) var bottom: Double

  private static let padding = (x: 6.0, y: 2.0), gap = 4.0

  init(x: Double, y: Double, width: Double) {
    (start, self.width, self.x, self.y, bottom) = (x, width, x, y, y)
  }

  mutating func place(
    _ text: String, _ style: LaidText.Style, fill: UInt32, ink: UInt32
  ) throws(DrawingError) -> [PageItem] {
    let laid = try LaidText(text, style, width: width - 2 * Self.padding.x)
    let size = (width: laid.width + 2 * Self.padding.x, height: laid.height + 2 * Self.padding.y)
    if x > start, x + size.width > start + width { (x, y) = (start, bottom + Self.gap) }
    let box = Box(x: x, y: y, width: size.width, height: size.height)
    x += size.width + Self.gap
    bottom = max(bottom, y + size.height)
    return [
      .rectangle(box, radius: 4, color: fill),
      .text(laid, x: box.x + Self.padding.x, y: box.y + Self.padding.y, color: ink),
    ]
  }
}

extension Picture {
  /// The picture's size scaled so that its longer side is `size`.
  fileprivate func fitted(within size: Int) -> (width: Double, height: Double) {
    let scale = Double(size) / Double(max(width, height))
    return (max((Double(width) * scale).rounded(), 1), max((Double(height) * scale).rounded(), 1))
  }
}
