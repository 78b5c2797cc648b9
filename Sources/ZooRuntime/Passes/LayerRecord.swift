import CZooKernels
import ZooModels

/// The record of one block from a forward pass, for all pictures of the pass.
package struct LayerRecord: Sendable {
  package let layer: Int
  package let sequences: Int
  /// The number of tokens in each sequence.
  package let tokens: Int
  /// `[sequences * tokens, width]`: the block's input; kept if requested.
  package let input: FloatBuffer?
  let rotary: RotaryTable?
  /// What was added to the scores of attention, if anything.
  let bias: AttentionBias?
  /// `[sequences * tokens, 3 width]`: queries, keys (both rotated if the tower uses rotary positions) and values.
  package let qkv: FloatBuffer
  /// `[sequences * tokens, width]`: the block's output tokens. In the last block only the requested rows are guaranteed to be there.
  package let output: FloatBuffer
  /// `[sequences, width]`: the mean of the requested output tokens, if only that was computed.
  package let mean: FloatBuffer?
  /// Kept if gradients are requested.
  package let trace: BlockTrace?
}

/// The view of one sequence, a picture or a prompt, in a block that has run.
package struct LayerView: Sendable {
  package let block: Block
  package let record: LayerRecord
  /// The sequence's index in the record.
  package let sequence: Int
  /// The picture's index among those that are explained, which may be spread over several records.
  package private(set) var picture: Int
  /// The number of tokens before the patches.
  package let prefix: Int
  /// Whether a token attends only to itself and those before it.
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

  /// The same view with another index, for the pictures of one of several jobs that share a pass.
  package func with(picture: Int) -> LayerView {
    var view = self
    view.picture = picture
    return view
  }

  package var layer: Int { record.layer }
  package var shape: Blocks { block.shape }
  package var width: Int { shape.width }
  /// The number of tokens, including the prefix.
  package var count: Int { record.tokens }
  /// The mean of the requested rows, if only that was computed.
  package var mean: [Float]? {
    record.mean.map { Array(UnsafeBufferPointer(start: $0.pointer + sequence * width, count: width)) }
  }
  /// The block's output tokens, `[count, width]`.
  package var tokens: UnsafePointer<Float> { UnsafePointer(record.output.pointer + sequence * count * width) }
  /// The block's input tokens, `[count, width]`, if they were requested.
  package var input: UnsafePointer<Float>? {
    record.input.map { UnsafePointer($0.pointer + sequence * count * width) }
  }

  /// A head's queries (0), keys (1) or values (2): `[count, headWidth]` at a stride of `3 * width`.
  package func part(_ part: Int, head: Int) -> UnsafePointer<Float> {
    UnsafePointer(record.qkv.pointer + sequence * count * 3 * width + part * width + head * shape.headWidth)
  }

  /// `[count, count]`: what was added to a head's scores, if anything.
  package func bias(head: Int) -> UnsafePointer<Float>? { record.bias?.pointer(head: head, tokens: count) }

  /// Converts gradients with respect to rotated queries and keys, `[sequences * count, 3 width]`, to those before the rotation.
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
