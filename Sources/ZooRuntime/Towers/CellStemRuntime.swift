import ZooImages
import ZooModels

/// Convolutions before the patch embedding whose kernels do not overlap (MobileCLIP), each with a batch norm, which is folded into its weights, and
/// GELU.
///
/// A kernel whose stride is its size is a linear map on a cell's values. Cells are ordered so that the cells of one larger cell are contiguous: each
/// convolution is then one matrix product on the rows from the previous one.
struct CellStemRuntime: ConvolutionalStem {
  /// The epsilon of timm's batch norms.
  private static let eps: Float = 1e-5
  let linears: [Linear]
  private let shape: CellStem
  private let patch: Int

  init(_ weights: Weights, shape: CellStem, patch: Int) throws {
    (self.shape, self.patch) = (shape, patch)
    linears = try (0..<shape.kernels.count - 1).map { index in
      try weights.foldedConvolution("vision.stem.\(index)", eps: Self.eps, channelsFirst: index == 0)
    }
  }

  /// The last convolution, which computes the patch tokens from the output of `forward`.
  static func patch(_ weights: Weights, bias: Bool) throws -> Linear {
    try weights.convolution("vision.patch", bias: bias)
  }

  func forward(_ picture: PixelTensor, grid: GridSize, engine: Engine) -> FloatBuffer {
    let cells = cellOffsets
    var values = gatherCells(
      picture, grid: grid, patch: patch, side: shape.kernels[0], offsets: cells, parallel: engine.parallel)
    var count = cells.count
    for (index, step) in linears.enumerated() {
      let rows = grid.count * count, result = FloatBuffer(rows * shape.width)
      step.forward(
        values.pointer, rows: rows, into: result.pointer, epilogue: Epilogue(activation: .gelu),
        parallel: engine.parallel)
      values = result
      count /= shape.kernels[index + 1] * shape.kernels[index + 1]
    }
    return values
  }

  /// The corners of the smallest cells of a patch, ordered so that those of one larger cell are consecutive.
  private var cellOffsets: [(y: Int, x: Int)] {
    var offsets = [(y: 0, x: 0)]
    for level in shape.kernels.indices.dropFirst().reversed() {
      let side = shape.kernels[..<level].reduce(1, *), kernel = shape.kernels[level]
      offsets = offsets.flatMap { corner in
        (0..<kernel * kernel).map { (corner.y + $0 / kernel * side, corner.x + $0 % kernel * side) }
      }
    }
    return offsets
  }
}

/// Square cells of every patch as rows `[patches * offsets, 3 * side * side]` of channel, row, column. Offsets are the corners of a patch's cells.
func gatherCells(
  _ picture: PixelTensor, grid: GridSize, patch: Int, side: Int, offsets: [(y: Int, x: Int)], parallel: Parallel
) -> FloatBuffer {
  let length = 3 * side * side
  let cells = FloatBuffer(grid.count * offsets.count * length)
  picture.values.withUnsafeBufferPointer { pixels in
    guard let pixels = pixels.baseAddress else { return }
    parallel.forRanges(grid.height) { rows in
      for row in rows {
        var target = cells.pointer + row * grid.width * offsets.count * length
        for column in 0..<grid.width {
          for offset in offsets {
            let top = row * patch + offset.y, left = column * patch + offset.x
            for line in 0..<3 * side {
              let y = line / side * picture.height + top + line % side
              target.update(from: pixels + y * picture.width + left, count: side)
              target += side
            }
          }
        }
      }
    }
  }
  return cells
}
