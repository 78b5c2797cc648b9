import Foundation
import ZooModels
import ZooTensors

/// Loads pictures for a model: every command and library call loads pictures this way.
public struct PictureLoader: Sendable {
  /// How pictures become the input of a model.
  public var preprocessing: Preprocessing
  /// Whether pictures are turned upright according to their EXIF orientation. The Python tools do not do that.
  public var upright: Bool
  /// The maximum number of pixels.
  public var pixelLimit: Int

  /// Loads pictures as they are stored, unless `upright` is true.
  public init(preprocessing: Preprocessing, upright: Bool = false, pixelLimit: Int = Picture.pixelLimit) {
    self.preprocessing = preprocessing
    self.upright = upright
    self.pixelLimit = pixelLimit
  }

  /// Reads, turns and preprocesses a picture file; `-` is standard input. Throws `PictureError`.
  public func load(path: String) throws(PictureError) -> LoadedPicture {
    let start = ContinuousClock.now, data = try readPicture(path)
    var loaded = load(try Picture.decode(data, name: path, pixelLimit: pixelLimit), data: data)
    loaded.milliseconds = (ContinuousClock.now - start).seconds * 1000
    return loaded
  }

  /// Turns and preprocesses a decoded picture.
  public func load(_ image: Picture) -> LoadedPicture { load(image, data: nil) }

  private func load(_ image: Picture, data: Data?) -> LoadedPicture {
    let turned = turned(image)
    return LoadedPicture(
      source: PictureFacts(stored: image, seen: turned, preprocessing), data: data,
      input: preprocess(turned, preprocessing))
  }

  /// The picture that was loaded, before it was resized and cropped; nil if it did not come from a file.
  package func original(of picture: LoadedPicture) throws(PictureError) -> Picture? {
    guard let data = picture.data else { return nil }
    return turned(try Picture.decode(data, name: "the picture", pixelLimit: pixelLimit))
  }

  /// A picture of labels, resized and cropped like its picture: by the nearest pixel, so that no labels are invented.
  ///
  /// Labels cover the pixels as stored, and are turned with them. Labels that only fit the upright picture are not turned.
  /// - Parameters:
  ///   - labels: 8-bit values, one channel.
  ///   - picture: The picture that they belong to.
  /// - Returns: Nil if the labels have neither the size of the stored picture nor that of the upright one.
  package func fit(labels: Picture, to picture: PictureFacts) -> Picture? {
    var labels = labels
    if labels.width == picture.storedWidth, labels.height == picture.storedHeight {
      if upright { labels = labels.with(orientation: picture.orientation).upright() }
    } else if labels.width != picture.width || labels.height != picture.height {
      return nil
    }
    var preprocessing = preprocessing
    preprocessing.fill = 0
    return fitted(labels, preprocessing, filter: .nearest)
  }

  private func turned(_ image: Picture) -> Picture { upright ? image.upright() : image }
}

/// A picture file as input for a model, with what was done to it.
public struct LoadedPicture: Sendable {
  /// What the file contained, and which part of it the model sees.
  public let source: PictureFacts
  /// The file's bytes; nil for pictures that did not come from a file.
  public let data: Data?
  /// The picture as the model sees it.
  public let input: PreprocessedPicture
  /// The time for reading, decoding and preprocessing the file; 0 if there was none.
  package var milliseconds = 0.0
}

/// What a picture file contained, and which part of it the model sees.
public struct PictureFacts: Sendable, Hashable {
  /// The width of the picture in the file in pixels.
  public let storedWidth: Int
  /// The height of the picture in the file in pixels.
  public let storedHeight: Int
  /// The pixel format of the file.
  public let mode: Picture.Mode
  /// The EXIF orientation, 1...8.
  public let orientation: Int
  /// The width in pixels of the picture that was preprocessed: after it was turned upright, if requested.
  public let width: Int
  /// The height in pixels of the picture that was preprocessed.
  public let height: Int
  /// The part that the model sees, in pixels of the picture that was preprocessed; extends beyond it if it was padded.
  public let crop: CropBox
  /// Whether the picture is 16-bit grey that becomes entirely white when clipped to 8 bits, as Pillow does.
  public let isClippedToWhite: Bool

  /// Whether the EXIF orientation asks for a turn that was not made.
  public var isLeftTurned: Bool { orientation != 1 && !wasTurned }
  private let wasTurned: Bool

  init(stored: Picture, seen: Picture, _ preprocessing: Preprocessing) {
    (storedWidth, storedHeight) = (stored.width, stored.height)
    (mode, orientation) = (stored.mode, stored.orientation)
    (width, height) = (seen.width, seen.height)
    wasTurned = seen.orientation != stored.orientation
    crop = CropBox(height: seen.height, width: seen.width, preprocessing)
    isClippedToWhite = stored.mode == .l16 && stored.isAllAbove(254)
  }

  /// The fraction of the picture that the model does not see, 0...1.
  public var shareCutAway: Double {
    let rows = min(crop.bottom, Double(height)) - max(crop.top, 0)
    let columns = min(crop.right, Double(width)) - max(crop.left, 0)
    return max(0, 1 - rows * columns / (Double(width) * Double(height)))
  }
}

/// A rectangle in a picture, in pixels from its top left corner.
public struct CropBox: Sendable, Hashable, Codable {
  /// The left edge.
  public let left: Double
  /// The top edge.
  public let top: Double
  /// The right edge.
  public let right: Double
  /// The bottom edge.
  public let bottom: Double

  /// The part of a picture that its preprocessing keeps.
  init(height: Int, width: Int, _ preprocessing: Preprocessing) {
    let preprocessing = preprocessing.settled(height: height, width: width)
    let window = FittedWindow(height: height, width: width, preprocessing), size = preprocessing.size
    func ends(_ kept: Range<Int>, target: Int, size: Int, length: Int) -> (Double, Double) {
      let padding = preprocessing.cropRule.padding(size, around: target), scale = Double(length) / Double(target)
      let first = kept.lowerBound - padding
      return (Double(first) * scale, Double(first + size) * scale)
    }
    (left, right) = ends(window.columns, target: window.target.width, size: size.width, length: width)
    (top, bottom) = ends(window.rows, target: window.target.height, size: size.height, length: height)
  }
}

extension Picture {
  func with(orientation: Int) -> Picture {
    with(width: width, height: height, pixels: pixels, orientation: orientation)
  }

  /// Whether every 16-bit value is above a level.
  fileprivate func isAllAbove(_ level: Int) -> Bool {
    stride(from: 0, to: pixels.count, by: 2).allSatisfy { Int(pixels[$0]) | Int(pixels[$0 + 1]) << 8 > level }
  }
}
