import CImageCodecs

/// A heat map in colours over a picture, as drawn by LeGrad's `visualize`: heat levels and blended colours are truncated, not rounded.
///
/// - Parameters:
///   - heat: [height, width], in 0...1; other values are clamped, NaN is 0.
///   - picture: The picture, which is converted to RGB.
///   - alpha: The opacity of the heat map, 0...1.
/// - Precondition: `heat` has the picture's size.
package func overlay(
  _ heat: [Float], on picture: Picture, colorMap: ColorMap = .jet, alpha: Double = 0.6
) -> Picture {
  let rgb = picture.convertedToRGB()
  precondition(heat.count == rgb.width * rgb.height, "a heat map has the size of its picture")
  let share = min(max(alpha, 0), 1)
  let blended = bytes(count: rgb.pixels.count) { target in
    zoo_blend_heat(rgb.pixels, heat, colorMap.colors, share, heat.count, target)
  }
  return rgb.with(width: rgb.width, height: rgb.height, pixels: blended)
}

/// A heat map ([height, width], in 0...1) in colours, without a picture.
package func colored(_ heat: [Float], height: Int, width: Int, colorMap: ColorMap = .jet) -> Picture {
  let black = Picture(width: width, height: height, pixels: [UInt8](repeating: 0, count: width * height * 3))
  return overlay(heat, on: black, colorMap: colorMap, alpha: 1)
}

/// A heat map in colours that is more transparent the colder it is, in RGBA.
///
/// - Parameter heat: [height, width], in 0...1; NaN is fully transparent.
package func transparent(_ heat: [Float], height: Int, width: Int, colorMap: ColorMap = .jet) -> Picture {
  let colors = colored(heat, height: height, width: width, colorMap: colorMap).pixels
  var pixels: [UInt8] = []
  pixels.reserveCapacity(heat.count * 4)
  for (index, value) in heat.enumerated() {
    pixels += colors[index * 3..<index * 3 + 3]
    pixels.append(value.isNaN ? 0 : UInt8((min(max(value, 0), 1) * 255).rounded()))
  }
  return Picture(width: width, height: height, mode: .rgba, pixels: pixels)
}

extension Picture {
  /// The RGB picture with an outline around the pixels of a mask, white between black, whose thickness scales with the picture.
  ///
  /// - Precondition: `mask` has the picture's size.
  public func outlined(_ mask: [Bool]) -> Picture {
    precondition(mask.count == width * height, "a mask has the size of its picture")
    let inside = max(1, Int((Double(max(width, height)) / 300).rounded()))
    var edge: [(x: Int, y: Int)] = []
    for y in 0..<height {
      for x in 0..<width where mask[y * width + x] {
        let isInner =
          x > 0 && y > 0 && x + 1 < width && y + 1 < height && mask[y * width + x - 1] && mask[y * width + x + 1]
          && mask[(y - 1) * width + x] && mask[(y + 1) * width + x]
        if !isInner { edge.append((x, y)) }
      }
    }
    var pixels = convertedToRGB().pixels
    for (reach, value) in [(inside, UInt8(0)), (inside - 1, 255)] {
      for (x, y) in edge {
        for row in max(0, y - reach)...min(height - 1, y + reach) {
          for at in row * width + max(0, x - reach)...row * width + min(width - 1, x + reach) {
            for channel in at * 3..<at * 3 + 3 { pixels[channel] = value }
          }
        }
      }
    }
    return Picture(width: width, height: height, pixels: pixels)
  }

  /// The picture with another one pasted onto a part of it, which must be inside. The result is RGB.
  package func replacing(rows: Range<Int>, columns: Range<Int>, with part: Picture) -> Picture {
    var pixels = convertedToRGB().pixels
    let source = part.convertedToRGB().pixels, count = columns.count * 3
    precondition(source.count == rows.count * count, "a part has its own size")
    for (index, row) in rows.enumerated() {
      let to = (row * width + columns.lowerBound) * 3
      pixels.replaceSubrange(to..<to + count, with: source[index * count..<(index + 1) * count])
    }
    return Picture(width: width, height: height, pixels: pixels)
  }
}

/// A mask as a picture: 255 where it is true.
package func maskPicture(_ mask: [Bool], height: Int, width: Int) -> Picture {
  Picture(width: width, height: height, mode: .l, pixels: mask.map { $0 ? 255 : 0 })
}

extension PixelTensor {
  /// The RGB picture for a normalised tensor, truncated to bytes as in LeGrad's `visualize`.
  package func picture(mean: [Float], std: [Float]) -> Picture {
    let plane = height * width
    let pixels = (0..<plane * 3).map { index -> UInt8 in
      let (pixel, c) = index.quotientAndRemainder(dividingBy: 3)
      return UInt8(min(max((values[c * plane + pixel] * std[c] + mean[c]) * 255, 0), 255))
    }
    return Picture(width: width, height: height, pixels: pixels)
  }
}
