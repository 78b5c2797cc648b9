import CZooKernels
import ZooTensors

/// The columns of a matrix as 8-bit integers for one direction. Each column has its own scale.
struct Int8Cutting: Sendable {
  let inputs: Int, outputs: Int
  private let matrix: WeightMatrix
  private let direction: Direction
  /// Nil if the integers of the file are used.
  private let floats: FloatView?

  init(_ matrix: WeightMatrix, direction: Direction) {
    (self.matrix, self.direction) = (matrix, direction)
    (inputs, outputs) = direction.ends(of: matrix)
    // Not `matrix.floats`, which would keep the widened copy.
    floats = matrix.scales == nil ? matrix.unkept : nil
  }

  var strips: Int { (outputs + Int8Strips.width - 1) / Int8Strips.width }
  /// The number of words in a strip.
  var size: Int { (inputs + 3) / 4 * Int8Strips.width }

  func columns(of strip: Int) -> Range<Int> {
    strip * Int8Strips.width..<min((strip + 1) * Int8Strips.width, outputs)
  }

  /// Writes a strip, with the scales of its columns and the sums of their integers; there is room for `Int8Strips.width` of each.
  func cut(
    _ index: Int, into strip: UnsafeMutablePointer<Int32>, scales: UnsafeMutablePointer<Float>,
    sums: UnsafeMutablePointer<Float>
  ) {
    let columns = columns(of: index)
    scales.update(repeating: 0, count: Int8Strips.width)
    withIntegers(columns, scales: scales) { rows in
      zoo_int8_pack_rows(rows, inputs, inputs, columns.count, strip, sums)
    }
  }

  /// Passes some columns as rows of integers, `[columns, inputs]`, and writes their scales.
  func withIntegers(
    _ columns: Range<Int>, scales: UnsafeMutablePointer<Float>, _ body: (_ rows: UnsafePointer<Int8>) -> Void
  ) {
    if direction == .forward, let own = matrix.scales, let bytes = matrix.tensor.data.bytes.baseAddress {
      scales.update(from: own.pointer + columns.lowerBound, count: columns.count)
      return body(bytes.assumingMemoryBound(to: Int8.self) + columns.lowerBound * inputs)
    }
    withFloats(columns) { first, down, across in
      withScratch(inputs + (inputs * columns.count + 3) / 4) { scratch in
        (scratch + inputs).withMemoryRebound(to: Int8.self, capacity: inputs * columns.count) { rows in
          zoo_int8_columns(first, down, across, inputs, columns.count, scratch, rows, scales)
          body(rows)
        }
      }
    }
  }

  /// Passes some columns as f32; their element (k, n) is at `k * down + n * across` from the first.
  func withFloats(_ columns: Range<Int>, _ body: (_ first: UnsafePointer<Float>, _ down: Int, _ across: Int) -> Void) {
    let cutting = Cutting(matrix, direction: direction)
    if let floats {
      return withExtendedLifetime(floats) {
        body(floats.pointer + columns.lowerBound * cutting.across, cutting.down, cutting.across)
      }
    }
    guard direction == .backward, let scales = matrix.scales, let bytes = matrix.tensor.data.bytes.baseAddress else {
      preconditionFailure("integers are cut as they are for products forwards")
    }
    withScratch(inputs * columns.count) { widened in
      let source = bytes.assumingMemoryBound(to: Int8.self) + columns.lowerBound
      zoo_int8_widen(source, outputs, scales.pointer, inputs, columns.count, widened)
      body(widened, columns.count, 1)
    }
  }
}
