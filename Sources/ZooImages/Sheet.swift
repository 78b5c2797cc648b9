import ZooModels

/// Labelled pictures in a grid, to be looked at: a title, sections with headings, tiles with captions.
///
/// Captions wrap and end in an ellipsis where they are too long. The font knows Latin letters; others are boxes.
public struct Sheet: Sendable {
  /// A picture with a caption of at most two lines, and a quieter line below it.
  public struct Tile: Sendable {
    public var picture: Image
    public var caption: String
    public var detail: String

    public init(_ picture: Image, caption: String = "", detail: String = "") {
      self.picture = picture
      self.caption = caption
      self.detail = detail
    }
  }

  /// Tiles under a heading, in rows from the left.
  public struct Section: Sendable {
    public var heading: String
    public var tiles: [Tile]

    public init(heading: String = "", tiles: [Tile]) {
      self.heading = heading
      self.tiles = tiles
    }
  }

  public enum Theme: String, Sendable, CaseIterable {
    case light, dark
  }

  public var title: String
  /// A quieter line below the title.
  public var subtitle: String
  public var sections: [Section]
  /// Tiles side by side; fewer where no section has that many.
  public var columns: Int
  /// The longer side of every picture, in pixels, within 16...2048; smaller pictures are enlarged.
  public var tileSize: Int
  public var theme: Theme
  /// Whose colours are shown beside the title, from low to high.
  public var legend: ColorMap?

  public init(
    title: String = "", subtitle: String = "", sections: [Section], columns: Int, tileSize: Int = 256,
    theme: Theme = .light, legend: ColorMap? = nil
  ) {
    self.title = title
    self.subtitle = subtitle
    self.sections = sections
    self.columns = columns
    self.tileSize = tileSize
    self.theme = theme
    self.legend = legend
  }

  /// The sheet as an RGB picture.
  public func drawn() -> Image {
    let layout = SheetLayout(self)
    var canvas = Canvas(width: layout.width, height: layout.height, background: theme.background)
    for text in layout.texts {
      canvas.write(text.line, x: text.x, y: text.y, font: text.font, color: text.isQuiet ? theme.quiet : theme.ink)
    }
    for picture in layout.pictures { canvas.draw(picture.image, x: picture.x, y: picture.y) }
    return canvas.image
  }
}

extension Sheet.Theme {
  var background: Color { self == .light ? Color(0xFFFFFF) : Color(0x101216) }
  var ink: Color { self == .light ? Color(0x1B1F24) : Color(0xE8EAED) }
  var quiet: Color { self == .light ? Color(0x6E7781) : Color(0x8B949E) }
}
