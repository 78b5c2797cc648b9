import CZooKernels
import Foundation
import ZooModels

/// Cosines and sines of an axial rotary embedding on one grid: `[patches, head width / 2]`.
///
/// A quarter of the head's width counts frequencies `temperature^(-k / count)`; each patch has the angles of one axis for all of them,
/// then those of the other: row and column for `ij`, column and row for `xy`. Angles are rounded as in timm, in f32.
final class RotaryTable: Sendable {
  private let cosine: FloatBuffer
  private let sine: FloatBuffer
  private let prefix: Int

  init(_ rope: RotaryEmbedding, grid: GridSize, prefix: Int, headWidth: Int) {
    let count = headWidth / 4
    self.prefix = prefix
    cosine = FloatBuffer(grid.count * 2 * count)
    sine = FloatBuffer(grid.count * 2 * count)
    let frequencies = (0..<count).map { 1 / pow(rope.temperature, Float($0) / Float(count)) }
    func positions(_ side: Int, _ reference: Int?) -> [Float] {
      (0..<side).map { index in
        let position = Float(index) + rope.offset
        return reference.map { position / Float(side) * Float($0) } ?? position
      }
    }
    let rows = positions(grid.height, rope.referenceGrid?.height)
    let columns = positions(grid.width, rope.referenceGrid?.width)
    var index = 0
    for row in rows {
      for column in columns {
        for position in rope.indexing == .ij ? [row, column] : [column, row] {
          for frequency in frequencies {
            let angle = Double(position * frequency)
            (cosine.pointer[index], sine.pointer[index]) = (Float(cos(angle)), Float(sin(angle)))
            index += 1
          }
        }
      }
    }
  }

  /// Rotates the queries and keys of patch tokens in `qkv`, `[rows, 3 width]`; prefix tokens stay.
  func apply(to qkv: FloatBuffer, work: BlockWork, shape: Blocks, parallel: Parallel) {
    let width = shape.width, patches = work.tokens - prefix, pairs = shape.headWidth / 2
    for sequence in 0..<work.sequences {
      let start = qkv.pointer + (sequence * work.tokens + prefix) * 3 * width
      parallel.forRanges(patches, atLeast: 16) { range in
        let first = range.lowerBound
        // Queries and keys lie side by side: twice the heads.
        zoo_rotate_pairs(
          start + first * 3 * width, 3 * width, cosine.pointer + first * pairs, sine.pointer + first * pairs,
          range.count, 2 * shape.heads, shape.headWidth)
      }
    }
  }
}
