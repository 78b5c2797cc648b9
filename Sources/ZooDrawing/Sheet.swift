import Foundation
import ZooImages

/// Labelled pictures in a grid for people to look at: a title with facts and a colour bar, sections with headings, tiles with captions.
///
/// Captions wrap, and long text is shortened in the middle; badges are never shortened.
package struct Sheet: Sendable {
  /// A word of a prompt and its share of the whole, 0...1: drawn on a background that is stronger the larger its share.
  package struct Word: Sendable, Hashable {
    package var text: String
    package var share: Float

    package init(_ text: String, share: Float) {
      self.text = text
      self.share = share
    }
  }

  /// A picture with its labels.
  package struct Tile: Sendable {
    package var picture: Picture
    /// At most three lines.
    package var caption: String
    /// Less prominent lines below it.
    package var details: [String]
    /// Short words that stand out, such as `absent`.
    package var badges: [String]
    /// A strip of words below everything else.
    package var words: [Word] = []

    package init(_ picture: Picture, caption: String = "", details: [String] = [], badges: [String] = []) {
      self.picture = picture
      self.caption = caption
      self.details = details
      self.badges = badges
    }
  }

  /// Tiles under a heading, in rows from the left.
  package struct Section: Sendable {
    package var heading: String
    package var details: [String]
    package var badges: [String]
    package var words: [Word] = []
    package var tiles: [Tile]

    package init(heading: String = "", details: [String] = [], badges: [String] = [], tiles: [Tile]) {
      self.heading = heading
      self.details = details
      self.badges = badges
      self.tiles = tiles
    }
  }

  /// What the colours mean.
  package struct Legend: Sendable {
    package var colors: ColorMap
    /// The opacity of the colours in the pictures, 0...1: the bar shows them as they appear over black to white.
    package var alpha: Double
    package var low: String
    package var high: String
    /// A less prominent line below.
    package var note: String

    package init(_ colors: ColorMap, alpha: Double = 1, low: String = "low", high: String = "high", note: String = "") {
      self.colors = colors
      self.alpha = alpha
      self.low = low
      self.high = high
      self.note = note
    }
  }

  package enum Theme: String, Sendable, CaseIterable {
    case light, dark
  }

  /// The file format of a sheet.
  package enum Format: String, Sendable, CaseIterable {
    case png, svg, pdf
  }

  package var title: String
  /// Less prominent lines below the title.
  package var facts: [String]
  package var sections: [Section]
  /// Tiles in a row; fewer if no section has that many.
  package var columns: Int
  /// The longer side of every picture, in pixels, within `tileSizes`; smaller pictures are enlarged.
  package var tileSize: Int
  package var theme: Theme
  package var legend: Legend?

  package static let tileSizes = 16...2048

  package init(
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
  package func drawn() throws(DrawingError) -> Picture { try SheetLayout(self).page.raster() }

  /// The sheet as a file: the same drawing in every format. Text is text in PDF and outlines in SVG.
  package func data(as format: Format) throws -> Data {
    let page = try SheetLayout(self).page
    switch format {
    case .png: return try page.raster().pngData()
    case .svg: return Data(try page.svg())
    case .pdf: return Data(try page.pdf())
    }
  }
}
