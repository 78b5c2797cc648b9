import CImageCodecs
import CZooKernels
import ZooModels

extension Picture {
  /// The picture at another size, bit for bit equal to `resize` in Pillow 13, in the same mode.
  ///
  /// The filter is stretched for downscaling (antialiasing). Palette and bilevel pictures use the nearest pixel whatever the filter; alpha is
  /// premultiplied and divided out afterwards. The EXIF orientation is kept.
  /// - Precondition: Height and width are at least 1.
  public func resized(height: Int, width: Int, filter: Preprocessing.Interpolation) -> Picture {
    resized(height: height, width: width, filter: filter, rows: 0..<height, columns: 0..<width)
  }

  /// A part of the picture at another size, like the `box` of Pillow's `resize`: its edges may be within pixels.
  ///
  /// - Precondition: The part is not empty and is inside the picture; the filter is not `nearest`, and the picture has neither a palette nor one bit
  ///   per pixel.
  public func resized(
    height newHeight: Int, width newWidth: Int, filter: Preprocessing.Interpolation, rows: Range<Double>,
    columns: Range<Double>
  ) -> Picture {
    precondition(
      newHeight > 0 && newWidth > 0 && !rows.isEmpty && !columns.isEmpty && rows.lowerBound >= 0
        && columns.lowerBound >= 0 && rows.upperBound <= Double(height) && columns.upperBound <= Double(width),
      "a part of a picture lies inside")
    precondition(filter != .nearest && mode != .palette && mode != .bilevel, "single pixels have no parts")
    return passed(
      across: ResizeAxis(
        source: width, part: columns, target: newWidth, window: 0..<newWidth, filter: filter),
      down: ResizeAxis(source: height, part: rows, target: newHeight, window: 0..<newHeight, filter: filter),
      downFirst: newHeight < height && height - newHeight > 2 * (width - newWidth), rows: 0..<newHeight,
      columns: 0..<newWidth)
  }

  /// The window `rows` × `columns` of the picture at another size: equal to resizing everything and cropping.
  func resized(
    height newHeight: Int, width newWidth: Int, filter: Preprocessing.Interpolation, rows: Range<Int>,
    columns: Range<Int>
  ) -> Picture {
    precondition(newHeight > 0 && newWidth > 0 && !rows.isEmpty && !columns.isEmpty, "a picture has a pixel at least")
    if newHeight == height && newWidth == width { return cropped(rows: rows, columns: columns) }
    if filter == .nearest || mode == .palette || mode == .bilevel {
      return picked(
        rows: nearest(source: height, target: newHeight, window: rows),
        columns: nearest(source: width, target: newWidth, window: columns))
    }
    let across = newWidth == width ? nil : axis(width, newWidth, columns, filter)
    let down = newHeight == height ? nil : axis(height, newHeight, rows, filter)
    // The result between the passes is rounded, so their order matters. Pillow has this rule since version 13; before, the horizontal pass always
    // came first.
    let downFirst = newHeight < height && height - newHeight > 2 * (width - newWidth)
    return passed(across: across, down: down, downFirst: downFirst, rows: rows, columns: columns)
  }

  /// Both passes, one of them, or none.
  private func passed(
    across: ResizeAxis?, down: ResizeAxis?, downFirst: Bool, rows: Range<Int>, columns: Range<Int>
  ) -> Picture {
    // Only what the passes read.
    let source = (rows: down?.range ?? rows, columns: across?.range ?? columns)
    let hasAlpha = mode == .la || mode == .rgba
    var image: Picture
    if let across, !downFirst, !hasAlpha {
      // Reads the rows in place: a large picture is not copied.
      image = self.across(across, rows: source.rows)
    } else {
      image = cropped(rows: source.rows, columns: source.columns)
      if hasAlpha { zoo_premultiply(&image.pixels, image.width * image.height, mode.bytesPerPixel) }
      if downFirst, let down { image = image.down(down, origin: source.rows.lowerBound) }
      if let across { image = image.across(across, origin: source.columns.lowerBound) }
    }
    if !downFirst, let down { image = image.down(down, origin: source.rows.lowerBound) }
    if hasAlpha { zoo_unpremultiply(&image.pixels, image.width * image.height, mode.bytesPerPixel) }
    return image
  }

  private func axis(
    _ source: Int, _ target: Int, _ window: Range<Int>, _ filter: Preprocessing.Interpolation
  ) -> ResizeAxis {
    ResizeAxis(source: source, target: target, window: window, filter: filter)
  }

  private func across(_ axis: ResizeAxis, origin: Int = 0, rows: Range<Int>? = nil) -> Picture {
    let newWidth = axis.starts.count, rows = rows ?? 0..<height
    let result = bytes(count: newWidth * rows.count * mode.bytesPerPixel) { target in
      pixels.withUnsafeBufferPointer { pixels in
        axis.withKernelAxis(origin: origin) { axis in
          guard let first = pixels.baseAddress.map({ $0 + rows.lowerBound * width * mode.bytesPerPixel }) else {
            return
          }
          if mode == .l16 {
            zoo_resize_rows_16(first, width, rows.count, axis, target)
          } else {
            zoo_resize_rows(first, width, rows.count, mode.bytesPerPixel, axis, target)
          }
        }
      }
    }
    return with(width: newWidth, height: rows.count, pixels: result)
  }

  private func down(_ axis: ResizeAxis, origin: Int) -> Picture {
    let newHeight = axis.starts.count
    let result = bytes(count: width * newHeight * mode.bytesPerPixel) { target in
      axis.withKernelAxis(origin: origin) { axis in
        if mode == .l16 {
          zoo_resize_columns_16(pixels, width, axis, target)
        } else {
          zoo_resize_columns(pixels, width * mode.bytesPerPixel, axis, target)
        }
      }
    }
    return with(width: width, height: newHeight, pixels: result)
  }

  /// The source position of every output position in the window; -1 if Pillow's running sum leaves the source.
  private func nearest(source: Int, target: Int, window: Range<Int>) -> [Int] {
    let step = Double(source) / Double(target)
    func position(_ at: Double) -> Int { at < Double(source) ? Int(at) : -1 }
    // Pillow adds up step by step, but not for 16 bits; for large windows that would take too long, with no visible difference.
    if mode == .l16 || window.upperBound > 1 << 24 { return window.map { position(step * (Double($0) + 0.5)) } }
    var positions: [Int] = []
    positions.reserveCapacity(window.count)
    var at = step * 0.5
    for index in 0..<window.upperBound {
      if index >= window.lowerBound { positions.append(position(at)) }
      at += step
    }
    return positions
  }

  private func picked(rows: [Int], columns: [Int]) -> Picture {
    let result = bytes(count: rows.count * columns.count * mode.bytesPerPixel) { target in
      zoo_pick(pixels, width, mode.bytesPerPixel, columns, columns.count, rows, rows.count, target)
    }
    return with(width: columns.count, height: rows.count, pixels: result)
  }
}
