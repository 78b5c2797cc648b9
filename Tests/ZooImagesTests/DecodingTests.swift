import Foundation
import Testing
import ZooImages
import ZooTestSupport

@Suite struct DecodingTests {
  @Test func everySourceDecodesAsPillowDoes() throws {
    let golden = try Golden.arrays("images/decode.npz")
    let all = try #require(try Golden.json("images/case.json") as? [String: Any])
    let sources = try #require(all["sources"] as? [String: [String: Any]])
    #expect(sources.count == 35)
    for (name, facts) in sources {
      guard let image = try sourceIfRead(name) else { continue }
      #expect(image.mode.rawValue == facts["mode"] as? String, "\(name)")
      #expect([image.width, image.height] == (facts["size"] as? [Int])!, "\(name)")
      #expect(image.orientation == facts["exif_orientation"] as? Int ?? 1, "\(name)")
      let raw = try #require(golden["\(name).raw"])
      let isBilevel = image.mode == .bilevel && raw.bytes.allSatisfy { $0 < 2 }
      expectSame(isBilevel ? image.pixels.map { $0 / 255 } : image.pixels, raw.bytes, "\(name) raw")
      expectSame(image.convertedToRGB().pixels, golden["\(name).rgb"]?.bytes, "\(name) rgb")
      if let palette = golden["\(name).palette"] {
        #expect(Array(image.palette.prefix(palette.count)) == palette.bytes, "\(name)")
      }
      if let upright = golden["\(name).upright"] {
        let turned = image.upright()
        #expect([turned.height, turned.width, 3] == upright.shape && turned.orientation == 1, "\(name)")
        expectSame(turned.pixels, upright.bytes, "\(name) upright")
      }
    }
  }

  /// The letter F in the file, in all eight orientations, drawn by hand: 1 is how it looks upright.
  @Test(arguments: [
    (2, 2, 3, [1, 0, 3, 2, 5, 4]), (3, 2, 3, [5, 4, 3, 2, 1, 0]), (4, 2, 3, [4, 5, 2, 3, 0, 1]),
    (5, 3, 2, [0, 2, 4, 1, 3, 5]), (6, 3, 2, [4, 2, 0, 5, 3, 1]), (7, 3, 2, [5, 3, 1, 4, 2, 0]),
    (8, 3, 2, [1, 3, 5, 0, 2, 4]),
  ])
  func everyOrientationTurnsUpright(orientation: Int, width: Int, height: Int, want: [UInt8]) {
    let stored = Picture(width: 2, height: 3, mode: .l, pixels: [0, 1, 2, 3, 4, 5], orientation: orientation)
    let upright = stored.upright()
    #expect(upright.width == width && upright.height == height)
    #expect(upright.pixels == want)
  }

  /// Tags of other types and XMP, interpreted like Pillow's `exif_transpose` (Tools/golden/make_orientation.py).
  @Test func orientationsInOtherTagsAreThoseOfPillow() throws {
    let folder = Golden.repository.appending(path: "Tests/Cases/orientation")
    let rows = try String(contentsOf: folder.appending(path: "expected.tsv"), encoding: .utf8).split(separator: "\n")
    #expect(rows.count == 17)
    for row in rows.map({ $0.split(separator: "\t") }) {
      let image = try Picture(contentsOf: folder.appending(path: String(row[0])))
      #expect(image.orientation == Int(row[1]), "\(row[0])")
    }
  }

  @Test func hostileFilesMeetTheirVerdicts() throws {
    let table = try String(contentsOf: Golden.url("hostile/verdicts.tsv"), encoding: .utf8)
    let rows = table.split(separator: "\n").map { $0.split(separator: "\t") }.filter { $0[0].hasPrefix("images/") }
    #expect(rows.count == 38)
    for row in rows {
      let path = String(row[0])
      let result = Result { try Picture(contentsOf: Golden.url("hostile/\(path)")) }
      switch (String(row[1]), result) {
      case ("refuse", .success(let image)): Issue.record("\(path) was read: \(image.width) x \(image.height)")
      case ("accept", .failure(let error)): Issue.record("\(path) was refused: \(error)")
      case (_, .failure(let error)):
        let sentence = try #require(error as? PictureError, "\(path): \(error)").description
        #expect(sentence.contains(path) && !sentence.hasSuffix("."), "\(sentence)")
      default: break
      }
    }
  }

