import CZooKernels
import Foundation
import ZooModels

/// An attention bias for the distance between two patches, computed by a small MLP from its logarithm: timm's `RelPosMlp` of kind `cr`. Tokens before
/// the patches have none.
struct RelativePositions: Sendable {
  private let fc1: Linear
  private let fc2: Linear

  init(_ weights: Weights, _ name: String) throws {
    fc1 = try weights.linear("\(name).fc1")
    fc2 = try weights.linear("\(name).fc2")
  }

  func bias(grid: GridSize, prefix: Int, parallel: Parallel) -> AttentionBias {
    // `[2 height - 1, 2 width - 1, heads]`: for each distance.
    let (down, across) = (2 * grid.height - 1, 2 * grid.width - 1), heads = fc2.outputs
    func distance(_ places: Int) -> Float {
      let length = log(1 + abs(Float(places)))
      return places < 0 ? -length : length
    }
    let distances = (0..<down).flatMap { row in
      (0..<across).flatMap { [distance(row - (grid.height - 1)), distance($0 - (grid.width - 1))] }
    }
    var hidden = [Float](repeating: 0, count: down * across * fc1.outputs)
    var table = [Float](repeating: 0, count: down * across * heads)
    fc1.forward(
      distances, rows: down * across, into: &hidden, epilogue: Epilogue(activation: .relu), parallel: parallel)
    fc2.forward(hidden, rows: down * across, into: &table, parallel: parallel)

    let count = prefix + grid.count, values = FloatBuffer(heads * count * count)
    parallel.forEach(heads) { [table] head in
      for query in 0..<grid.count {
        let row = values.pointer + (head * count + prefix + query) * count + prefix
        for key in 0..<grid.count {
          let vertical = query / grid.width - key / grid.width + grid.height - 1
          let horizontal = query % grid.width - key % grid.width + grid.width - 1
          row[key] = table[(vertical * across + horizontal) * heads + head]
        }
      }
    }
    return AttentionBias(values: values, isShared: false)
  }
}
