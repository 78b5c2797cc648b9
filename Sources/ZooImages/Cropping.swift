extension Picture {
  /// The pixels of a window, which must be inside the picture.
  public func cropped(rows: Range<Int>, columns: Range<Int>) -> Picture {
    if rows == 0..<height && columns == 0..<width { return self }
    let size = mode.bytesPerPixel
    var result: [UInt8] = []
    result.reserveCapacity(rows.count * columns.count * size)
    for y in rows {
      result += pixels[(y * width + columns.lowerBound) * size..<(y * width + columns.upperBound) * size]
    }
    return with(width: columns.count, height: rows.count, pixels: result)
  }

  /// The centre of the picture at exactly this size, padded if the picture is smaller.
  ///
  /// `fill` is the value of every channel in the picture's own mode (an index in a palette).
  public func centerCropped(
    height newHeight: Int, width newWidth: Int, fill: Int = 0, _ rule: CropRule = .even
  ) -> Picture {
    padded(
      top: rule.padding(newHeight, around: height), left: rule.padding(newWidth, around: width),
      height: max(height, newHeight), width: max(width, newWidth), fill: fill
    ).cropped(rows: rule.middle(newHeight, of: height), columns: rule.middle(newWidth, of: width))
  }

  private func padded(top: Int, left: Int, height newHeight: Int, width newWidth: Int, fill: Int) -> Picture {
    if newHeight == height && newWidth == width { return self }
    let size = mode.bytesPerPixel, rowBytes = width * size
    let value = mode == .bilevel ? (fill == 0 ? 0 : 255) : UInt8(clamping: fill)
    var result = [UInt8](repeating: value, count: newHeight * newWidth * size)
    if mode == .l16 { for i in stride(from: 1, to: result.count, by: 2) { result[i] = 0 } }
    for y in 0..<height {
      let at = ((y + top) * newWidth + left) * size
      result.replaceSubrange(at..<at + rowBytes, with: pixels[y * rowBytes..<(y + 1) * rowBytes])
    }
    return with(width: newWidth, height: newHeight, pixels: result)
  }
}

/// How the centre of a picture is rounded to whole pixels.
public enum CropRule: Sendable {
  /// torchvision's `CenterCrop` and open_clip's `CenterCropOrPad`: half pixels round to even, the odd pixel of padding goes to the right and bottom.
  case even
  /// transformers' `center_crop`: half pixels round down, the odd pixel of padding goes to the left and top.
  case down

  /// The middle `size` positions of `length`, or all of `size` if that is more.
  func middle(_ size: Int, of length: Int) -> Range<Int> {
    let half = Double(max(length - size, 0)) / 2
    let first = Int(half.rounded(self == .even ? .toNearestOrEven : .down))
    return first..<first + size
  }

  /// How much of the padding of `length` to `size` comes first.
  func padding(_ size: Int, around length: Int) -> Int {
    (max(size - length, 0) + (self == .even ? 0 : 1)) / 2
  }
}
