import CImageCodecs

/// A heat map in colours over a picture, as LeGrad's `visualize` draws it: heat levels and blended colours are cut off,
/// not rounded.
///
/// - Parameters:
///   - heat: [height, width], within 0...1; what lies outside is clamped, NaN is 0.
///   - picture: is converted to RGB.
///   - alpha: the share of the heat, 0...1.
/// - Precondition: `heat` has the picture's size.
public func overlay(
  _ heat: [Float], on picture: Image, colorMap: ColorMap = .jet, alpha: Double = 0.6
) -> Image {
  let rgb = picture.convertedToRGB()
  precondition(heat.count == rgb.width * rgb.height, "a heat map has the size of its picture")
  let share = min(max(alpha, 0), 1)
  let blended = bytes(count: rgb.pixels.count) { target in
    zoo_blend_heat(rgb.pixels, heat, colorMap.colors, share, heat.count, target)
  }
  return rgb.with(width: rgb.width, height: rgb.height, pixels: blended)
}

/// A heat map ([height, width], within 0...1) in colours, without a picture.
public func colored(_ heat: [Float], height: Int, width: Int, colorMap: ColorMap = .jet) -> Image {
  let black = Image(width: width, height: height, pixels: [UInt8](repeating: 0, count: width * height * 3))
  return overlay(heat, on: black, colorMap: colorMap, alpha: 1)
}

extension PixelTensor {
  /// The RGB picture behind a normalised tensor, cut off to bytes as LeGrad's `visualize` does.
  public func picture(mean: [Float], std: [Float]) -> Image {
    let plane = height * width
    let pixels = (0..<plane * 3).map { index -> UInt8 in
      let (pixel, c) = index.quotientAndRemainder(dividingBy: 3)
      return UInt8(min(max((values[c * plane + pixel] * std[c] + mean[c]) * 255, 0), 255))
    }
    return Image(width: width, height: height, pixels: pixels)
  }
}
