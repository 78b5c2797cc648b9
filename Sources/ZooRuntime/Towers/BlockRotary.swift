import CZooKernels
import Foundation
import ZooModels

/// Cosines and sines of a rotary embedding: `[tokens, head width / 2]`, for the patches of a grid or the tokens of a prompt.
///
/// On a grid it is axial: a quarter of the head's width is the number of frequencies `temperature^(-k / count)`; each patch has the angles of one
/// axis for all of them, then those of the other: row and column for `ij`, column and row for `xy`. Angles are rounded as in timm, in f32.
final class RotaryTable: Sendable {
  private let cosine: FloatBuffer
  private let sine: FloatBuffer
  /// The sines of the inverse rotation.
  private let negativeSine: FloatBuffer
  private let prefix: Int
  private let halves: Bool

  init(_ rope: RotaryEmbedding, grid: GridSize, prefix: Int, headWidth: Int) {
    let count = headWidth / 4
    self.prefix = prefix
    halves = false
    cosine = FloatBuffer(grid.count * 2 * count)
    sine = FloatBuffer(grid.count * 2 * count)
    negativeSine = FloatBuffer(grid.count * 2 * count)
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
            set(index, angle: position * frequency)
            index += 1
          }
        }
      }
    }
  }

  /// For tokens at some positions of a prompt. Angles are rounded as in transformers and open_clip, in f32.
  init(temperature: Float, halves: Bool, positions: [Int], headWidth: Int) {
    let count = headWidth / 2
    prefix = 0
    self.halves = halves
    let frequencies = (0..<count).map { 1 / pow(temperature, Float($0) / Float(count)) }
    cosine = FloatBuffer(positions.count * count)
    sine = FloatBuffer(positions.count * count)
    negativeSine = FloatBuffer(positions.count * count)
    for (row, position) in positions.enumerated() {
      for (pair, frequency) in frequencies.enumerated() {
        set(row * count + pair, angle: Float(position) * frequency)
      }
    }
  }

  private func set(_ index: Int, angle: Float) {
    (cosine.pointer[index], sine.pointer[index]) = (Float(cos(Double(angle))), Float(sin(Double(angle))))
    negativeSine.pointer[index] = -sine.pointer[index]
  }

  /// Rotates the queries and keys of tokens in some rows of `qkv`, `[sequences * tokens, 3 width]`; prefix tokens are not rotated.
  func apply(to qkv: FloatBuffer, rows: Range<Int>, tokens: Int, shape: Blocks, backwards: Bool = false) {
    let pairs = shape.headWidth / 2, sine = backwards ? negativeSine : sine
    for sequence in rows.lowerBound / tokens...(rows.upperBound - 1) / tokens {
      let start = sequence * tokens
      let some = rows.clamped(to: start + prefix..<start + tokens)
      guard !some.isEmpty else { continue }
      let patch = some.lowerBound - start - prefix
      // Queries and keys are adjacent: twice the heads.
      (halves ? zoo_rotate_halves : zoo_rotate_pairs)(
        qkv.pointer + some.lowerBound * 3 * shape.width, 3 * shape.width, cosine.pointer + patch * pairs,
        sine.pointer + patch * pairs, some.count, 2 * shape.heads, shape.headWidth)
    }
  }
}