  @Test func hugePicturesAreRefusedByTheirSize() throws {
    let name = Golden.url("hostile/images/bomb_30000.png").path
    #expect(throws: PictureError.tooLarge(name: name, width: 30000, height: 30000, limit: 178_956_970)) {
      try Picture(contentsOf: URL(filePath: name))
    }
    // 170,000,000 pixels are within the limit, but not within these few bytes.
    var jpeg = try Golden.bytes("hostile/images/control.jpg")
    let frame = try #require(jpeg.indices.first { jpeg[$0] == 0xFF && jpeg[$0 + 1] == 0xC0 })
    jpeg.replaceSubrange(frame + 5..<frame + 9, with: [0x27, 0x10, 0x42, 0x68])
    let detail = "the file is too short for the size it declares"
    #expect(throws: PictureError.damaged(name: "bomb", format: "JPEG", detail: detail)) {
      try Picture.decode(bytes: jpeg, name: "bomb")
    }
  }

  @Test func theLimitCanBeSet() throws {
    let file = Golden.url("images/sources/rgb.png")
    #expect(try Picture(contentsOf: file, pixelLimit: 53 * 37).width == 53)
    #expect(throws: PictureError.tooLarge(name: file.path, width: 53, height: 37, limit: 53 * 37 - 1)) {
      try Picture(contentsOf: file, pixelLimit: 53 * 37 - 1)
    }
  }

  /// Checksums of chunks and data after the last row of a JPEG: the verdicts are those of Pillow 13.
  @Test func brokenStreamsAreRefusedWherePillowRefuses() throws {
    let folder = Golden.repository.appending(path: "Tests/Cases/broken")
    let rows = try String(contentsOf: folder.appending(path: "verdicts.tsv"), encoding: .utf8).split(separator: "\n")
    #expect(rows.count == 12)
    for row in rows.map({ $0.split(separator: "\t") }) {
      let name = String(row[0]), isRead = (try? Picture(contentsOf: folder.appending(path: name))) != nil
      #expect(isRead == (row[1] == "accept"), "\(name)")
    }
    let file = folder.appending(path: "crc_text.png")
    #expect(throws: PictureError.damaged(name: file.path, format: "PNG", detail: "tEXt: CRC error")) {
      try Picture(contentsOf: file)
    }
  }

  @Test func errorsSayWhatIsWrong() {
    #expect(throws: PictureError.unknownFormat(name: "notes.txt")) {
      try Picture.decode(bytes: Array("hello".utf8), name: "notes.txt")
    }
    #expect(
      PictureError.unknownFormat(name: "a").description
        == "a is not a picture: zoo reads PNG, JPEG\(PictureFormat.gif.isRead ? ", WebP, GIF, HEIC, AVIF and TIFF" : " and WebP")"
    )
    #expect(
      PictureError.unsupportedFormat(name: "a", format: .avif).description.hasPrefix(
        "a is an AVIF picture, which this zoo does not read: it reads PNG, JPEG"))
    let jpegXL: [UInt8] = [0xFF, 0x0A, 0, 0]
    #expect(throws: PictureError.unsupportedFormat(name: "photo.jpg", format: .jpegXL)) {
      try Picture.decode(bytes: jpegXL, name: "photo.jpg")
    }
    #expect(throws: PictureError.unreadable(name: "/no/such.png", reason: "No such file or directory")) {
      try Picture(contentsOf: URL(filePath: "/no/such.png"))
    }
    #expect(
      PictureError.tooLarge(name: "a", width: 9, height: 8, limit: 70).description
        == "a declares 9 x 8 pixels; at most 70 are decoded")
  }

  /// Truncating a file anywhere, or flipping any of its bytes, may invalidate it but must not crash.
  @Test(arguments: [
    "rgb_420.jpg", "rgb_progressive.jpg", "exif_6.jpg", "palette.png", "exif_6.png", "lossy.webp", "rgba.webp",
    "palette.gif",
  ])
  func damageNeverTraps(name: String) throws {
    let whole = try Golden.bytes("images/sources/\(name)")
    let step = max(whole.count / 150, 1)
    var refused = 0
    for at in stride(from: 0, to: whole.count, by: step) {
      do {
        let cut = try Picture.decode(bytes: Array(whole[..<at]), name: name)
        #expect(cut.width * cut.height > 0)
      } catch is PictureError { refused += 1 }
      var flipped = whole
      flipped[at] ^= 0x55
      do {
        let image = try Picture.decode(bytes: flipped, name: name)
        #expect(image.upright().convertedToRGB().pixels.count == image.width * image.height * 3)
      } catch is PictureError { refused += 1 }
    }
    #expect(refused > 20)
  }
}
