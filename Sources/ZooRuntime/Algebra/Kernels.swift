import CZooKernels
import ZooTensors

/// Products by this project's own kernels, on our own threads: the fastest on processors with 512-bit vectors.
///
/// Weights are split into strips of columns, which tiles of the result read in order: on each use, or once if they are kept. In bf16 and int8 both
/// factors are rounded on the way in; results are f32.
package struct Kernels: LinearAlgebra {
  package let precision: Precision
  /// Whether nothing is kept between products: memory does not grow with the model, and each product reads its weights again.
  package let streams: Bool

  /// Creates kernels for products in f32.
  package init(streams: Bool = false) {
    precision = .f32
    self.streams = streams
  }

  /// Nil if the processor does not have native products in this precision. Every processor supports int8, fast or not.
  package init?(precision: Precision) {
    guard precision != .bf16 || zoo_multiplies_bf16() == 1 else { return nil }
    (self.precision, streams) = (precision, false)
  }

  package var exact: any LinearAlgebra { Kernels(streams: streams) }
  package var finer: any LinearAlgebra { precision == .int8 ? Kernels(precision: .bf16) ?? Kernels() : self }
  package var name: String { "own kernels \(precision.rawValue)" }

  package func prepare(_ matrix: WeightMatrix, direction: Direction, lasting: Bool) -> any PreparedMatrix {
    guard precision == .int8 else {
      return StripMatrix(matrix, direction: direction, algebra: self, lasting: lasting && !streams)
    }
    return direction.ends(of: matrix).inputs <= ZOO_INT8_DEPTH
      ? Int8Matrix(matrix, direction: direction, lasting: lasting)
      : finer.prepare(matrix, direction: direction, lasting: lasting)
  }

  package func prepare(_ matrix: WeightMatrix, part: WeightPart, direction: Direction) -> (any PreparedMatrix)? {
    precision == .f32
      ? StripMatrix(matrix, part: part, direction: direction, algebra: self, lasting: false) : nil
  }
}

/// A weight matrix for one direction, in strips of columns.
private struct StripMatrix: PreparedMatrix {
  let inputs: Int, outputs: Int
  private let direction: Direction
  private let bf16: Bool, streams: Bool
  private let part: WeightPart
  private let form: Lazy<Form>

  /// Strips that are kept, or a matrix from which they are made on each use.
  private enum Form { case strips(Strips), whole(WeightMatrix) }

  init(
    _ matrix: WeightMatrix, part: WeightPart = .all, direction: Direction, algebra: Kernels, lasting: Bool
  ) {
    self.part = part
    (inputs, outputs) = direction.ends(of: matrix)
    self.direction = direction
    (bf16, streams) = (algebra.precision == .bf16, algebra.streams)
    form = Lazy {
      // Weights that must be widened before they are rounded are rounded only once.
      lasting || algebra.precision == .bf16 && matrix.tensor.dtype != .f32
        ? .strips(Strips(matrix, direction: direction, precision: algebra.precision)) : .whole(matrix)
    }
  }

  func makeReady() { _ = form.value }

  var isArranged: Bool { if case .strips = form.value { true } else { false } }

  /// Threads divide the strips among themselves: each strip is read, or made, by one thread alone.
  func multiply(
    _ x: UnsafePointer<Float>, scaledBy factors: ColumnFactors?, rows: Int, into y: UnsafeMutablePointer<Float>,
    epilogue: Epilogue, parallel: Parallel
  ) {
    let all = rows * (factors?.count ?? 1)
    switch form.value {
    case .strips(let packed) where bf16:
      withNarrowed(x, by: factors, rows: rows, parallel: parallel) { narrowed, pairs in
        share(parallel) { multiply(narrowed, stride: pairs, rows: all, by: packed, $0, bf16: true, into: y, epilogue) }
      }
    case .strips(let packed):
      withScaled(x, by: factors, rows: rows, parallel: parallel) { x, _ in
        share(parallel) { multiply(x, stride: inputs, rows: all, by: packed, $0, bf16: false, into: y, epilogue) }
      }
    case .whole(let matrix) where direction == .backward && all <= fewRows && epilogue.isEmpty && part == .all:
      withScaled(x, by: factors, rows: rows, parallel: parallel) { x, _ in
        share(parallel) { multiplyFew(x, rows: all, by: matrix, $0, into: y) }
      }
    case .whole(let matrix) where bf16:
      withNarrowed(x, by: factors, rows: rows, parallel: parallel) { narrowed, pairs in
        share(parallel) { multiply(narrowed, stride: pairs, rows: all, cutting: matrix, $0, into: y, epilogue) }
      }
    case .whole(let matrix):
      withScaled(x, by: factors, rows: rows, parallel: parallel) { x, _ in
        share(parallel) { multiply(x, stride: inputs, rows: all, cutting: matrix, $0, into: y, epilogue) }
      }
    }
    if streams, case .whole(let matrix) = form.value { matrix.release() }
  }

