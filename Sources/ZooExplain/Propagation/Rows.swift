import CZooKernels
import ZooRuntime

/// Rows of one width: activations of tokens, or what flows back to them for several prompts, `[prompts * tokens, width]`.
package struct Rows: Sendable {
  package let buffer: FloatBuffer
  package let count: Int
  package let width: Int

  package init(_ buffer: FloatBuffer, count: Int, width: Int) {
    (self.buffer, self.count, self.width) = (buffer, count, width)
  }

  /// Uninitialised: write before reading.
  package init(count: Int, width: Int) {
    self.init(FloatBuffer(uninitialised: count * width), count: count, width: width)
  }

  /// A copy of contiguous rows.
  package init(copying rows: UnsafePointer<Float>, count: Int, width: Int) {
    self.init(count: count, width: width)
    pointer.update(from: rows, count: count * width)
  }

  package var pointer: UnsafeMutablePointer<Float> { buffer.pointer }
  package var size: Int { count * width }

  package func copy() -> Rows { Rows(buffer.copy(), count: count, width: width) }

  /// Adds rows of the same shape in place.
  func add(_ other: Rows) { zoo_add_residual(pointer, other.pointer, nil, nil, count, width) }

  /// Multiplies each row by `factors` `[width]`.
  func scaled(by factors: FloatView) -> Rows {
    let result = Rows(count: count, width: width)
    zoo_scale_columns(pointer, factors.pointer, result.pointer, count, width)
    return result
  }

  /// Calls `body` for each row on all threads, with the index of its first value here and in activations of `period` rows, which repeat.
  func forEachRow(repeating period: Int, _ parallel: Parallel, _ body: (_ place: Int, _ own: Int) -> Void) {
    parallel.forRanges(count, atLeast: 16) { rows in
      for row in rows { body(row * width, row % period * width) }
    }
  }

  /// Combines element by element; `other` may have fewer rows, which then repeat. Inlined, so that the operation is part of the loop.
  @inline(__always)
  func combined(with other: Rows, _ parallel: Parallel, _ operation: @Sendable (Float, Float) -> Float) -> Rows {
    let result = Rows(count: count, width: width)
    parallel.forRanges(count, atLeast: 16) { rows in
      for row in rows {
        let target = result.pointer + row * width, x = pointer + row * width
        let y = other.pointer + row % other.count * width
        for column in 0..<width { target[column] = operation(x[column], y[column]) }
      }
    }
    return result
  }
}
