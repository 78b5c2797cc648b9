import CImageCodecs
import Foundation
import ZooModels

extension Picture {
  /// The picture as a PNG file: grey, RGB and RGBA unchanged, other modes as RGB. Throws if there is not enough memory.
  public func pngData() throws(PictureError) -> Data {
    let image = [.l, .rgb, .rgba].contains(mode) ? self : convertedToRGB()
    var count = 0
    let channels = Int32(image.mode.bytesPerPixel)
    guard
      let bytes = zoo_png_encode(image.pixels, Int64(image.width), Int64(image.height), channels, &count)
    else { throw PictureError.unwritable(name: "the PNG", reason: "not enough memory") }
    defer { free(bytes) }
    return Data(bytes: bytes, count: count)
  }

  /// Writes the picture as a PNG file, atomically. Throws `PictureError.unwritable`.
  public func writePNG(to url: URL) throws(PictureError) {
    let data = try pngData()
    do throws(FileError) { try writeWhole(data, to: url.path) } catch {
      throw PictureError.unwritable(name: url.path, reason: error.reason)
    }
  }
}
