import CZooKernels
import ZooImages
import ZooModels
import ZooTensors

/// Convolutions before the patch embedding whose kernels do not overlap (MobileCLIP), each with a batch norm, which is folded
/// into its weights, and GELU.
///
/// A kernel that is its own stride is a linear map on a cell's values. Cells are kept so that the cells of one larger cell lie side by
/// side: each convolution then is one matrix product on the rows that the last one left.
struct ConvolutionStem: Sendable {
  /// timm's epsilon of its batch norms.
  private static let eps: Float = 1e-5
  private let steps: [Linear]
  private let shape: StemShape

  init(_ weights: Weights, shape: StemShape) throws {
    self.shape = shape
    steps = try (0..<shape.kernels.count - 1).map { index in
      let name = "vision.stem.\(index)"
      let kernel = try weights.vector("\(name).weight")
      var weight = index == 0 ? kernel.array : cellMajor(kernel)
      let norm = try ["weight", "bias", "mean", "variance"].map { try weights.vector("\(name).norm.\($0)").array }
      let inputs = weight.count / shape.width
      var bias = norm[1]
      for channel in 0..<shape.width {
        let gain = norm[0][channel] / (norm[3][channel] + Self.eps).squareRoot()
        for k in 0..<inputs { weight[channel * inputs + k] *= gain }
        bias[channel] -= norm[2][channel] * gain
      }
      return linear(
        weight, outputs: shape.width, bias: FloatView(Tensor(bias, shape: [shape.width])), algebra: weights.algebra)
    }
  }

  /// The last convolution, which makes the patch tokens from what `forward` gives.
  static func patch(_ weights: Weights, bias: Bool) throws -> Linear {
    let weight = try weights.vector("vision.patch.weight")
    return linear(
      cellMajor(weight), outputs: weight.shape[0], bias: bias ? try weights.vector("vision.patch.bias") : nil,
      algebra: weights.algebra)
  }

  /// `[patches, inputs of the patch embedding]`.
  func forward(_ picture: PixelTensor, grid: GridSize, patch: Int, engine: Engine) -> FloatBuffer {
    let cells = cellOffsets
    var values = gatherCells(
      picture, grid: grid, patch: patch, side: shape.kernels[0], offsets: cells, parallel: engine.parallel)
    var count = cells.count
    for (index, step) in steps.enumerated() {
      let rows = grid.count * count, result = FloatBuffer(rows * shape.width)
      step.forward(
        values.pointer, rows: rows, into: result.pointer, epilogue: Epilogue(activation: .gelu),
        parallel: engine.parallel)
      values = result
      count /= shape.kernels[index + 1] * shape.kernels[index + 1]
    }
    return values
  }

  /// The corners of the smallest cells of a patch, so that those of one larger cell follow one another.
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

/// A convolution's weights `[out, in, y, x]` as `[out, y, x, in]`, the order in which cells lie.
private func cellMajor(_ weight: FloatView) -> [Float] {
  let values = weight.array, outputs = weight.shape[0], inputs = weight.shape[1]
  let cells = weight.shape[2] * weight.shape[3]
  return (0..<outputs).flatMap { output in
    (0..<cells).flatMap { cell in (0..<inputs).map { values[(output * inputs + $0) * cells + cell] } }
  }
}

/// Square cells of every patch as rows `[patches * offsets, 3 * side * side]` of channel, row, column. Offsets are the corners of
/// a patch's cells.
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

private func linear(
  _ weight: [Float], outputs: Int, bias: FloatView?, algebra: any LinearAlgebra
) -> Linear {
  Linear(weight: Tensor(weight, shape: [outputs, weight.count / outputs]), bias: bias, algebra: algebra)
}
