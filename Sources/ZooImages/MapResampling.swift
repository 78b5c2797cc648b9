import CImageCodecs

/// A map at another size, bilinearly: torch's `interpolate(mode="bilinear", align_corners=False)` without antialiasing.
///
/// Output i lies at max((i + 0.5) · in / out − 0.5, 0) of the source, per axis (methods of LeGrad: the patch grid at
/// the size of the picture).
/// - Parameter map: [height, width].
/// - Returns: [newHeight, newWidth].
/// - Precondition: no side is 0, and `map` has height · width values.
public func bilinearResized(
  _ map: [Float], height: Int, width: Int, toHeight newHeight: Int, toWidth newWidth: Int
) -> [Float] {
  precondition(map.count == height * width && min(height, width, newHeight, newWidth) > 0, "a map fits its size")
  let across = bilinearPositions(from: width, to: newWidth), down = bilinearPositions(from: height, to: newHeight)
  return [Float](unsafeUninitializedCapacity: newHeight * newWidth) { buffer, initialized in
    zoo_bilinear(
      map, width, down.first, down.second, down.weights, newHeight, across.first, across.second, across.weights,
      newWidth, buffer.baseAddress)
    initialized = newHeight * newWidth
  }
}

/// A patch grid at the size of its patches' pixels: `bilinearResized` by a whole factor.
public func bilinearUpsampled(_ map: [Float], height: Int, width: Int, factor: Int) -> [Float] {
  bilinearResized(map, height: height, width: width, toHeight: height * factor, toWidth: width * factor)
}

/// Per output position two neighbours and the weight of the second.
private func bilinearPositions(from source: Int, to target: Int) -> (first: [Int], second: [Int], weights: [Float]) {
  let positions = (0..<target).map { max((Double($0) + 0.5) * Double(source) / Double(target) - 0.5, 0) }
  let first = positions.map { min(Int($0), source - 1) }
  return (first, first.map { min($0 + 1, source - 1) }, zip(positions, first).map { Float($0 - Double($1)) })
}
