import CImageCodecs

/// A picture: rows of pixels without padding, starting at the top left, in the mode of the file that it came from.
public struct Picture: Sendable, Hashable {
  /// The pixel format; the names are Pillow's.
  public enum Mode: String, Sendable, Hashable, CaseIterable {
    /// Black and white, one byte per pixel, 0 or 255.
    case bilevel = "1"
    /// 8-bit grey.
    case l = "L"
    /// 8-bit grey and alpha.
    case la = "LA"
    /// 16-bit grey, two bytes per pixel, little-endian.
    case l16 = "I;16"
    /// 8-bit red, green and blue.
    case rgb = "RGB"
    /// 8-bit red, green, blue and alpha.
    case rgba = "RGBA"
    /// 8-bit cyan, magenta, yellow and black.
    case cmyk = "CMYK"
    /// One index into `palette` per pixel.
    case palette = "P"

    /// The number of bytes per pixel.
    public var bytesPerPixel: Int {
      switch self {
      case .bilevel, .l, .palette: 1
      case .la, .l16: 2
      case .rgb: 3
      case .rgba, .cmyk: 4
      }
    }
  }

  /// The width in pixels, at least 1.
  public let width: Int
  /// The height in pixels, at least 1.
  public let height: Int
  /// The pixel format.
  public let mode: Mode
  /// [height, width, bytesPerPixel].
  public internal(set) var pixels: [UInt8]
  /// 256 RGB entries if the mode is `palette`, otherwise empty. Entries that the file does not define are black.
  public let palette: [UInt8]
  /// The EXIF orientation, 1...8; 1 is upright. Only `upright()` applies it.
  public let orientation: Int
  /// Transparency declared by a file without an alpha channel; only `flattenedOnWhite()` applies it.
  let transparency: Transparency?

  enum Transparency: Sendable, Hashable {
    /// The alpha of each of the 256 palette entries.
    case entries([UInt8])
    /// The bytes of the one pixel value that is transparent.
    case color([UInt8])
  }

  /// - Precondition: `pixels` holds height · width · bytesPerPixel bytes, and `palette` 768 if the mode requires one.
  public init(
    width: Int, height: Int, mode: Mode = .rgb, pixels: [UInt8], palette: [UInt8] = [], orientation: Int = 1
  ) {
    self.init(
      width: width, height: height, mode: mode, pixels: pixels, palette: palette, orientation: orientation,
      transparency: nil)
  }

  init(
    width: Int, height: Int, mode: Mode, pixels: [UInt8], palette: [UInt8] = [], orientation: Int = 1,
    transparency: Transparency?
  ) {
    precondition(
      width > 0 && height > 0 && pixels.count == width * height * mode.bytesPerPixel, "a picture's pixels do not fit it"
    )
    precondition(palette.count == (mode == .palette ? 768 : 0), "a palette has 256 RGB entries")
    self.width = width
    self.height = height
    self.mode = mode
    self.pixels = pixels
    self.palette = palette
    self.orientation = orientation
    self.transparency = transparency
  }

  /// The picture in RGB, like Pillow's `convert("RGB")`: alpha and colour profiles are dropped, 16-bit grey is clipped at 255, CMYK is converted
  /// naively.
  public func convertedToRGB() -> Picture {
    guard mode != .rgb else { return self }
    let rgb = bytes(count: width * height * 3) { target in
      zoo_convert_to_rgb(pixels, mode.code, palette, width * height, target)
    }
    return Picture(width: width, height: height, pixels: rgb, orientation: orientation)
  }

  /// The picture in RGB, like transformers' `convert_to_rgb`: alpha is blended over white as in Pillow's `alpha_composite`, with its rounding.
  func flattenedOnWhite() -> Picture {
    let size = mode.bytesPerPixel, hasChannel = mode == .la || mode == .rgba
    guard hasChannel || transparency != nil else { return convertedToRGB() }
    var image = convertedToRGB()
    for index in 0..<width * height {
      let alpha: Int
      switch transparency {
      case .entries(let entries)?: alpha = Int(entries[Int(pixels[index])])
      case .color(let color)?:
        alpha = (0..<color.count).allSatisfy { pixels[index * size + $0] == color[$0] } ? 0 : 255
      case nil: alpha = Int(pixels[index * size + size - 1])
      }
      guard alpha < 255 else { continue }
      for channel in 3 * index..<3 * index + 3 {
        // Seven bits of precision, and Pillow's way of dividing by 255.
        let sum = (Int(image.pixels[channel]) * alpha + 255 * (255 - alpha)) << 7 + 0x80 << 7
        image.pixels[channel] = UInt8(((sum >> 8 + sum) >> 8) >> 7)
      }
    }
    return image
  }

  /// The same picture with other pixels.
  func with(width: Int, height: Int, pixels: [UInt8], orientation: Int? = nil) -> Picture {
    Picture(
      width: width, height: height, mode: mode, pixels: pixels, palette: palette,
      orientation: orientation ?? self.orientation, transparency: transparency)
  }
}

extension Picture.Mode {
  /// The mode's number in CImageCodecs.
  var code: Int32 {
    switch self {
    case .bilevel: Int32(ZOO_BILEVEL)
    case .l: Int32(ZOO_L)
    case .la: Int32(ZOO_LA)
    case .l16: Int32(ZOO_L16)
    case .rgb: Int32(ZOO_RGB)
    case .rgba: Int32(ZOO_RGBA)
    case .cmyk: Int32(ZOO_CMYK)
    case .palette: Int32(ZOO_PALETTE)
    }
  }

  init?(code: Int32) {
    guard let mode = Self.allCases.first(where: { $0.code == code }) else { return nil }
    self = mode
  }
}

/// An array of `count` bytes, all of which `fill` must write.
func bytes(count: Int, fill: (UnsafeMutablePointer<UInt8>) -> Void) -> [UInt8] {
  [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
    if let target = buffer.baseAddress { fill(target) }
    initialized = count
  }
}
