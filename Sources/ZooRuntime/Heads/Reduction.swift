import ZooModels

/// How some rows of tokens are reduced to one.
package enum Reduction: Sendable {
  case average
  /// The maximum of each channel.
  case greatest
  /// The average of the maximum and the mean.
  case middle

  /// `[width]`, for rows of `tokens` `[tokens, width]`.
  package func value(of tokens: UnsafePointer<Float>, rows: Range<Int>, width: Int) -> [Float] {
    if self == .average { return mean(tokens, rows: rows, width: width) }
    let places = greatestRows(tokens, rows: rows, width: width)
    let values = places.enumerated().map { tokens[$0.element * width + $0.offset] }
    guard self == .middle else { return values }
    return zip(values, mean(tokens, rows: rows, width: width)).map { 0.5 * ($0 + $1) }
  }

  /// Propagates a gradient `[width]` of the reduced row to the rows: `[rows.count, width]`. If several values are equal, the first gets it.
  package func backward(
    _ gradient: UnsafePointer<Float>, at tokens: UnsafePointer<Float>, rows: Range<Int>, width: Int,
    into target: UnsafeMutablePointer<Float>
  ) {
    let share: Float =
      switch self {
      case .average: 1
      case .greatest: 0
      case .middle: 0.5
      }
    for row in 0..<rows.count {
      for channel in 0..<width { target[row * width + channel] = gradient[channel] * share / Float(rows.count) }
    }
    guard self != .average else { return }
    for (channel, row) in greatestRows(tokens, rows: rows, width: width).enumerated() {
      target[(row - rows.lowerBound) * width + channel] += gradient[channel] * (1 - share)
    }
  }

  /// For each channel, the first row with the maximum.
  private func greatestRows(_ tokens: UnsafePointer<Float>, rows: Range<Int>, width: Int) -> [Int] {
    (0..<width).map { channel in
      var best = rows.lowerBound
      for row in rows where tokens[row * width + channel] > tokens[best * width + channel] { best = row }
      return best
    }
  }
}

extension Pooler {
  /// How patches are reduced; the mean if the pooler does not use patches alone.
  package var reduction: Reduction {
    if case .patchMax(let withMean, _) = self { withMean ? .middle : .greatest } else { .average }
  }
}
