import Foundation
import ZooImages
import ZooModels

/// A picture whose pixels are labels.
struct LabelPicture {
  /// The labels as the model sees the scene: turned, resized and cropped like the picture, using the nearest pixel.
  let image: Picture

  init(file: String, of picture: PictureFacts, _ loader: PictureLoader) throws {
    try self.init(Self.decode(file, pixelLimit: loader.pixelLimit), name: file, of: picture, loader)
  }

  init(_ image: Picture, name: String, of picture: PictureFacts, _ loader: PictureLoader) throws {
    // The indices of a palette are the labels; its colours do not matter.
    let grey = Picture(width: image.width, height: image.height, mode: .l, pixels: image.pixels)
    guard let fitted = loader.fit(labels: grey, to: picture) else {
      throw EvaluateError.maskSize(
        file: name, expected: "\(picture.storedWidth) x \(picture.storedHeight)",
        found: "\(image.width) x \(image.height)")
    }
    self.image = fitted
  }

  /// The labels in a mask, except the background.
  static func labels(in file: String) throws -> Set<Int> {
    Set(try decode(file, pixelLimit: Picture.pixelLimit).pixels.map { Int($0) }).subtracting([0])
  }

  private static func decode(_ file: String, pixelLimit: Int) throws -> Picture {
    let image = try Picture(contentsOf: URL(filePath: file), pixelLimit: pixelLimit)
    guard image.mode == .l || image.mode == .palette else {
      throw EvaluateError.notAMask(file: file, mode: image.mode.rawValue)
    }
    return image
  }
}
