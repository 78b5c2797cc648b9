import ZooImages
import ZooModels

/// Where the evidence for a prompt is in a picture, layer by layer.
public struct Heatmap: Sendable {
  /// The grid of patches.
  public let grid: GridSize
  /// The side of a patch in pixels.
  public let patch: Int
  /// The layers that were used, counted from 0.
  public let layers: [Int]
  /// `[layers][grid.height * grid.width]`: the contribution of each layer; empty if the map is not a sum over layers.
  public let layerValues: [[Float]]
  /// `[grid.height * grid.width]`: the sum over the layers, before normalisation; corrected if requested.
  public var values: [Float]
  /// Where values are scaled to 0...1: SigLIP's official code does it on the grid, the others on the picture.
  public let finish: Finish

  /// Where values are scaled to 0...1.
  public enum Finish: String, Sendable, Hashable, Codable {
    /// On the pixels.
    case upsampleThenNormalise
    /// On the grid of patches.
    case normaliseThenUpsample
    /// TextSpan: negative values on the picture are clipped first.
    case upsampleClipNormalise
  }

  package init(grid: GridSize, patch: Int, layers: [Int], layerValues: [[Float]], finish: Finish) {
    self.grid = grid
    self.patch = patch
    self.layers = layers
    self.layerValues = layerValues
    self.finish = finish
    values = layerValues.reduce(into: [Float](repeating: 0, count: grid.count)) { sum, layer in
      for (index, value) in layer.enumerated() { sum[index] += value }
    }
  }

  /// A map that is not a sum over layers.
  package init(grid: GridSize, patch: Int, layers: [Int], values: [Float], finish: Finish) {
    self.grid = grid
    self.patch = patch
    self.layers = layers
    self.layerValues = layers.count == 1 ? [values] : []
    self.finish = finish
    self.values = values
  }

  /// Mean of the unnormalised values over the grid: comparable between prompts for one picture.
  public var energy: Float { values.reduce(0, +) / Float(max(values.count, 1)) }

  /// Whether all values are equal: there is nothing to show, and the map is all zeros.
  public var isFlat: Bool { values.allSatisfy { $0 == values.first } }

  /// The map for some of its layers, uncorrected; layers that it does not have are ignored.
  package func restricted(to wanted: [Int]) -> Heatmap {
    let kept = layers.indices.filter { wanted.contains(layers[$0]) }
    return Heatmap(
      grid: grid, patch: patch, layers: kept.map { layers[$0] }, layerValues: kept.map { layerValues[$0] },
      finish: finish)
  }

  /// The size in pixels of `picture`: the part of the input that the patches cover.
  public var pictureSize: GridSize { GridSize(height: grid.height * patch, width: grid.width * patch) }

  /// The map in pixels, `[grid.height * patch][grid.width * patch]` row by row, from 0 to 1.
  public func pixels() -> [Float] { pixels(in: range) }

  /// The map in pixels like `pixels()`, but with the bounds of `range` mapped to 0 and 1, so that several maps may share one scale.
  ///
  /// All zeros if the range is empty (the official code gives NaN).
  public func pixels(in range: ClosedRange<Float>) -> [Float] {
    switch finish {
    case .upsampleThenNormalise: scaled(upsampled(values), from: range)
    case .normaliseThenUpsample: upsampled(scaled(values, from: range))
    case .upsampleClipNormalise: scaled(upsampled(values).map { max($0, 0) }, from: range)
    }
  }

  /// The values that `pixels()` maps to 0 and 1.
  public var range: ClosedRange<Float> {
    switch finish {
    case .upsampleThenNormalise: Self.range(of: upsampled(values))
    case .normaliseThenUpsample: Self.range(of: values)
    case .upsampleClipNormalise: Self.range(of: upsampled(values).map { max($0, 0) })
    }
  }

  /// One layer's map in pixels, from 0 to 1.
  public func pixels(ofLayer index: Int) -> [Float] { pixels(ofLayer: index, in: range(ofLayer: index)) }

  /// One layer's map in pixels, with the bounds of `range` mapped to 0 and 1.
  public func pixels(ofLayer index: Int, in range: ClosedRange<Float>) -> [Float] {
    scaled(upsampled(layerValues[index]), from: range)
  }

  /// The values that `pixels(ofLayer:)` maps to 0 and 1.
  public func range(ofLayer index: Int) -> ClosedRange<Float> { Self.range(of: upsampled(layerValues[index])) }

  private static func range(of values: [Float]) -> ClosedRange<Float> {
    guard let low = values.min(), let high = values.max(), low <= high else { return 0...0 }
    return low...high
  }
}

extension Heatmap {
  private func upsampled(_ map: [Float]) -> [Float] {
    bilinearUpsampled(map, height: grid.height, width: grid.width, factor: patch)
  }
}

/// Shifts and scales values to 0...1; all zeros if they are all equal (the official code gives NaN).
package func minMax(_ values: [Float]) -> [Float] {
  guard let low = values.min(), let high = values.max(), low <= high else { return values.map { _ in 0 } }
  return scaled(values, from: low...high)
}

/// Shifts and scales values so that the bounds of `range` become 0 and 1; all zeros if it is empty.
private func scaled(_ values: [Float], from range: ClosedRange<Float>) -> [Float] {
  let low = range.lowerBound, high = range.upperBound
  guard high > low else { return values.map { _ in 0 } }
  return values.map { ($0 - low) / (high - low) }
}
