import CImageCodecs

/// How a table of position embeddings is resampled for another grid.
package enum PositionMethod: Sendable, Hashable {
  /// With antialiasing (a = -0.5, kernel renormalised at the borders): open_clip, timm and LeGrad. Without (a = -0.75, borders repeated): Hugging
  /// Face.
  case bicubic(antialias: Bool)
  case bilinear(antialias: Bool)
  /// Corner to corner, like `scipy.ndimage.zoom` of order 1 and torch's `align_corners`: big_vision.
  case bilinearCorners
}

/// Resamples a grid of vectors like torch's `interpolate(align_corners=False)`, except for `.bilinearCorners`; weights and sums are doubles.
///
/// - Parameters:
///   - table: [from.height · from.width, d], row by row, without prefix tokens (class, registers).
///   - method: `.bicubic(antialias: true)` is what open_clip, timm and LeGrad use.
/// - Returns: [to.height · to.width, d]; the table itself if the grids are the same.
/// - Precondition: No side is 0, and the table has a whole number of vectors per grid cell.
package func resamplePositions(
  _ table: [Float], from: (height: Int, width: Int), to: (height: Int, width: Int), method: PositionMethod
) -> [Float] {
  let places = from.height * from.width
  precondition(min(places, to.height, to.width) > 0 && table.count % places == 0, "a position table fits its grid")
  if from == to { return table }
  let depth = table.count / places
  let wide = resampledRows(
    table.map { Double($0) }, rows: from.height, from: from.width, to: to.width, depth: depth, method: method)
  let done = resampledRows(
    wide, rows: 1, from: from.height, to: to.height, depth: to.width * depth, method: method)
  return done.map { Float($0) }
}

/// [rows, from, depth] to [rows, to, depth].
private func resampledRows(
  _ source: [Double], rows: Int, from: Int, to: Int, depth: Int, method: PositionMethod
) -> [Double] {
  let taps = (0..<to).map { method.taps(at: $0, from: from, to: to) }
  var result = [Double](repeating: 0, count: rows * to * depth)
  source.withUnsafeBufferPointer { source in
    result.withUnsafeMutableBufferPointer { result in
      guard let source = source.baseAddress, let result = result.baseAddress else { return }
      for row in 0..<rows {
        for (position, taps) in taps.enumerated() {
          for tap in taps {
            zoo_add_scaled(
              source + (row * from + tap.index) * depth, tap.weight, depth, result + (row * to + position) * depth)
          }
        }
      }
    }
  }
  return result
}

extension PositionMethod {
  /// The source positions that contribute to an output position, with their weights.
  fileprivate func taps(at position: Int, from: Int, to: Int) -> [(index: Int, weight: Double)] {
    let scale = Double(from) / Double(to), center = (Double(position) + 0.5) * scale
    switch self {
    case .bicubic(antialias: true): return antialiased(center, scale, from, support: 2) { cubic($0, a: -0.5) }
    case .bilinear(antialias: true): return antialiased(center, scale, from, support: 1) { max(1 - abs($0), 0) }
    case .bicubic(antialias: false):
      let first = Int((center - 0.5).rounded(.down))
      return (first - 1...first + 2).map { index in
        (min(max(index, 0), from - 1), cubic(Double(index) - (center - 0.5), a: -0.75))
      }
    case .bilinear(antialias: false): return neighbours(max(center - 0.5, 0), from)
    case .bilinearCorners:
      return neighbours(to > 1 ? Double(position) * Double(from - 1) / Double(to - 1) : 0, from)
    }
  }

  /// The two source positions next to a place.
  private func neighbours(_ place: Double, _ count: Int) -> [(index: Int, weight: Double)] {
    let first = min(Int(place), count - 1), share = place - Double(first)
    return [(first, 1 - share), (min(first + 1, count - 1), share)]
  }

  private func antialiased(
    _ center: Double, _ scale: Double, _ count: Int, support: Double, _ kernel: (Double) -> Double
  ) -> [(index: Int, weight: Double)] {
    let stretch = max(scale, 1), reach = support * stretch
    let first = max(Int(center - reach + 0.5), 0), end = min(Int(center + reach + 0.5), count)
    let weights = (first..<end).map { kernel((Double($0) - center + 0.5) / stretch) }
    let sum = weights.reduce(0, +)
    return zip(first..<end, weights).map { ($0, $1 / sum) }
  }

  /// The cubic convolution kernel with its one parameter.
  private func cubic(_ distance: Double, a: Double) -> Double {
    let x = abs(distance)
    if x <= 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
    return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0
  }
}
