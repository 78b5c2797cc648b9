import ZooImages
import ZooModels

/// A map in pixels of the whole picture that a model's input was made from: the crop and the resize are undone.
public struct PlacedMap: Sendable {
  /// The size of the picture in pixels.
  public let size: GridSize
  /// The rows of the picture that the model sees.
  public let rows: Range<Int>
  /// The columns of the picture that the model sees.
  public let columns: Range<Int>
  /// `[rows][columns]`, from 0 to 1.
  public let values: [Float]

  /// `[height, width]` of the picture: NaN where the model does not see it.
  public func whole() -> [Float] { spread(values, over: .nan) }

  /// `[height, width]` of the picture: true where the map is above a threshold.
  public func mask(above threshold: Float) -> [Bool] { spread(values.map { $0 > threshold }, over: false) }

  private func spread<Value>(_ values: [Value], over ground: Value) -> [Value] {
    var result = [Value](repeating: ground, count: size.count)
    for (index, row) in rows.enumerated() {
      let from = index * columns.count, to = row * size.width + columns.lowerBound
      result.replaceSubrange(to..<to + columns.count, with: values[from..<from + columns.count])
    }
    return result
  }
}

extension Heatmap {
  /// The map on the whole picture.
  ///
  /// - Parameters:
  ///   - picture: The picture that was read; its size is that of the result.
  ///   - input: The size of the model's input.
  ///   - range: The values that become 0 and 1, as in `pixels(in:)`.
  public func placed(
    on picture: PictureFacts, input: GridSize, in range: ClosedRange<Float>
  ) -> PlacedMap {
    let crop = picture.crop
    let rows = places(from: crop.top, to: crop.bottom, length: picture.height, input: input.height, cells: grid.height)
    let columns = places(from: crop.left, to: crop.right, length: picture.width, input: input.width, cells: grid.width)
    let sampled = bilinearSampled(
      values, height: grid.height, width: grid.width, rows: rows.cells, columns: columns.cells)
    let low = range.lowerBound, span = range.upperBound - low
    return PlacedMap(
      size: GridSize(height: picture.height, width: picture.width), rows: rows.pixels, columns: columns.pixels,
      values: sampled.map { span > 0 ? min(max(($0 - low) / span, 0), 1) : 0 })
  }

  /// The pixels of a side that are under patches, and where in the grid their centres are.
  private func places(
    from start: Double, to end: Double, length: Int, input: Int, cells: Int
  ) -> (pixels: Range<Int>, cells: [Double]) {
    let positions = (0..<length).map { (Double($0) + 0.5 - start) / (end - start) * Double(input) / Double(patch) }
    let first = positions.firstIndex { $0 >= 0 } ?? length
    let last = positions.lastIndex { $0 <= Double(cells) }.map { $0 + 1 } ?? first
    let pixels = first..<max(first, last)
    return (pixels, positions[pixels].map { $0 - 0.5 })
  }
}
