extension Image {
  /// The pixels of a window, which must lie inside.
  public func cropped(rows: Range<Int>, columns: Range<Int>) -> Image {
    if rows == 0..<height && columns == 0..<width { return self }
    let size = mode.bytesPerPixel
    var result: [UInt8] = []
    result.reserveCapacity(rows.count * columns.count * size)
    for y in rows {
      result += pixels[(y * width + columns.lowerBound) * size..<(y * width + columns.upperBound) * size]
    }
    return with(width: columns.count, height: rows.count, pixels: result)
  }

  /// The middle of the picture at exactly this size, filled up where the picture is smaller.
  ///
  /// As torchvision's `CenterCrop` and open_clip's `CenterCropOrPad`: half pixels round to even, the odd pixel of
  /// padding goes to the right and below, and `fill` is the value of every channel in the picture's own mode (an
  /// index in a palette).
  public func centerCropped(height newHeight: Int, width newWidth: Int, fill: Int = 0) -> Image {
    padded(
      top: max(newHeight - height, 0) / 2, left: max(newWidth - width, 0) / 2, height: max(height, newHeight),
      width: max(width, newWidth), fill: fill
    ).cropped(rows: centered(newHeight, in: height), columns: centered(newWidth, in: width))
  }

  private func padded(top: Int, left: Int, height newHeight: Int, width newWidth: Int, fill: Int) -> Image {
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

/// The middle `size` positions of `length`, or all of `size` where that is more.
func centered(_ size: Int, in length: Int) -> Range<Int> {
  let first = size >= length ? 0 : Int((Double(length - size) / 2).rounded(.toNearestOrEven))
  return first..<first + size
}
