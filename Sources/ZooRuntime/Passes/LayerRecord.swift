import CZooKernels
import ZooModels

/// What a forward pass leaves of one block, for all pictures of the pass.
package struct LayerRecord: Sendable {
  package let layer: Int
  package let sequences: Int
  /// Tokens of each sequence.
  package let tokens: Int
  /// `[sequences * tokens, width]`: the block's input; kept where the request asks for it.
  package let input: FloatBuffer?
  let rotary: RotaryTable?
  /// What was added to the scores of attention, if anything.
  let bias: AttentionBias?
  /// `[sequences * tokens, 3 width]`: queries, keys (both rotated where the tower rotates) and values.
  package let qkv: FloatBuffer
  /// `[sequences * tokens, width]`: the block's output tokens. In the last block only the rows that the request asks for are sure to be
  /// there.
  package let output: FloatBuffer
  /// `[sequences, width]`: the mean of the output tokens that the request asks for, where nothing but that was computed of them.
  package let mean: FloatBuffer?
  /// Kept where the request asks for gradients.
  package let trace: BlockTrace?
}

/// One sequence's view of a block that has run: a picture's, or a prompt's.
package struct LayerView: Sendable {
  package let block: Block
  package let record: LayerRecord
  /// The sequence's place in the record.
  package let sequence: Int
  /// The picture's place among those that are explained, which several records may share out.
  package private(set) var picture: Int
  /// Tokens before the patches.
  package let prefix: Int
  /// True where a token sees only those before it.
  package let isCausal: Bool

  /// A picture's view.
  package init(vision: VisionRuntime, record: LayerRecord, sequence: Int, picture: Int) {
    self.init(
      block: vision.blocks[record.layer], record: record, sequence: sequence, picture: picture,
      prefix: vision.tower.prefixTokens, isCausal: false)
  }

  package init(block: Block, record: LayerRecord, sequence: Int, picture: Int = 0, prefix: Int, isCausal: Bool) {
    self.picture = picture
    self.block = block
    self.record = record
    self.sequence = sequence
    self.prefix = prefix
    self.isCausal = isCausal
  }

  /// The same among other pictures, those of one of several that share a pass.
  package func with(picture: Int) -> LayerView {
    var view = self
    view.picture = picture
    return view
  }

  package var layer: Int { record.layer }
  package var shape: Blocks { block.shape }
  package var width: Int { shape.width }
  /// Tokens, the prefix included.
  package var count: Int { record.tokens }
  /// The mean of the wanted rows, where only that was computed of them.
  package var mean: [Float]? {
    record.mean.map { Array(UnsafeBufferPointer(start: $0.pointer + sequence * width, count: width)) }
  }
  /// The block's output tokens, `[count, width]`.
  package var tokens: UnsafePointer<Float> { UnsafePointer(record.output.pointer + sequence * count * width) }
  /// The block's input tokens, `[count, width]`, where they were asked for.
  package var input: UnsafePointer<Float>? {
    record.input.map { UnsafePointer($0.pointer + sequence * count * width) }
  }

  /// A head's queries (0), keys (1) or values (2): `[count, headWidth]` at a stride of `3 * width`.
  package func part(_ part: Int, head: Int) -> UnsafePointer<Float> {
    UnsafePointer(record.qkv.pointer + sequence * count * 3 * width + part * width + head * shape.headWidth)
  }

  /// `[count, count]`: what was added to a head's scores, if anything.
  package func bias(head: Int) -> UnsafePointer<Float>? { record.bias?.pointer(head: head, tokens: count) }

  /// Turns what arrives at rotated queries and keys, `[sequences * count, 3 width]`, back to what arrives before the rotation.
  package func unrotate(_ flow: FloatBuffer, sequences: Int) {
    record.rotary?.apply(to: flow, rows: 0..<sequences * count, tokens: count, shape: shape, backwards: true)
  }

  /// The attention probabilities of some rows of a head, `[rows, count]`, on this thread.
  package func attention(head: Int, rows: Range<Int>, into probabilities: UnsafeMutablePointer<Float>) {
    let queries = part(0, head: head) + rows.lowerBound * 3 * width
    let scale = shape.attentionScale, bias = self.bias(head: head).map { $0 + rows.lowerBound * count }
    gemm(
      queries, rows: rows.count, depth: shape.headWidth, stride: 3 * width, part(1, head: head), transposed: true,
      columns: count, weightStride: 3 * width, into: probabilities, stride: count, adding: false)
    for row in 0..<rows.count {
      let start = probabilities + row * count, seen = isCausal ? rows.lowerBound + row + 1 : count
      if let bias {
        for key in 0..<seen { start[key] = start[key] * scale + bias[row * count + key] }
      }
      zoo_softmax(start, seen, bias == nil ? scale : 1)
      (start + seen).update(repeating: 0, count: count - seen)
    }
  }
}
