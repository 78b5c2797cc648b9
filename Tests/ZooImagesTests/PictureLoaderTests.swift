import Foundation
import Testing
import ZooModels
import ZooTestSupport

@testable import ZooImages

/// Facts about a loaded picture, and labels that are processed like it.
@Suite struct PictureLoaderTests {
  private func loader(_ height: Int, _ width: Int, _ mode: Preprocessing.ResizeMode, upright: Bool = false)
    -> PictureLoader
  {
    PictureLoader(
      preprocessing: Preprocessing(size: .init(height: height, width: width), resizeMode: mode), upright: upright)
  }

  private func picture(_ width: Int, _ height: Int, orientation: Int = 1) -> Picture {
    Picture(
      width: width, height: height, mode: .l, pixels: [UInt8](repeating: 7, count: width * height),
      orientation: orientation)
  }

  /// By hand: 400 x 200 pixels, of which the middle square, all, or all and as much above and below is visible to the model.
  @Test func theCropIsInPixelsOfTheOriginal() {
    let wide = picture(400, 200)
    let cut = loader(50, 50, .shortest).load(wide).source
    #expect([cut.crop.left, cut.crop.top, cut.crop.right, cut.crop.bottom] == [100, 0, 300, 200])
    #expect(cut.shareCutAway == 0.5)
    let squashed = loader(50, 50, .squash).load(wide).source
    #expect([squashed.crop.left, squashed.crop.top, squashed.crop.right, squashed.crop.bottom] == [0, 0, 400, 200])
    #expect(squashed.shareCutAway == 0)
    let padded = loader(100, 100, .longest).load(wide).source
    #expect([padded.crop.left, padded.crop.top, padded.crop.right, padded.crop.bottom] == [0, -100, 400, 300])
    #expect(padded.shareCutAway == 0)
  }

  @Test func whatWasTurnedIsMeasuredAsItIsSeen() {
    let stored = picture(40, 20, orientation: 6)
    let left = loader(10, 10, .shortest).load(stored).source, turned = loader(10, 10, .shortest, upright: true)
    #expect(left.isLeftTurned && left.width == 40)
    let facts = turned.load(stored).source
    #expect(!facts.isLeftTurned && facts.width == 20 && facts.height == 40 && facts.storedWidth == 40)
    #expect([facts.crop.top, facts.crop.bottom] == [10, 30])
  }

  /// Sizes that are not square used to get the bicubic filter whatever the preprocessing said.
  @Test(arguments: Preprocessing.ResizeMode.allCases)
  func labelsAreNeverInterpolated(_ mode: Preprocessing.ResizeMode) throws {
    let values = (0..<64 * 48).map { UInt8(($0 / 7 + $0 / 500) % 2 == 0 ? 3 : 200) }
    let labels = Picture(width: 64, height: 48, mode: .l, pixels: values)
    for (height, width) in [(24, 40), (40, 24), (32, 32), (50, 130)] {
      let loader = loader(height, width, mode)
      let fitted = try #require(loader.fit(labels: labels, to: loader.load(labels).source))
      #expect(fitted.height == height && fitted.width == width)
      #expect(Set(fitted.pixels).isSubset(of: [0, 3, 200]), "\(mode) \(height)x\(width)")
    }
  }

  @Test func labelsTurnWithTheirPicture() throws {
    let stored = Picture(width: 3, height: 2, mode: .l, pixels: [0, 1, 2, 3, 4, 5], orientation: 6)
    let labels = Picture(width: 3, height: 2, mode: .l, pixels: [0, 1, 2, 3, 4, 5])
    let loader = loader(3, 2, .squash, upright: true)
    let facts = loader.load(stored).source
    #expect(try #require(loader.fit(labels: labels, to: facts)).pixels == stored.upright().pixels)
    // Labels of the upright picture are not turned again; others do not fit.
    let upright = Picture(width: 2, height: 3, mode: .l, pixels: [9, 8, 7, 6, 5, 4])
    #expect(try #require(loader.fit(labels: upright, to: facts)).pixels == upright.pixels)
    #expect(loader.fit(labels: picture(4, 2), to: facts) == nil)
  }

  @Test func greyOfSixteenBitsThatIsAllWhiteIsKnown() {
    let bright = Picture(width: 1, height: 2, mode: .l16, pixels: [0xFF, 0x00, 0x34, 0x12])
    let dark = Picture(width: 1, height: 2, mode: .l16, pixels: [0x00, 0x00, 0x34, 0x12])
    #expect(loader(8, 8, .squash).load(bright).source.isClippedToWhite)
    #expect(!loader(8, 8, .squash).load(dark).source.isClippedToWhite)
  }
}
