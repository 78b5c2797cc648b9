import Foundation
import ZooModels

/// Brings picture files to what a model takes: every command and library call loads pictures this way.
public struct PictureLoader: Sendable {
  /// How pictures become the numbers that a model takes.
  public var preprocessing: Preprocessing
  /// Turns pictures upright by their EXIF orientation. The Python tools do not.
  public var upright: Bool
  /// The most pixels that a picture may have.
  public var pixelLimit: Int

  /// Loads pictures as they are stored, unless `upright` is true.
  public init(preprocessing: Preprocessing, upright: Bool = false, pixelLimit: Int = Picture.pixelLimit) {
    self.preprocessing = preprocessing
    self.upright = upright
    self.pixelLimit = pixelLimit
  }

  /// Reads, turns and preprocesses a picture file; `-` is standard input. Throws `PictureError`.
  public func load(path: String) throws(PictureError) -> LoadedPicture {
    let data = try readPicture(path)
    return load(try Picture.decode(data, name: path, pixelLimit: pixelLimit), data: data)
  }

  /// Turns and preprocesses a picture that has been decoded.
  public func load(_ image: Picture) -> LoadedPicture { load(image, data: nil) }

  private func load(_ image: Picture, data: Data?) -> LoadedPicture {
    let turned = turned(image)
    return LoadedPicture(
      source: PictureFacts(stored: image, seen: turned, preprocessing), data: data,
      input: preprocess(turned, preprocessing))
  }

  /// The picture that was loaded, before it was resized and cropped; nil where it came from no file.
  package func original(of picture: LoadedPicture) throws(PictureError) -> Picture? {
    guard let data = picture.data else { return nil }
    return turned(try Picture.decode(data, name: "the picture", pixelLimit: pixelLimit))
  }

  /// A picture of labels, resized and cropped as its picture is: by the nearest pixel, so that no label is made up.
  ///
  /// Labels lie over the pixels as they are stored, and are turned with them. Labels that only fit the upright picture
  /// stay as they are.
  /// - Parameters:
  ///   - labels: 8-bit values, one channel.
  ///   - picture: the picture that they belong to.
  /// - Returns: nil where the labels have neither the size of the stored picture nor that of the upright one.
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

/// A picture file as a model gets it, with what was done to it on the way.
public struct LoadedPicture: Sendable {
  /// What the file held, and what of it the model sees.
  public let source: PictureFacts
  /// The file's bytes; nil for pictures that come from no file.
  public let data: Data?
  /// The picture as the model gets it.
  public let input: PreprocessedPicture
}

/// What a picture file held, and which part of it the model sees.
public struct PictureFacts: Sendable, Hashable {
  /// Pixels across the picture in the file.
  public let storedWidth: Int
  /// Pixels down the picture in the file.
  public let storedHeight: Int
  /// What a pixel of the file is.
  public let mode: Picture.Mode
  /// The EXIF orientation, 1...8.
  public let orientation: Int
  /// Pixels across the picture as it was preprocessed: after it was turned upright, where that was asked for.
  public let width: Int
  /// Pixels down the picture as it was preprocessed.
  public let height: Int
  /// The part that the model sees, in pixels of the picture as it was preprocessed; goes beyond it where it was padded.
  public let crop: CropBox
  /// True for a picture of 16-bit grey that is white all over once it is clipped to 8 bits, as Pillow does it.
  public let isClippedToWhite: Bool

  /// The EXIF orientation asks for a turn that was not made.
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

  /// The share of the picture that the model does not see, 0...1.
  public var shareCutAway: Double {
    let rows = min(crop.bottom, Double(height)) - max(crop.top, 0)
    let columns = min(crop.right, Double(width)) - max(crop.left, 0)
    return max(0, 1 - rows * columns / (Double(width) * Double(height)))
  }
}

/// A rectangle in pixels of a picture, from its top left corner.
public struct CropBox: Sendable, Hashable, Codable {
  /// Pixels from the left side to the left end.
  public let left: Double
  /// Pixels from the upper side to the upper end.
  public let top: Double
  /// Pixels from the left side to the right end.
  public let right: Double
  /// Pixels from the upper side to the lower end.
  public let bottom: Double

  /// The part of a picture that is kept by its preprocessing.
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

  /// Whether every 16-bit value lies above a level.
  fileprivate func isAllAbove(_ level: Int) -> Bool {
    stride(from: 0, to: pixels.count, by: 2).allSatisfy { Int(pixels[$0]) | Int(pixels[$0 + 1]) << 8 > level }
  }
}
