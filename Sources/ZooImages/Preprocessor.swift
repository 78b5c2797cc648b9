import CImageCodecs
import ZooModels

/// The input of a vision tower: [3, height, width], normalised.
public struct PixelTensor: Sendable {
  /// The height in pixels.
  public let height: Int
  /// The width in pixels.
  public let width: Int
  /// `[3, height, width]`
  public let values: [Float]

  /// - Parameter values: `[3, height, width]`; any other count ends the process.
  public init(height: Int, width: Int, values: [Float]) {
    precondition(
      height > 0 && width > 0 && values.count == 3 * height * width,
      "\(values.count) values do not fill [3, \(height), \(width)]")
    self.height = height
    self.width = width
    self.values = values
  }
}

/// A picture as input for a model.
public struct PreprocessedPicture: Sendable {
  /// The RGB picture after resizing and cropping: what the model sees, and what a heat map is drawn over.
  public let picture: Picture
  /// The same as normalised numbers: the input of the image tower.
  public let tensor: PixelTensor
}

/// Resizes, crops, converts to RGB and normalises, exactly as the preprocessing's convention specifies: open_clip's evaluation transform in this
/// order, the Pillow image processors of transformers with the conversion first.
///
/// Each picture of a NaFlex model has a size of its own. A size other than the model's own (a different `preprocessing.size`) works as well; LeGrad's
/// own preprocessing is such a size with `resizeMode` `squash` and `interpolation` `bicubic`.
package func preprocess(_ image: Picture, _ preprocessing: Preprocessing) -> PreprocessedPicture {
  let preprocessing = preprocessing.settled(height: image.height, width: image.width)
  let source =
    switch preprocessing.convention {
    case .openCLIP: image
    case .timm: image.convertedToRGB()
    case .transformers: image.flattenedOnWhite()
    }
  let picture = fitted(source, preprocessing).convertedToRGB()
  return PreprocessedPicture(picture: picture, tensor: normalized(picture, preprocessing))
}

/// The picture at the size of the preprocessing, still in its own mode.
///
/// - Parameter filter: Nil for the preprocessing's own; pictures of labels use the nearest pixel.
func fitted(_ image: Picture, _ preprocessing: Preprocessing, filter: Preprocessing.Interpolation? = nil) -> Picture {
  let preprocessing = preprocessing.settled(height: image.height, width: image.width), size = preprocessing.size
  let window = FittedWindow(height: image.height, width: image.width, preprocessing)
  // If the crop is only a window of the resized picture, only that is computed.
  return image.resized(
    height: window.target.height, width: window.target.width, filter: filter ?? window.filter, rows: window.rows,
    columns: window.columns
  )
  .centerCropped(height: size.height, width: size.width, fill: preprocessing.fill, preprocessing.cropRule)
}

/// How a picture is fitted: the size that it is resized to, and the part of that which is kept.
struct FittedWindow {
  let target: Preprocessing.Size
  let filter: Preprocessing.Interpolation
  /// Rows of the resized picture.
  let rows: Range<Int>
  /// Columns of the resized picture.
  let columns: Range<Int>

  init(height: Int, width: Int, _ preprocessing: Preprocessing) {
    (target, filter) = resizeTarget(height: height, width: width, preprocessing)
    let size = preprocessing.size, rule = preprocessing.cropRule
    rows = target.height > size.height ? rule.middle(size.height, of: target.height) : 0..<target.height
    columns = target.width > size.width ? rule.middle(size.width, of: target.width) : 0..<target.width
  }
}

extension Preprocessing {
  var cropRule: CropRule { convention == .transformers ? .down : .even }
}

/// The size that a picture is resized to before the crop, and the filter for it.
func resizeTarget(
  height: Int, width: Int, _ preprocessing: Preprocessing
) -> (size: Preprocessing.Size, filter: Preprocessing.Interpolation) {
  let size = preprocessing.resizeSize ?? preprocessing.size
  let acrossRatio = Double(width) / Double(size.width), downRatio = Double(height) / Double(size.height)
  func divided(by ratio: Double) -> Preprocessing.Size {
    func side(_ length: Int) -> Int { max(Int((Double(length) / ratio).rounded(.toNearestOrEven)), 1) }
    return .init(height: side(height), width: side(width))
  }
  switch preprocessing.resizeMode {
  case .keep: return (.init(height: height, width: width), preprocessing.interpolation)
  case .squash: return (size, preprocessing.interpolation)
  case .longest: return (divided(by: max(acrossRatio, downRatio)), preprocessing.interpolation)
  case .shortest where size.height == size.width:
    let short = min(height, width), long = max(height, width), side = size.height
    let longSide = short == side ? long : Int(Double(side * long) / Double(short))
    let target: Preprocessing.Size =
      height > width ? .init(height: longSide, width: side) : .init(height: side, width: longSide)
    return (target, preprocessing.interpolation)
  case .shortest:  // timm's ResizeKeepRatio, which open_clip always calls with bicubic
    let filter = preprocessing.convention == .openCLIP ? .bicubic : preprocessing.interpolation
    return (divided(by: min(acrossRatio, downRatio)), filter)
  }
}

/// (value / 255 - mean) / std in `Float`, like torchvision's `ToTensor` and `Normalize`; transformers multiplies by a factor in `Double` instead.
/// - Precondition: The picture is RGB.
func normalized(_ picture: Picture, _ preprocessing: Preprocessing) -> PixelTensor {
  let mean = preprocessing.mean, std = preprocessing.std, factor = preprocessing.rescaleFactor
  precondition(picture.mode == .rgb && mean.count == 3 && std.count == 3, "three channels are normalised")
  let divides = preprocessing.convention != .transformers && factor == Preprocessing.unitFactor
  let scaled = (0..<256).map { divides ? Float($0) / 255 : Float(Double($0) * factor) }
  let table = (0..<3).flatMap { c in scaled.map { ($0 - mean[c]) / std[c] } }
  let values = [Float](unsafeUninitializedCapacity: picture.pixels.count) { buffer, initialized in
    zoo_planes(picture.pixels, picture.width * picture.height, table, buffer.baseAddress!)
    initialized = picture.pixels.count
  }
  return PixelTensor(height: picture.height, width: picture.width, values: values)
}
