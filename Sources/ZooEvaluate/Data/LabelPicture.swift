import Foundation
import ZooImages
import ZooModels

/// A picture whose pixels are labels.
struct LabelPicture {
  /// As the model sees the scene: turned, resized and cropped like the picture, by the nearest pixel.
  let image: Image

  init(_ scene: SceneFolder.Scene, of picture: PictureFacts, _ loader: PictureLoader) throws {
    let file = scene.mask.path(percentEncoded: false)
    let image = try Image.decode(contentsOf: scene.mask, pixelLimit: loader.pixelLimit)
    guard image.mode == .l || image.mode == .palette else {
      throw EvaluateError.notAMask(file: file, mode: image.mode.rawValue)
    }
    // A palette's indices are the labels, its colours do not matter.
    let grey = Image(width: image.width, height: image.height, mode: .l, pixels: image.pixels)
    guard let fitted = loader.fit(labels: grey, to: picture) else {
      throw EvaluateError.maskSize(
        file: file, expected: "\(picture.storedWidth) x \(picture.storedHeight)",
        found: "\(image.width) x \(image.height)")
    }
    self.image = fitted
  }

  /// Where a label is, in the part of the input that the patches cover.
  func mask(of label: Int, size: GridSize) -> Mask {
    var values = [Int8](repeating: 0, count: size.count)
    image.pixels.withUnsafeBufferPointer { pixels in
      values.withUnsafeMutableBufferPointer { values in
        for row in 0..<size.height {
          let line = row * image.width
          for column in 0..<size.width where Int(pixels[line + column]) == label {
            values[row * size.width + column] = 1
          }
        }
      }
    }
    return Mask(height: size.height, width: size.width, values: values)
  }
}
