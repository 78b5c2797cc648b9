import CZooKernels
import ZooTensors

/// How a matrix `[out, in]` is read for one direction: its element (k, n) is at `k * down + n * across`.
struct Cutting {
  let depth: Int, down: Int, across: Int

  init(_ matrix: WeightMatrix, direction: Direction) {
    depth = direction.ends(of: matrix).inputs
    (down, across) = direction == .forward ? (1, matrix.inputs) : (matrix.inputs, 1)
  }

  func cut(_ matrix: UnsafePointer<Float>, columns: Range<Int>, bf16: Bool, into strip: UnsafeMutablePointer<Float>) {
    zoo_pack_strip(
      matrix + columns.lowerBound * across, down, across, depth, columns.count, bf16 ? 1 : 0, strip)
  }
}

/// A copy of a matrix in strips of columns, for one direction.
final class Strips: Sendable {
  static var width: Int { zoo_strip_width() }

  private let block: MemoryBlock
  /// The size of a strip in floats.
  private let size: Int

  /// Releases the original's memory if it can be read again.
  init(_ matrix: WeightMatrix, direction: Direction, precision: Precision) {
    let (inputs, outputs) = direction.ends(of: matrix), width = Self.width, strips = (outputs + width - 1) / width
    size = (precision == .bf16 ? (inputs + 1) / 2 : inputs) * width
    block = MemoryBlock(byteCount: strips * size * MemoryLayout<Float>.stride)
    // Not `matrix.floats`, which would keep the widened copy.
    let source = matrix.unkept, cutting = Cutting(matrix, direction: direction)
    let target = block.bytes.bindMemory(to: Float.self).baseAddress!
    for index in 0..<strips {
      cutting.cut(
        source.pointer, columns: index * width..<min((index + 1) * width, outputs), bf16: precision == .bf16,
        into: target + index * size)
    }
    withExtendedLifetime(source) {}
    matrix.tensor.data.release()
  }

  func strip(_ index: Int) -> UnsafePointer<Float> {
    UnsafeRawPointer(block.bytes.baseAddress!).assumingMemoryBound(to: Float.self) + index * size
  }
}

/// Rows for kernels that read and write whole vectors: `body` gets a copy of `x` `[rows, inputs]` whose rows are padded with zeros,
/// `[rows, paddedInputs]`, and room for `[rows, paddedOutputs]`, from which the valid columns are copied to `y` `[rows, outputs]`.
func withPaddedRows(
  _ x: UnsafePointer<Float>, rows: Int, of inputs: Int, to paddedInputs: Int, into y: UnsafeMutablePointer<Float>,
  of outputs: Int, from paddedOutputs: Int,
  _ body: (_ padded: UnsafeMutablePointer<Float>, _ result: UnsafeMutablePointer<Float>) -> Void
) {
  withScratch(rows * (paddedInputs + paddedOutputs)) { padded in
    let result = padded + rows * paddedInputs
    for row in 0..<rows {
      (padded + row * paddedInputs).update(from: x + row * inputs, count: inputs)
      (padded + row * paddedInputs + inputs).update(repeating: 0, count: paddedInputs - inputs)
    }
    body(padded, result)
    for row in 0..<rows { (y + row * outputs).update(from: result + row * paddedOutputs, count: outputs) }
  }
}
