import Testing
import ZooImages
import ZooModels
import ZooTestSupport

@Suite struct ResizingTests {
  @Test func everyResizeIsPillowsBitForBit() throws {
    let golden = try Golden.arrays("images/resize.npz")
    let all = try cases("resize")
    #expect(all.count == 62)
    for facts in all {
      let name = try #require(facts["source"] as? String), key = try #require(facts["key"] as? String)
      let width = try #require(facts["width"] as? Int), height = try #require(facts["height"] as? Int)
      let filter = try #require(Preprocessing.Interpolation(rawValue: facts["filter"] as? String ?? ""))
      let label = "\(key) \(name) \(filter) \(width)x\(height)"
      guard let image = try sourceIfRead(name) else { continue }
      let resized =
        if let box = facts["box"] as? [Double] {  // left, top, right, bottom
          image.resized(height: height, width: width, filter: filter, rows: box[1]..<box[3], columns: box[0]..<box[2])
        } else {
          image.resized(height: height, width: width, filter: filter)
        }
      #expect(resized.mode.rawValue == facts["mode"] as? String, "\(label)")
      let raw = golden["\(key).raw"]?.bytes ?? []
      let zeroOne = resized.mode == .bilevel && raw.allSatisfy { $0 < 2 }
      expectSame(zeroOne ? resized.pixels.map { $0 / 255 } : resized.pixels, raw, label)
      expectSame(resized.convertedToRGB().pixels, golden["\(key).rgb"]?.bytes, label + " rgb")
    }
  }

  /// Pillow's own output for a row of 16-bit grey that jumps from 0: bicubic overshoots, and is clipped at both ends.
  @Test func sixteenBitsAreClipped() throws {
    func resized(_ level: UInt16) -> [UInt16] {
      let row: [UInt16] = Array(repeating: 0, count: 20) + Array(repeating: level, count: 20)
      let image = Picture(width: 40, height: 1, mode: .l16, pixels: row.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] })
      let pixels = image.resized(height: 1, width: 97, filter: .bicubic).pixels
      return (46..<53).map { UInt16(pixels[2 * $0]) | UInt16(pixels[2 * $0 + 1]) << 8 }
    }
    #expect(resized(65535) == [0, 3582, 32768, 61953, 65535, 65535, 65535])
    #expect(resized(300) == [0, 16, 150, 284, 322, 308, 300])
  }

  @Test func cropsRoundAndPadAsTorchvision() throws {
    let golden = try Golden.arrays("images/crops.npz")
    for facts in try cases("crops") {
      let key = try #require(facts["key"] as? String), crop = try #require(facts["crop"] as? [Int])
      let image = picture(try #require(golden["\(key).in"]))
      expectSame(
        image.centerCropped(height: crop[0], width: crop[1]).pixels, golden["\(key).center_crop"]?.bytes, key)
      expectSame(
        image.centerCropped(height: crop[0], width: crop[1], fill: 7).pixels,
        golden["\(key).crop_or_pad_fill7"]?.bytes, "\(key) fill 7")
    }
  }
}
