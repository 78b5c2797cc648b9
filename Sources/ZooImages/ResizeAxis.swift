import CZooKernels
import Foundation
import ZooModels

/// The filters of `ImagingResample`, as in Pillow.
extension Preprocessing.Interpolation {
  /// Half the width of the filter in source pixels, before it is stretched for downscaling.
  var support: Double {
    switch self {
    case .nearest: 0
    case .box: 0.5
    case .bilinear, .hamming: 1
    case .bicubic: 2
    case .lanczos: 3
    }
  }

  /// The filter's value at a distance from its centre.
  func weight(_ distance: Double) -> Double {
    let x = abs(distance)
    switch self {
    case .nearest: return 0
    case .box: return distance > -0.5 && distance <= 0.5 ? 1 : 0
    case .bilinear: return x < 1 ? 1 - x : 0
    case .hamming:
      if x == 0 { return 1 }
      if x >= 1 { return 0 }
      return sin(x * .pi) / (x * .pi) * (Double(0.54 as Float) + Double(0.46 as Float) * cos(x * .pi))
    case .bicubic:
      let a = -0.5
      if x < 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
      return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0
    case .lanczos:
      func sinc(_ v: Double) -> Double { v == 0 ? 1 : sin(v * .pi) / (v * .pi) }
      return distance >= -3 && distance < 3 ? sinc(distance) * sinc(distance / 3) : 0
    }
  }
}

/// The weights of one pass, for the output positions of a window.
struct ResizeAxis {
  /// For each output position: the first source position, and the number of them.
  private(set) var starts: [Int32] = []
  private(set) var lengths: [Int32] = []
  /// [positions, taps], padded with zeros.
  private(set) var weights: [Double] = []
  let taps: Int

  /// - Parameters:
  ///   - source: The length of the source.
  ///   - part: The part of the source that is resized, to fractions of a pixel; all of it by default.
  ///   - target: The length of the whole output, of which `window` is computed.
  init(
    source: Int, part: Range<Double>? = nil, target: Int, window: Range<Int>, filter: Preprocessing.Interpolation
  ) {
    let part = part ?? 0..<Double(source)
    let scale = (part.upperBound - part.lowerBound) / Double(target)
    let stretch = max(scale, 1), support = filter.support * stretch, inverse = 1 / stretch
    taps = Int(support.rounded(.up)) * 2 + 1
    starts.reserveCapacity(window.count)
    lengths.reserveCapacity(window.count)
    weights.reserveCapacity(window.count * taps)
    for position in window {
      let center = part.lowerBound + (Double(position) + 0.5) * scale
      let first = max(Int(center - support + 0.5), 0)
      let count = min(Int(center + support + 0.5), source) - first
      let row = (0..<count).map { filter.weight((Double($0 + first) - center + 0.5) * inverse) }
      let sum = row.reduce(0, +)
      let normalised = sum == 0 ? row : row.map { $0 / sum }
      starts.append(Int32(first))
      lengths.append(Int32(count))
      weights += normalised
      weights += repeatElement(0, count: taps - count)
    }
  }

  /// The source positions that are read.
  var range: Range<Int> {
    let ends = zip(starts, lengths).map { Int($0 + $1) }
    return Int(starts.min() ?? 0)..<(ends.max() ?? 0)
  }

  /// Calls `body` with the axis as a C struct, its starts counted from `origin`.
  func withKernelAxis<Result>(origin: Int, _ body: (UnsafePointer<zoo_axis>) -> Result) -> Result {
    let shifted = origin == 0 ? starts : starts.map { $0 - Int32(origin) }
    let fixed = weights.map { Int32($0 * 4_194_304 + ($0 < 0 ? -0.5 : 0.5)) }
    return shifted.withUnsafeBufferPointer { starts in
      lengths.withUnsafeBufferPointer { lengths in
        fixed.withUnsafeBufferPointer { fixed in
          weights.withUnsafeBufferPointer { weights in
            var axis = zoo_axis(
              count: starts.count, taps: taps, starts: starts.baseAddress, lengths: lengths.baseAddress,
              fixed: fixed.baseAddress, weights: weights.baseAddress)
            return body(&axis)
          }
        }
      }
    }
  }
}
