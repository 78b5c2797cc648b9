import Testing
import ZooImages
import ZooModels
import ZooTestSupport

@Suite struct OverlayTests {
  @Test func colorTablesAreOpenCVsAndMatplotlibs() throws {
    let golden = try Golden.arrays("images/colormaps.npz")
    for map in ColorMap.allCases {
      let name = map.rawValue.hasPrefix("matplotlib-") ? map.rawValue.replacing("-", with: ".") : "cv2.\(map.rawValue)"
      expectSame(map.colors, golden[name]?.bytes, name)
    }
    #expect(golden.keys.count { $0.hasPrefix("cv2.") || $0.hasPrefix("matplotlib.") } == ColorMap.allCases.count)
  }

  @Test func overlaysAreLeGradsExactly() throws {
    let golden = try Golden.arrays("images/colormaps.npz")
    let heats = try #require(golden["overlay.heat"]), base = picture(try #require(golden["overlay.image"]))
    for index in 0..<2 {
      for alpha in [0.6, 0.35] {
        let blended = overlay(heats[index].floats, on: base, alpha: alpha)
        expectSame(blended.pixels, golden["overlay_\(alpha).\(index)"]?.bytes, "alpha \(alpha), map \(index)")
      }
    }
  }

  @Test func tensorsBecomePicturesAgain() throws {
    let golden = try Golden.arrays("images/colormaps.npz")
    let input = try #require(golden["overlay_tensor.input"])
    let tensor = PixelTensor(height: input.shape[1], width: input.shape[2], values: input.floats)
    let base = tensor.picture(mean: Preprocessing.clipMean, std: Preprocessing.clipStd)
    expectSame(base.pixels, golden["overlay_tensor.base"]?.bytes, "base")
    let heat = try #require(golden["overlay.heat"])[0].floats
    expectSame(overlay(heat, on: base).pixels, golden["overlay_tensor.0"]?.bytes, "overlay")
  }

  @Test func coldPlacesOfAMapAloneAreTransparent() {
    let map = transparent([0, 0.5, 1, .nan], height: 2, width: 2)
    #expect(
      map.mode == .rgba && map.pixels.enumerated().filter { $0.offset % 4 == 3 }.map(\.element) == [0, 128, 255, 0])
    #expect(Array(map.pixels[8..<11]) == colored([1], height: 1, width: 1).pixels)
  }

  @Test func masksHaveOutlines() {
    let grey = Picture(width: 7, height: 7, mode: .l, pixels: [UInt8](repeating: 100, count: 49))
    let mask = (0..<49).map { (2...4).contains($0 % 7) && (2...4).contains($0 / 7) }
    let pixels = grey.outlined(mask).pixels
    let rows = (0..<7).map { y in
      String((0..<7).map { x in pixels[(y * 7 + x) * 3] == 255 ? "#" : pixels[(y * 7 + x) * 3] == 0 ? "." : " " })
    }
    // White on the mask's edge, black beside it; the pixel in the middle is within reach of the black outline.
    #expect(rows == ["       ", " ..... ", " .###. ", " .#.#. ", " .###. ", " ..... ", "       "])
    #expect(maskPicture(mask, height: 7, width: 7).pixels.count { $0 == 255 } == 9)
  }

  @Test func partsTakeTheirPlace() {
    let ground = Picture(width: 3, height: 2, mode: .l, pixels: [1, 2, 3, 4, 5, 6])
    let part = Picture(width: 2, height: 1, mode: .l, pixels: [8, 9])
    let whole = ground.replacing(rows: 1..<2, columns: 1..<3, with: part)
    #expect(whole.mode == .rgb && stride(from: 0, to: 18, by: 3).map { whole.pixels[$0] } == [1, 2, 3, 4, 8, 9])
    #expect(whole.cropped(rows: 1..<2, columns: 1..<3).pixels == part.convertedToRGB().pixels)
  }

  @Test func heatOutsideItsRangeIsClamped() {
    let grey = Picture(width: 4, height: 1, mode: .l, pixels: [0, 100, 200, 255])
    let blended = overlay([.nan, -1, 7, .infinity], on: grey, colorMap: .hot, alpha: 1)
    #expect(blended.pixels == [0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255])
    #expect(overlay([0, 0, 1, 1], on: grey, alpha: 0).pixels == grey.convertedToRGB().pixels)
    #expect(colored([0, 1], height: 1, width: 2).pixels == [0, 0, 128, 128, 0, 0])
  }
}
