import CZooKernels
import ZooTensors

/// A copy of a matrix in 8-bit integers, cut into strips of columns for one direction. Each column has a scale of its own.
final class Int8Strips: Sendable {
  static var width: Int { zoo_int8_strip_width() }

  private let block: MemoryBlock
  /// The scales of all columns, then the sums of their integers: `[2, columns padded to whole strips]`.
  private let factors: FloatBuffer
  /// Words of a strip.
  private let size: Int
  private let columns: Int

  /// Gives the original's memory back where that can be read again.
  init(_ matrix: WeightMatrix, direction: Direction) {
    let (inputs, outputs) = direction.ends(of: matrix), width = Self.width, strips = (outputs + width - 1) / width
    size = (inputs + 3) / 4 * width
    columns = strips * width
    block = MemoryBlock(byteCount: strips * size * 4)
    factors = FloatBuffer(2 * columns)
    let target = block.bytes.bindMemory(to: Int32.self).baseAddress!
    defer { matrix.tensor.data.release() }
    if direction == .forward, let scales = matrix.scales, let bytes = matrix.tensor.data.bytes.baseAddress {
      factors.pointer.update(from: scales.pointer, count: outputs)
      for index in 0..<strips {
        let first = index * width
        zoo_int8_pack_rows(
          bytes.assumingMemoryBound(to: Int8.self) + first * inputs, inputs, inputs, min(width, outputs - first),
          target + index * size, factors.pointer + columns + first)
      }
      return
    }
    // Not `matrix.floats`, which would keep what it has to widen.
    let source = matrix.unkept, cutting = Cutting(matrix, direction: direction)
    withScratch(inputs * (1 + width / 4)) { scratch in
      for index in 0..<strips {
        let first = index * width
        zoo_int8_pack_strip(
          source.pointer + first * cutting.across, cutting.down, cutting.across, inputs, min(width, outputs - first),
          scratch, target + index * size, factors.pointer + first, factors.pointer + columns + first)
      }
    }
  }

  func strip(_ index: Int) -> UnsafePointer<Int32> {
    UnsafeRawPointer(block.bytes.baseAddress!).assumingMemoryBound(to: Int32.self) + index * size
  }

  /// Of the columns of a strip and of those behind it.
  func scales(_ index: Int) -> UnsafePointer<Float> { UnsafePointer(factors.pointer) + index * Self.width }
  func sums(_ index: Int) -> UnsafePointer<Float> { scales(index) + columns }
}

/// A weight matrix for one direction, in 8-bit integers; what it is multiplied with is rounded to such on its way in, row by row.
struct Int8Matrix: PreparedMatrix {
  let inputs: Int, outputs: Int
  private let strips: Lazy<Int8Strips>

  init(_ matrix: WeightMatrix, direction: Direction) {
    (inputs, outputs) = direction.ends(of: matrix)
    strips = Lazy { Int8Strips(matrix, direction: direction) }
  }

  func makeReady() { _ = strips.value }

  /// Threads share strips, as in `Kernels`.
  func multiply(
    _ x: UnsafePointer<Float>, scaledBy factors: ColumnFactors?, rows: Int, into y: UnsafeMutablePointer<Float>,
    epilogue: Epilogue, parallel: Parallel
  ) {
    let packed = strips.value, count = factors?.count ?? 1, all = count * rows, words = (inputs + 3) / 4
    withScratch(all * (words + 2)) { scratch in
      let own = scratch + all * words
      scratch.withMemoryRebound(to: UInt8.self, capacity: all * words * 4) { bytes in
        parallel.forRanges(rows, atLeast: 16) { range in
          for index in 0..<count {
            let row = index * rows + range.lowerBound
            zoo_int8_rows(
              x + range.lowerBound * inputs, factors.map { $0.pointer + index * inputs }, range.count, inputs,
              bytes + row * words * 4, words * 4, own + row * 2)
          }
        }
        parallel.forStrips(outputs, width: Int8Strips.width) { strips, columns in
          var after = epilogue.native(from: columns.lowerBound)
          zoo_int8_product(
            bytes, words * 4, own, packed.strip(strips.lowerBound), packed.scales(strips.lowerBound),
            packed.sums(strips.lowerBound), inputs, all, columns.count, y + columns.lowerBound, outputs, &after)
        }
      }
    }
  }

  func multiplyTransposed(
    _ x: UnsafePointer<Float>, rows: Int, into y: UnsafeMutablePointer<Float>, parallel: Parallel
  ) -> Bool {
    let packed = strips.value, words = (inputs + 3) / 4, wide = (outputs + 15) / 16 * 16
    withPaddedRows(x, rows: rows, of: outputs, to: wide, into: y, of: inputs, from: words * 4) { padded, result in
      let pieces = words < 128 ? 1 : parallel.threads
      parallel.forEach(pieces) { piece in
        zoo_int8_transposed_product(
          padded, wide, packed.strip(0), packed.scales(0), inputs, words * piece / pieces,
          words * (piece + 1) / pieces, rows, outputs, result, words * 4)
      }
    }
    return true
  }
}

extension Parallel {
  /// Hands out the strips of a product's columns: `body` gets some of them and the columns that these hold.
  func forStrips(_ outputs: Int, width: Int, _ body: (_ strips: Range<Int>, _ columns: Range<Int>) -> Void) {
    let strips = (outputs + width - 1) / width, pieces = min(strips, threads)
    forEach(pieces) { piece in
      let own = strips * piece / pieces..<strips * (piece + 1) / pieces
      body(own, own.lowerBound * width..<min(own.upperBound * width, outputs))
    }
  }
}
