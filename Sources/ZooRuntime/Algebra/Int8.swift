import CZooKernels
import ZooTensors

/// A copy of a matrix in strips of 8-bit integers.
final class Int8Strips: Sendable {
  static var width: Int { zoo_int8_strip_width() }

  private let block: MemoryBlock
  /// The scales of all columns, then the sums of their integers: `[2, columns padded to whole strips]`.
  private let factors: FloatBuffer
  /// The size of a strip in words.
  private let size: Int
  private let columns: Int

  /// Releases the original's memory if it can be read again.
  init(_ matrix: WeightMatrix, direction: Direction) {
    let cutting = Int8Cutting(matrix, direction: direction)
    size = cutting.size
    columns = cutting.strips * Self.width
    block = MemoryBlock(byteCount: cutting.strips * size * 4)
    factors = FloatBuffer(2 * columns)
    let target = block.bytes.bindMemory(to: Int32.self).baseAddress!
    for index in 0..<cutting.strips {
      let scales = factors.pointer + index * Self.width
      cutting.cut(index, into: target + index * size, scales: scales, sums: scales + columns)
    }
    matrix.tensor.data.release()
  }

  func strip(_ index: Int) -> UnsafePointer<Int32> {
    UnsafeRawPointer(block.bytes.baseAddress!).assumingMemoryBound(to: Int32.self) + index * size
  }

  /// The scales of the columns in a strip and the following ones.
  func scales(_ index: Int) -> UnsafePointer<Float> { UnsafePointer(factors.pointer) + index * Self.width }
  func sums(_ index: Int) -> UnsafePointer<Float> { scales(index) + columns }
}

/// A weight matrix for one direction as 8-bit integers; the other factor is quantised on its way in, row by row.
struct Int8Matrix: PreparedMatrix {
  let inputs: Int, outputs: Int
  private let direction: Direction
  private let form: Lazy<Form>

  /// Strips that are kept, or the matrix from which they are cut during each product.
  private enum Form { case strips(Int8Strips), whole(Int8Cutting) }

  init(_ matrix: WeightMatrix, direction: Direction, lasting: Bool) {
    (inputs, outputs) = direction.ends(of: matrix)
    self.direction = direction
    form = Lazy {
      // Matrices that have to be rounded are rounded only once.
      lasting || matrix.tensor.dtype != .i8
        ? .strips(Int8Strips(matrix, direction: direction)) : .whole(Int8Cutting(matrix, direction: direction))
    }
  }

  func makeReady() { _ = form.value }

  var isArranged: Bool { if case .strips = form.value { true } else { false } }

  /// Threads divide the strips among themselves, as in `Kernels`.
  func multiply(
    _ x: UnsafePointer<Float>, scaledBy factors: ColumnFactors?, rows: Int, into y: UnsafeMutablePointer<Float>,
    epilogue: Epilogue, parallel: Parallel
  ) {
    let form = form.value, count = factors?.count ?? 1, all = count * rows, words = (inputs + 3) / 4
    if case .whole(let cutting) = form, direction == .backward, factors == nil, rows <= fewRows, epilogue.isEmpty {
      return multiplyFew(x, rows: rows, by: cutting, into: y, parallel: parallel)
    }
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
          func multiply(
            _ columns: Range<Int>, _ strip: UnsafePointer<Int32>, _ scales: UnsafePointer<Float>,
            _ sums: UnsafePointer<Float>
          ) {
            var after = epilogue.native(from: columns.lowerBound)
            after.nearly = 1  // the next product rounds the values to integers
            zoo_int8_product(
              bytes, words * 4, own, strip, scales, sums, inputs, all, columns.count, y + columns.lowerBound, outputs,
              &after)
          }
          switch form {
          case .strips(let packed):
            let first = strips.lowerBound
            multiply(columns, packed.strip(first), packed.scales(first), packed.sums(first))
          case .whole(let cutting):
            withScratch(cutting.size + 2 * Int8Strips.width) { scales in
              let sums = scales + Int8Strips.width
              (sums + Int8Strips.width).withMemoryRebound(to: Int32.self, capacity: cutting.size) { strip in
                for index in strips {
                  cutting.cut(index, into: strip, scales: scales, sums: sums)
                  multiply(cutting.columns(of: index), strip, scales, sums)
                }
              }
            }
          }
        }
      }
    }
  }

  /// Multiplies a few rows by the transposed matrix, in f32.
  private func multiplyFew(
    _ x: UnsafePointer<Float>, rows: Int, by cutting: Int8Cutting, into y: UnsafeMutablePointer<Float>,
    parallel: Parallel
  ) {
    parallel.forStrips(outputs, width: Int8Strips.width) { strips, _ in
      for columns in strips.map(cutting.columns) {
        cutting.withFloats(columns) { first, down, _ in
          zoo_few_rows_product(x, first, down, inputs, rows, columns.count, y + columns.lowerBound, outputs)
        }
      }
    }
  }

  func multiplyTransposed(
    _ x: UnsafePointer<Float>, rows: Int, into y: UnsafeMutablePointer<Float>, parallel: Parallel
  ) -> Bool {
    guard case .strips(let packed) = form.value else { return false }
    let words = (inputs + 3) / 4, wide = (outputs + 15) / 16 * 16
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
  /// Distributes the strips of a product's columns: `body` gets some of them and the columns that they contain.
  func forStrips(_ outputs: Int, width: Int, _ body: (_ strips: Range<Int>, _ columns: Range<Int>) -> Void) {
    let strips = (outputs + width - 1) / width, pieces = min(strips, threads)
    forEach(pieces) { piece in
      let own = strips * piece / pieces..<strips * (piece + 1) / pieces
      body(own, own.lowerBound * width..<min(own.upperBound * width, outputs))
    }
  }
}
