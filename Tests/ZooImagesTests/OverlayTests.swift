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

  @Test func heatOutsideItsRangeIsClamped() {
    let grey = Image(width: 4, height: 1, mode: .l, pixels: [0, 100, 200, 255])
    let blended = overlay([.nan, -1, 7, .infinity], on: grey, colorMap: .hot, alpha: 1)
    #expect(blended.pixels == [0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255])
    #expect(overlay([0, 0, 1, 1], on: grey, alpha: 0).pixels == grey.convertedToRGB().pixels)
    #expect(colored([0, 1], height: 1, width: 2).pixels == [0, 0, 128, 128, 0, 0])
  }
}
