import ZooModels

/// The buffers for a tower's blocks: sequences of tokens, one after the other.
package final class BlockWork {
  /// The rows of each sequence.
  package let spans: [Range<Int>]
  /// The number of tokens of the longest sequence; if attention uses positions, of every sequence.
  package let tokens: Int
  /// `[rows, width]`: the residual stream.
  package let x: FloatBuffer
  let normed: FloatBuffer
  let mixed: FloatBuffer
  /// `[rows, 3 width]`: the queries, keys and values of the block that ran last.
  package private(set) var qkv: FloatBuffer
  let hidden: FloatBuffer
  let gate: FloatBuffer?
  /// `[rows, width]`: the gate of attention's output, before the sigmoid.
  let attentionGate: FloatBuffer?
  /// The rotation of the next block.
  var rotary: RotaryTable?
  /// `[sequences, width]`: the mean of some of the block's output tokens, if only that was computed.
  package internal(set) var mean: FloatBuffer?

  package var sequences: Int { spans.count }
  package var rows: Int { spans.last?.upperBound ?? 0 }

  convenience init(sequences: Int, tokens: Int, shape: Blocks, rotary: RotaryTable? = nil) {
    self.init(lengths: Array(repeating: tokens, count: sequences), shape: shape, rotary: rotary)
  }

  init(lengths: [Int], shape: Blocks, rotary: RotaryTable? = nil) {
    var rows = 0
    spans = lengths.map { length in
      defer { rows += length }
      return rows..<rows + length
    }
    tokens = lengths.max() ?? 0
    self.rotary = rotary
    attentionGate = shape.attentionGate ? FloatBuffer(uninitialised: rows * shape.width) : nil
    gate = shape.gated ? FloatBuffer(uninitialised: rows * shape.mlpWidth) : nil
    x = FloatBuffer(uninitialised: rows * shape.width)
    normed = FloatBuffer(uninitialised: rows * shape.width)
    mixed = FloatBuffer(uninitialised: rows * shape.width)
    qkv = FloatBuffer(uninitialised: rows * shape.width * 3)
    hidden = FloatBuffer(uninitialised: rows * shape.mlpWidth)
  }

  /// Hands over the queries, keys and values of the last block that ran; the next block writes to new memory.
  func takeQKV() -> FloatBuffer {
    defer { qkv = FloatBuffer(uninitialised: qkv.count) }
    return qkv
  }
}

/// What gradients need from a block's forward pass on their way from its output to the output of its attention.
package final class BlockTrace: Sendable {
  /// The number of rows in each sequence.
  package let tokens: Int
  /// `[rows, width]`: Y, the residual stream between attention and MLP, with the means and inverse deviations of its rows; not in blocks whose norms
  /// come later.
  package let middle: FloatBuffer
  package let mean: FloatBuffer
  package let inverse: FloatBuffer
  /// `[rows, mlpWidth]`: the derivative of the hidden values with respect to the output of `fc1`.
  package let derivative: FloatBuffer
  /// `[rows, mlpWidth]`: the derivative times the distance of its argument from `FoldedMatrices.centre`, if gradients are to pass through the folded
  /// matrices.
  package let moment: FloatBuffer?
  /// `[rows, mlpWidth]`: the derivative with respect to the output of the gate.
  package let gateDerivative: FloatBuffer?
  /// The norms inside the branches, for blocks that have them.
  package let attentionNorm: NormTrace?
  package let mlpNorm: NormTrace?
  package let mlpInputNorm: NormTrace?
  package let postNorm1: NormTrace?
  package let postNorm2: NormTrace?

  init(sequences: Int, tokens: Int, shape: Blocks, folded: Bool) {
    let rows = sequences * tokens
    self.tokens = tokens
    middle = FloatBuffer(uninitialised: shape.normFirst ? rows * shape.width : 0)
    mean = FloatBuffer(uninitialised: rows)
    inverse = FloatBuffer(uninitialised: rows)
    derivative = FloatBuffer(uninitialised: rows * shape.mlpWidth)
    moment = folded ? FloatBuffer(uninitialised: rows * shape.mlpWidth) : nil
    gateDerivative = shape.gated ? FloatBuffer(uninitialised: rows * shape.mlpWidth) : nil
    func norm(_ exists: Bool, _ width: Int) -> NormTrace? { exists ? NormTrace(rows: rows, width: width) : nil }
    attentionNorm = norm(shape.attentionNorm, shape.width)
    mlpNorm = norm(shape.mlpNorm, shape.mlpWidth)
    mlpInputNorm = norm(shape.mlpInputNorm, shape.width)
    postNorm1 = norm(!shape.normFirst, shape.width)
    postNorm2 = norm(!shape.normFirst, shape.width)
  }
}
