import ZooModels

/// A prompt that has run through a text tower, with the records of its last blocks.
package struct KeptPrompt: Sendable {
  /// The number of tokens up to the pooled one, or of all tokens if they attend to later ones.
  package let tokens: Int
  /// The token that represents the prompt.
  package let place: Int
  package let records: [LayerRecord]
  /// `[tokens, width]`
  let output: FloatBuffer
}

extension TextRuntime {
  /// Runs one prompt and keeps the records of the blocks from `first` on.
  package func keep(_ prompt: [Int32], from first: Int, engine: Engine) -> KeptPrompt {
    let request = PassRequest(
      layers: first..<blocks.count, parts: [.tokens, .gradients, .inputs], lifetime: .pass)
    var records: [LayerRecord] = []
    let work = forward([prompt], engine: engine, request: request, keep: { records.append($0) })
    return KeptPrompt(tokens: work.tokens, place: pooledPlace(prompt), records: records, output: work.x)
  }

  /// `[tokens, width]`: the gradient of the cosine with a unit vector with respect to the last block's tokens.
  package func gradient(_ prompt: KeptPrompt, direction: [Float]) -> FloatBuffer {
    let width = tower.blocks.width, flow = FloatBuffer(prompt.tokens * width)
    let row = Array(UnsafeBufferPointer(start: prompt.output.pointer + prompt.place * width, count: width))
    let gradient = gradients(
      beforeNorm: row, directions: [direction], score: .cosine, parallel: Parallel(threads: 1))
    (flow.pointer + prompt.place * width).update(from: gradient, count: width)
    return flow
  }

  /// A view of a block's record for a backward pass.
  package func view(_ record: LayerRecord) -> LayerView {
    LayerView(block: blocks[record.layer], record: record, sequence: 0, prefix: 0, isCausal: tower.causal)
  }
}
