import CImageCodecs
import ZooModels

/// What a vision tower takes: [3, height, width], normalised.
public struct PixelTensor: Sendable {
  public let height: Int
  public let width: Int
  /// [3, height, width].
  public let values: [Float]

  public init(height: Int, width: Int, values: [Float]) {
    self.height = height
    self.width = width
    self.values = values
  }
}

/// A picture as a model gets it.
public struct PreprocessedImage: Sendable {
  /// The RGB picture after resizing and cropping: what the model sees, and what a heat map lies over.
  public let picture: Image
  public let tensor: PixelTensor
}

/// Resizes, crops, converts to RGB and normalises, in this order, exactly as open_clip's evaluation transform.
///
/// A size other than the model's own (`preprocessing.size` replaced) works as well; LeGrad's own preprocessing is
/// such a size with `resizeMode` `squash` and `interpolation` `bicubic`.
public func preprocess(_ image: Image, _ preprocessing: Preprocessing) -> PreprocessedImage {
  let picture = fitted(image, preprocessing).convertedToRGB()
  return PreprocessedImage(
    picture: picture, tensor: normalized(picture, mean: preprocessing.mean, std: preprocessing.std))
}

/// The picture at the size of the preprocessing, still in its own mode.
func fitted(_ image: Image, _ preprocessing: Preprocessing) -> Image {
  let size = preprocessing.size
  let (target, filter) = resizeTarget(height: image.height, width: image.width, preprocessing)
  // Where the crop takes but a window of the resized picture, only that is computed.
  let rows = target.height > size.height ? centered(size.height, in: target.height) : 0..<target.height
  let columns = target.width > size.width ? centered(size.width, in: target.width) : 0..<target.width
  return image.resized(height: target.height, width: target.width, filter: filter, rows: rows, columns: columns)
    .centerCropped(height: size.height, width: size.width, fill: preprocessing.fill)
}

/// The size that a picture is resized to before the crop, and the filter for it.
func resizeTarget(
  height: Int, width: Int, _ preprocessing: Preprocessing
) -> (size: Preprocessing.Size, filter: Preprocessing.Interpolation) {
  let size = preprocessing.size
  let acrossRatio = Double(width) / Double(size.width), downRatio = Double(height) / Double(size.height)
  func divided(by ratio: Double) -> Preprocessing.Size {
    func side(_ length: Int) -> Int { max(Int((Double(length) / ratio).rounded(.toNearestOrEven)), 1) }
    return .init(height: side(height), width: side(width))
  }
  switch preprocessing.resizeMode {
  case .squash: return (size, preprocessing.interpolation)
  case .longest: return (divided(by: max(acrossRatio, downRatio)), preprocessing.interpolation)
  case .shortest where size.height == size.width:
    let short = min(height, width), long = max(height, width), side = size.height
    let longSide = short == side ? long : Int(Double(side * long) / Double(short))
    let target: Preprocessing.Size =
      height > width ? .init(height: longSide, width: side) : .init(height: side, width: longSide)
    return (target, preprocessing.interpolation)
  case .shortest:  // open_clip takes its own ResizeKeepRatio there, always bicubic
    return (divided(by: min(acrossRatio, downRatio)), .bicubic)
  }
}

/// (value / 255 - mean) / std in `Float`, as torchvision's `ToTensor` and `Normalize`.
/// - Precondition: the picture is RGB.
func normalized(_ picture: Image, mean: [Float], std: [Float]) -> PixelTensor {
  precondition(picture.mode == .rgb && mean.count == 3 && std.count == 3, "three channels are normalised")
  let table = (0..<3).flatMap { c in (0..<256).map { (Float($0) / 255 - mean[c]) / std[c] } }
  let values = [Float](unsafeUninitializedCapacity: picture.pixels.count) { buffer, initialized in
    zoo_planes(picture.pixels, picture.width * picture.height, table, buffer.baseAddress!)
    initialized = picture.pixels.count
  }
  return PixelTensor(height: picture.height, width: picture.width, values: values)
}
