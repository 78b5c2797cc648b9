import ZooModels

/// A connected part of a map above a threshold: pixels that share a side belong together.
public struct MapRegion: Sendable {
  /// The pixels of one column from the top, as in COCO.
  public struct Run: Sendable, Hashable {
    /// The column, counted from the left.
    public let column: Int
    /// The rows, counted from the top.
    public let rows: Range<Int>
  }

  /// The runs from left to right, then from top to bottom.
  public let runs: [Run]
  /// The largest value of the map in the region.
  public let peak: Float

  /// The area in pixels.
  public var area: Int { runs.reduce(0) { $0 + $1.rows.count } }

  /// Left, top, width and height in pixels.
  public var box: [Int] {
    let columns = runs.map(\.column), top = runs.map(\.rows.lowerBound).min() ?? 0
    guard let left = columns.min(), let right = columns.max() else { return [0, 0, 0, 0] }
    return [left, top, right - left + 1, (runs.map(\.rows.upperBound).max() ?? top) - top]
  }

  /// COCO's uncompressed run lengths: pixels outside and inside alternately, column by column.
  public func counts(in size: GridSize) -> [Int] {
    var counts: [Int] = [], at = 0
    for run in runs {
      let start = run.column * size.height + run.rows.lowerBound
      if start == at, !counts.isEmpty {
        counts[counts.count - 1] += run.rows.count
      } else {
        counts += [start - at, run.rows.count]
      }
      at = start + run.rows.count
    }
    return at < size.count ? counts + [size.count - at] : counts
  }
}

extension PlacedMap {
  /// The regions in which the map is above a threshold, the largest first; in pixels of the whole picture.
  public func regions(above threshold: Float) -> [MapRegion] {
    var runs: [MapRegion.Run] = [], peaks: [Float] = [], groups: [Int] = []
    /// The first run of a group.
    func root(_ index: Int) -> Int {
      var index = index
      while groups[index] != index {
        groups[index] = groups[groups[index]]
        index = groups[index]
      }
      return index
    }
    var before = 0..<0
    for (column, place) in columns.enumerated() {
      let start = runs.count
      for (rows, peak) in stretches(column, above: threshold) {
        groups.append(runs.count)
        for other in before where runs[other].rows.overlaps(rows) {
          let (a, b) = (root(other), root(runs.count))
          groups[max(a, b)] = min(a, b)
        }
        runs.append(MapRegion.Run(column: place, rows: rows))
        peaks.append(peak)
      }
      before = start..<runs.count
    }
    let members = Dictionary(grouping: runs.indices, by: root)
    return members.sorted { $0.key < $1.key }.map { _, members in
      MapRegion(runs: members.map { runs[$0] }, peak: members.map { peaks[$0] }.max() ?? 0)
    }.sorted { $0.area > $1.area }
  }

  /// The runs of a column above a threshold, in rows of the picture, with their largest values.
  private func stretches(_ column: Int, above threshold: Float) -> [(rows: Range<Int>, peak: Float)] {
    var result: [(rows: Range<Int>, peak: Float)] = []
    for row in rows.indices {
      let value = values[(row - rows.lowerBound) * columns.count + column]
      guard value > threshold else { continue }
      if let last = result.last, last.rows.upperBound == row {
        result[result.count - 1] = (last.rows.lowerBound..<row + 1, max(last.peak, value))
      } else {
        result.append((row..<row + 1, value))
      }
    }
    return result
  }
}
