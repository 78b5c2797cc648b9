import CDrawing
import Foundation
import ZooImages

/// An item on a page, in units from its top left corner.
enum PageItem {
  case rectangle(Box, radius: Double = 0, color: UInt32)
  /// Scaled to the box.
  case picture(Picture, Box)
  case text(LaidText, x: Double, y: Double, color: UInt32)
}

/// A rectangle on a page.
struct Box: Equatable {
  var x: Double
  var y: Double
  var width: Double
  var height: Double
}

/// A drawing that looks the same in every format.
struct Page {
  var width = 0.0
  var height = 0.0
  var items: [PageItem] = []

  /// The number of raster rows drawn at once: a Cairo image has at most 32767, a page may have more.
  private static let band = 4096

  /// The page as pixels.
  func raster() throws(DrawingError) -> Picture {
    var pixels: [UInt8] = []
    var top = 0.0
    while top < height {
      pixels += try drawn(Int32(ZOO_PAGE_RASTER), top: top, height: min(height - top, Double(Self.band)))
      top += Double(Self.band)
    }
    return Picture(width: Int(width), height: Int(height), pixels: pixels)
  }

  func svg() throws(DrawingError) -> [UInt8] {
    renumbered(try drawn(Int32(ZOO_PAGE_SVG), top: 0, height: height))
  }

  func pdf() throws(DrawingError) -> [UInt8] { try drawn(Int32(ZOO_PAGE_PDF), top: 0, height: height) }

  private func drawn(_ format: Int32, top: Double, height: Double) throws(DrawingError) -> [UInt8] {
    try loadDrawing()
    let failure = DrawingError.failed(width: Int(width), height: Int(height))
    guard let page = zoo_page_new(format, width, height, top) else { throw failure }
    for item in items { item.draw(on: page) }
    var count = 0
    guard let bytes = zoo_page_finish(page, &count) else { throw failure }
    defer { free(bytes) }
    return Array(UnsafeBufferPointer(start: bytes, count: count))
  }
}

extension PageItem {
  fileprivate func draw(on page: OpaquePointer) {
    switch self {
    case .rectangle(let box, let radius, let color):
      zoo_page_rectangle(page, box.x, box.y, box.width, box.height, radius, color)
    case .picture(let image, let box):
      let rgb = image.convertedToRGB()
      zoo_page_picture(
        page, rgb.pixels, Int32(rgb.width), Int32(rgb.height), box.x, box.y, box.width, box.height)
    case .text(let text, let x, let y, let color): text.draw(on: page, x: x, y: y, color: color)
    }
  }
}
