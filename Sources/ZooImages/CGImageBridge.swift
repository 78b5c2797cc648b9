#if canImport(CoreGraphics)
  import CoreGraphics
  import Foundation

  extension Picture {
    /// The pixels of an image in sRGB, as RGB; transparent pixels are blended over white.
    ///
    /// - Parameter name: The name in errors.
    public init(_ image: CGImage, name: String = "the picture", pixelLimit: Int = Self.pixelLimit) throws(PictureError)
    {
      let width = image.width, height = image.height
      guard width > 0, height > 0, width <= pixelLimit / height else {
        throw PictureError.tooLarge(name: name, width: width, height: height, limit: pixelLimit)
      }
      let area = CGRect(x: 0, y: 0, width: width, height: height)
      guard let context = bitmap(width: width, height: height, .noneSkipLast), let bytes = context.data else {
        throw PictureError.unreadable(name: name, reason: "there is no memory for its pixels")
      }
      context.setFillColor(red: 1, green: 1, blue: 1, alpha: 1)
      context.fill([area])
      context.draw(image, in: area)
      var pixels: [UInt8] = []
      pixels.reserveCapacity(width * height * 3)
      for row in 0..<height {
        let line = bytes.advanced(by: row * context.bytesPerRow)
        for column in 0..<width {
          for channel in 0..<3 { pixels.append(line.load(fromByteOffset: column * 4 + channel, as: UInt8.self)) }
        }
      }
      self.init(width: width, height: height, pixels: pixels)
    }

    /// The picture as an image in sRGB: RGBA with its transparency, other modes as RGB. Throws if there is not enough memory.
    public func cgImage() throws(PictureError) -> CGImage {
      let picture = mode == .rgba ? self : convertedToRGB(), channels = picture.mode.bytesPerPixel
      let alpha: CGImageAlphaInfo = mode == .rgba ? .premultipliedLast : .noneSkipLast
      guard let context = bitmap(width: width, height: height, alpha), let bytes = context.data else {
        throw PictureError.unwritable(name: "the image", reason: "not enough memory")
      }
      for row in 0..<height {
        let line = bytes.advanced(by: row * context.bytesPerRow)
        for column in 0..<width {
          let place = (row * width + column) * channels
          let opacity = channels == 4 ? Int(picture.pixels[place + 3]) : 255
          for channel in 0..<3 {
            let value = (Int(picture.pixels[place + channel]) * opacity + 127) / 255
            line.storeBytes(of: UInt8(value), toByteOffset: column * 4 + channel, as: UInt8.self)
          }
          line.storeBytes(of: UInt8(opacity), toByteOffset: column * 4 + 3, as: UInt8.self)
        }
      }
      guard let image = context.makeImage() else {
        throw PictureError.unwritable(name: "the image", reason: "not enough memory")
      }
      return image
    }
  }

  /// A bitmap with four bytes per pixel in sRGB.
  private func bitmap(width: Int, height: Int, _ alpha: CGImageAlphaInfo) -> CGContext? {
    guard let space = CGColorSpace(name: CGColorSpace.sRGB) else { return nil }
    return CGContext(
      data: nil, width: width, height: height, bitsPerComponent: 8, bytesPerRow: 0, space: space,
      bitmapInfo: alpha.rawValue)
  }
#endif
