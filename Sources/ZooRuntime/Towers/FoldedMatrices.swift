import CZooKernels
import ZooModels
import ZooTensors

/// The backward pass from the MLP's hidden values through LN2 and the attention's output matrix, as one matrix.
///
/// For a row with gradients `g` `[mlpWidth]` at the output of `fc1` and `c` at the block's output, the gradient at the attention's output is
/// `r = (s1 * (c + J_LN2^T (g W1))) Wo`. With `A` the rows of `W1 * gain` minus their means, `xh` the row normalised by LN2, and `inv` its inverse
/// deviation, this is `(s1 * c) Wo + inv * (g F - t (s1 * xh) Wo)`, where `F = A diag(s1) Wo` and
/// `t = (g A) . xh / width`. The scalar t needs no matrix product: `A xh` is the output of `fc1` minus bias and centre.
package struct FoldedMatrices: Sendable {
  /// `F`, from `mlpWidth` to the width of the attention's output.
  package let matrix: any PreparedMatrix
  /// `[mlpWidth]`: W1 times LN2's offset.
  package let centre: FloatBuffer

  /// - Parameters:
  ///   - norm: LN2, which comes before `fc1`.
  ///   - scale: s1, which follows `out`.
  init(fc1: Linear, norm: Norm, scale: FloatView?, out: Linear) {
    let first = fc1.weight, last = out.weight, (width, hidden, attended) = (fc1.inputs, fc1.outputs, out.inputs)
    centre = FloatBuffer(uninitialised: hidden)
    let centred = MemoryBlock(byteCount: hidden * width * MemoryLayout<Float>.stride)
    let rows = centred.bytes.bindMemory(to: Float.self).baseAddress!
    for k in 0..<hidden {
      let source = first.pointer + k * width, row = rows + k * width
      centre.pointer[k] = zoo_dot(source, norm.bias.pointer, width)
      let mean = zoo_dot(source, norm.weight.pointer, width) / Float(width)
      zoo_scale_columns(source, norm.weight.pointer, row, 1, width)
      for j in 0..<width { row[j] -= mean }
    }
    // F^T = (diag(s1) Wo)^T A^T
    let folded = MemoryBlock(byteCount: attended * hidden * MemoryLayout<Float>.stride)
    withScratch(attended * width) { scaled in
      for k in 0..<width {
        let factor = scale.map { $0.pointer[k] } ?? 1
        for j in 0..<attended { scaled[j * width + k] = last.pointer[k * attended + j] * factor }
      }
      fc1.algebra.exact.prepare(Self.matrix(centred, [hidden, width]), direction: .forward, lasting: false).multiply(
        scaled, scaledBy: nil, rows: attended, into: folded.bytes.bindMemory(to: Float.self).baseAddress!,
        epilogue: .none, parallel: Parallel(threads: 1))
    }
    matrix = fc1.algebra.prepare(Self.matrix(folded, [attended, hidden]), direction: .forward, lasting: true)
    matrix.makeReady()
    for linear in [fc1, out] { linear.release() }
  }

  private static func matrix(_ block: MemoryBlock, _ shape: [Int]) -> WeightMatrix {
    WeightMatrix(
      Tensor(dtype: .f32, shape: shape, data: ByteView(UnsafeRawBufferPointer(block.bytes), owner: block)))
  }
}

extension Blocks {
  /// Whether there is only `fc1`, LN2 and a scale between the hidden values and the attention's output matrix.
  var canFold: Bool { normFirst && !gated && !mlpNorm && !mlpInputNorm }

  /// Whether gradients of so many prompts pass through `FoldedMatrices` in a packed model: for a single one, its moments cost as much as it saves.
  package func folds(prompts: Int) -> Bool { canFold && prompts > 1 }
}
