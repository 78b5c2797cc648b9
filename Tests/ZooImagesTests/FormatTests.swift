import Foundation
import Testing
import ZooImages
import ZooTestSupport

/// Files in `Tests/Cases/formats`, made by Tools/golden/make_formats.py with the pixels that Pillow 13 reads.
@Suite struct FormatTests {
  private static let folder = Golden.repository.appending(path: "Tests/Cases/formats")

  @Test func moreFormatsDecodeAsPillowDoes() throws {
    let table = try String(contentsOf: Self.folder.appending(path: "expected.tsv"), encoding: .utf8)
    let rows = table.split(separator: "\n").map { $0.split(separator: "\t").map(String.init) }
    #expect(rows.count == 90)
    for row in rows {
      let name = row[0], file = Self.folder.appending(path: name)
      let format = try #require(PictureFormat(of: file.path), "\(name)")
      guard format.isRead else {
        let error = PictureError.unsupportedFormat(name: file.path, format: format)
        #expect(throws: error, "\(name)") { try Picture(contentsOf: file) }
        continue
      }
      let image = try Picture(contentsOf: file), rgb = image.convertedToRGB()
      #expect([image.width, image.height, image.orientation] == row[1...3].map { Int($0) }, "\(name)")
      #expect(sha256(rgb.pixels) == row[4], "\(name)")
    }
  }

  @Test func theLimitHoldsForAllOfThem() throws {
    for name in ["palette.gif", "RGB.tif", "420.heic", "420.avif", "animated.webp"] {
      let file = name == "palette.gif" ? Golden.url("images/sources/\(name)") : Self.folder.appending(path: name)
      guard try #require(PictureFormat(of: file.path)).isRead else { continue }
      #expect(throws: PictureError.self, "\(name)") { try Picture(contentsOf: file, pixelLimit: 900) }
    }
  }

  /// Truncating a file anywhere, or flipping any of its bytes, may invalidate it but must not crash.
  @Test(arguments: [
    "RGB_lzw.tif", "tiled.tif", "1_group4.tif", "RGB_jpeg.tif", "P.tif", "interlaced.gif", "offset.gif", "420.heic",
    "420.avif", "alpha.avif", "animated_offset.webp",
  ])
  func damageNeverTraps(name: String) throws {
    let whole = [UInt8](try Data(contentsOf: Self.folder.appending(path: name)))
    var refused = 0
    for at in stride(from: 0, to: whole.count, by: max(whole.count / 150, 1)) {
      var flipped = whole
      flipped[at] ^= 0x55
      for bytes in [Array(whole[..<at]), flipped] {
        do {
          let image = try Picture.decode(bytes: bytes, name: name, pixelLimit: 1 << 20)
          #expect(image.convertedToRGB().pixels.count == image.width * image.height * 3)
        } catch is PictureError { refused += 1 }
      }
    }
    #expect(refused > 20)
  }

  /// Frame headers of the golden JPEG, changed to kinds that are valid but not supported.
  @Test func kindsThatAreNotReadAreNotCalledDamaged() throws {
    let jpeg = try Golden.bytes("hostile/images/control.jpg")
    let frame = try #require(jpeg.indices.first { jpeg[$0] == 0xFF && jpeg[$0 + 1] == 0xC0 })
    var lossless = jpeg, deep = jpeg
    lossless[frame + 1] = 0xC3
    (deep[frame + 1], deep[frame + 4]) = (0xC1, 12)
    for (bytes, detail) in [(lossless, "it is compressed without loss"), (deep, "its samples do not have 8 bits")] {
      let error = PictureError.unsupported(name: "scan.jpg", format: "JPEG", detail: detail)
      #expect(throws: error) { try Picture.decode(bytes: bytes, name: "scan.jpg") }
    }
  }
}
