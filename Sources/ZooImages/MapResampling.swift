import CImageCodecs

/// Resizes a map bilinearly: torch's `interpolate(mode="bilinear", align_corners=False)` without antialiasing.
///
/// Output i is sampled at max((i + 0.5) · in / out − 0.5, 0) of the source, per axis (as in LeGrad: the patch grid at the size of the picture).
/// - Parameter map: [height, width].
/// - Returns: [newHeight, newWidth].
/// - Precondition: No side is 0, and `map` has height · width values.
package func bilinearResized(
  _ map: [Float], height: Int, width: Int, toHeight newHeight: Int, toWidth newWidth: Int
) -> [Float] {
  precondition(min(newHeight, newWidth) > 0, "a map has a size")
  func positions(from source: Int, to target: Int) -> [Double] {
    (0..<target).map { max((Double($0) + 0.5) * Double(source) / Double(target) - 0.5, 0) }
  }
  return bilinearSampled(
    map, height: height, width: width, rows: positions(from: height, to: newHeight),
    columns: positions(from: width, to: newWidth))
}

/// Samples a map bilinearly: value (i, j) is at row `rows[i]` and column `columns[j]`, counted from 0. Positions outside are clamped to the edge.
///
/// - Parameter map: [height, width].
/// - Returns: [rows, columns].
/// - Precondition: No side is 0, and `map` has height · width values.
package func bilinearSampled(
  _ map: [Float], height: Int, width: Int, rows: [Double], columns: [Double]
) -> [Float] {
  precondition(map.count == height * width && min(height, width) > 0, "a map fits its size")
  let across = neighbours(of: columns, count: width), down = neighbours(of: rows, count: height)
  let count = rows.count * columns.count
  return [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
    if count > 0 {
      zoo_bilinear(
        map, width, down.first, down.second, down.weights, rows.count, across.first, across.second, across.weights,
        columns.count, buffer.baseAddress)
    }
    initialized = count
  }
}

/// A patch grid at pixel resolution: `bilinearResized` by an integer factor.
package func bilinearUpsampled(_ map: [Float], height: Int, width: Int, factor: Int) -> [Float] {
  bilinearResized(map, height: height, width: width, toHeight: height * factor, toWidth: width * factor)
}

/// Two neighbours for each position and the weight of the second.
private func neighbours(of positions: [Double], count: Int) -> (first: [Int], second: [Int], weights: [Float]) {
  let inside = positions.map { max($0, 0) }, first = inside.map { min(Int($0), count - 1) }
  return (first, first.map { min($0 + 1, count - 1) }, zip(inside, first).map { Float($0 - Double($1)) })
}
