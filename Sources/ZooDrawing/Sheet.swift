import Foundation
import ZooImages

/// Labelled pictures in a grid, to be looked at: a title with facts and a colour bar, sections with headings, tiles with captions.
///
/// Captions wrap, and what is too long loses its middle; badges are never cut.
public struct Sheet: Sendable {
  /// A word of a prompt and its share of the whole, 0...1: drawn on ground that is the stronger, the larger its share.
  public struct Word: Sendable, Hashable {
    public var text: String
    public var share: Float

    public init(_ text: String, share: Float) {
      self.text = text
      self.share = share
    }
  }

  /// A picture with what is said of it.
  public struct Tile: Sendable {
    public var picture: Image
    /// Three lines at most.
    public var caption: String
    /// Quieter lines below it.
    public var details: [String]
    /// Short words that stand out, such as `absent`.
    public var badges: [String]
    /// A strip of words below all that.
    public var words: [Word] = []

    public init(_ picture: Image, caption: String = "", details: [String] = [], badges: [String] = []) {
      self.picture = picture
      self.caption = caption
      self.details = details
      self.badges = badges
    }
  }

  /// Tiles under a heading, in rows from the left.
  public struct Section: Sendable {
    public var heading: String
    public var details: [String]
    public var badges: [String]
    public var words: [Word] = []
    public var tiles: [Tile]

    public init(heading: String = "", details: [String] = [], badges: [String] = [], tiles: [Tile]) {
      self.heading = heading
      self.details = details
      self.badges = badges
      self.tiles = tiles
    }
  }

  /// What the colours say.
  public struct Legend: Sendable {
    public var colors: ColorMap
    /// The share of the colours in the pictures, 0...1: the bar shows them as they are seen, over black to white.
    public var alpha: Double
    public var low: String
    public var high: String
    /// A quieter line below.
    public var note: String

    public init(_ colors: ColorMap, alpha: Double = 1, low: String = "low", high: String = "high", note: String = "") {
      self.colors = colors
      self.alpha = alpha
      self.low = low
      self.high = high
      self.note = note
    }
  }

  public enum Theme: String, Sendable, CaseIterable {
    case light, dark
  }

  /// What a sheet is written as.
  public enum Format: String, Sendable, CaseIterable {
    case png, svg, pdf
  }

  public var title: String
  /// Quieter lines below the title.
  public var facts: [String]
  public var sections: [Section]
  /// Tiles side by side; fewer where no section has that many.
  public var columns: Int
  /// The longer side of every picture, in pixels, within `tileSizes`; smaller pictures are enlarged.
  public var tileSize: Int
  public var theme: Theme
  public var legend: Legend?

  public static let tileSizes = 16...2048

  public init(
    title: String = "", facts: [String] = [], sections: [Section], columns: Int, tileSize: Int = 256,
    theme: Theme = .light, legend: Legend? = nil
  ) {
    self.title = title
    self.facts = facts
    self.sections = sections
    self.columns = columns
    self.tileSize = tileSize
    self.theme = theme
    self.legend = legend
  }

  /// The sheet as an RGB picture.
  public func drawn() throws(DrawingError) -> Image { try SheetLayout(self).page.raster() }

  /// The sheet as a file: one drawing in every format. Text is text in PDF and outlines in SVG.
  public func data(as format: Format) throws -> Data {
    let page = try SheetLayout(self).page
    switch format {
    case .png: return Data(try page.raster().pngData())
    case .svg: return Data(try page.svg())
    case .pdf: return Data(try page.pdf())
    }
  }
}