  func multiplyTransposed(
    _ x: UnsafePointer<Float>, rows: Int, into y: UnsafeMutablePointer<Float>, parallel: Parallel
  ) -> Bool {
    guard case .strips(let packed) = form.value else { return false }
    let steps = bf16 ? (inputs + 1) / 2 : inputs, width = (outputs + 15) / 16 * 16, columns = bf16 ? 2 * steps : inputs
    withPaddedRows(x, rows: rows, of: outputs, to: width, into: y, of: inputs, from: columns) { padded, result in
      let pieces = steps < 256 ? 1 : parallel.threads
      parallel.forEach(pieces) { piece in
        zoo_transposed_product(
          padded, width, packed.strip(0), steps, steps * piece / pieces, steps * (piece + 1) / pieces, rows, outputs,
          bf16 ? 1 : 0, result, columns)
      }
    }
    return true
  }

  /// The rows of x `[rows, inputs]`, or with factors of `[factors, rows, inputs]`, rounded to pairs, and the number of pairs in a row.
  private func withNarrowed(
    _ x: UnsafePointer<Float>, by factors: ColumnFactors?, rows: Int, parallel: Parallel,
    _ body: (UnsafePointer<Float>, Int) -> Void
  ) {
    let pairs = (inputs + 1) / 2, count = factors?.count ?? 1
    withScratch(count * rows * pairs) { narrowed in
      parallel.forRanges(rows, atLeast: 16) { range in
        narrowed.withMemoryRebound(to: UInt16.self, capacity: count * rows * pairs * 2) { target in
          for index in 0..<count {
            zoo_narrow_rows(
              x + range.lowerBound * inputs, factors.map { $0.pointer + index * inputs }, range.count, inputs,
              target + (index * rows + range.lowerBound) * pairs * 2, 2 * pairs)
          }
        }
      }
      body(narrowed, pairs)
    }
  }

  /// Distributes the strips.
  private func share(_ parallel: Parallel, _ body: (Range<Int>) -> Void) {
    parallel.forStrips(outputs, width: Strips.width) { strips, _ in body(strips) }
  }

  /// On this thread: a few rows times the columns of some strips, read in place.
  private func multiplyFew(
    _ x: UnsafePointer<Float>, rows: Int, by matrix: WeightMatrix, _ strips: Range<Int>,
    into y: UnsafeMutablePointer<Float>
  ) {
    let columns = columns(of: strips), floats = matrix.floats
    zoo_few_rows_product(
      x, floats.pointer + columns.lowerBound, outputs, inputs, rows, columns.count, y + columns.lowerBound, outputs)
    withExtendedLifetime(floats) {}  // Another thread may release the matrix meanwhile.
  }

  /// On this thread: x times some strips, each made when needed.
  private func multiply(
    _ x: UnsafePointer<Float>, stride: Int, rows: Int, cutting matrix: WeightMatrix, _ strips: Range<Int>,
    into y: UnsafeMutablePointer<Float>, _ epilogue: Epilogue
  ) {
    let columns = columns(of: strips)
    // Kept alive to the end: another thread may release the matrix meanwhile. A stream widens no more than a strip.
    let whole = streams && direction == .forward ? nil : matrix.floats
    defer { withExtendedLifetime(whole) {} }
    let cutting = Cutting(matrix, direction: direction)
    withScratch(Strips.width * inputs) { strip in
      for start in Swift.stride(from: columns.lowerBound, to: columns.upperBound, by: Strips.width) {
        let end = min(start + Strips.width, outputs)
        if let whole {
          cutting.cut(whole.pointer, columns: start..<end, bf16: bf16, into: strip)
        } else {
          let part = matrix.rows(start..<end)
          cutting.cut(part.pointer, columns: 0..<end - start, bf16: bf16, into: strip)
          withExtendedLifetime(part) {}
        }
        if part != .all { zoo_parts(strip, part.kernel, strip, Strips.width * inputs) }
        var after = epilogue.native(from: start)
        zoo_strip_product(x, stride, strip, inputs, rows, end - start, bf16 ? 1 : 0, y + start, outputs, &after)
      }
    }
  }

  /// On this thread: x times some strips that are kept.
  private func multiply(
    _ x: UnsafePointer<Float>, stride: Int, rows: Int, by packed: Strips, _ strips: Range<Int>, bf16: Bool,
    into y: UnsafeMutablePointer<Float>, _ epilogue: Epilogue
  ) {
    let columns = columns(of: strips)
    var after = epilogue.native(from: columns.lowerBound)
    zoo_strip_product(
      x, stride, packed.strip(strips.lowerBound), inputs, rows, columns.count, bf16 ? 1 : 0, y + columns.lowerBound,
      outputs, &after)
  }

  private func columns(of strips: Range<Int>) -> Range<Int> {
    strips.lowerBound * Strips.width..<min(strips.upperBound * Strips.width, outputs)
  }
}
