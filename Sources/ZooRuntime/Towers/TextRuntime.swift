import CZooKernels
import ZooModels

/// The text tower of a loaded model.
package final class TextRuntime: Projecting, Sendable {
  package let tower: TextTower
  let tokens: FloatView
  let positions: FloatView
  let classToken: FloatView?
  let blocks: [Block]
  package let norm: Norm
  package let projection: Linear?

  init(_ weights: Weights, tower: TextTower) throws {
    self.tower = tower
    tokens = try weights.vector("text.tokens")
    positions = try weights.vector("text.positions")
    classToken = tower.pooling == .classToken ? try weights.vector("text.class_token") : nil
    let shape = tower.blocks
    blocks = try (0..<shape.layers).map { try Block(weights, tower: "text", layer: $0, shape: shape) }
    norm = try weights.norm("text.norm", eps: shape.normEps)
    projection = try weights.projection("text.projection", tower.projection)
  }

  /// Runs prompts of token ids, `[prompts][contextLength]`. `observe` gets the stream before the first block (as layer
  /// -1) and after each. Returns the buffers, with the last block's tokens in `x`; where `places` are given, only those of
  /// each prompt. `keep` gets the records that the request names; they last.
  package func forward(
    _ prompts: [[Int32]], engine: Engine, length: Int, places: [Int]? = nil, request: PassRequest = .embedding,
    keep: (LayerRecord) -> Void = { _ in }, observe: (Int, BlockWork) -> Void = { _, _ in }
  ) -> BlockWork {
    let width = tower.blocks.width, count = length + (classToken == nil ? 0 : 1)
    let work = BlockWork(sequences: prompts.count, tokens: count, shape: tower.blocks)
    for (index, prompt) in prompts.enumerated() {
      let start = work.x.pointer + index * count * width
      for (place, id) in prompt.prefix(length).enumerated() {
        (start + place * width).update(from: tokens.pointer + Int(id) * width, count: width)
      }
      if let classToken { (start + length * width).update(from: classToken.pointer, count: width) }
      zoo_add_residual(start, positions.pointer, nil, nil, count, width)
    }
    observe(-1, work)
    let mask: AttentionMask =
      if classToken != nil {
        .causalWithClassToken(visible: prompts.map(visibleTokens))
      } else if tower.causal {
        .causal
      } else {
        .none
      }
    for (layer, block) in blocks.enumerated() {
      if request.layers.contains(layer) {
        let input = work.x.copy(), shape = tower.blocks
        let trace = BlockTrace(sequences: work.sequences, tokens: count, shape: shape, folded: false)
        block.forward(work, trace: trace, mask: mask, engine: engine)
        keep(
          LayerRecord(
            layer: layer, sequences: work.sequences, tokens: count, input: input, rotary: nil, qkv: work.takeQKV(),
            output: work.x.copy(), mean: nil, trace: trace))
      } else if let places, layer == blocks.count - 1, classToken == nil {
        block.forward(work, at: places, causal: tower.causal, engine: engine)
      } else {
        block.forward(work, trace: nil, mask: mask, engine: engine)
      }
      observe(layer, work)
      block.unmap()  // No other prompts may come.
    }
    return work
  }

  /// The embedding of each prompt, `[prompts][embedding]`, not normalised.
  package func encode(_ prompts: [[Int32]], engine: Engine) -> [[Float]] {
    // Tokens after the last one that a causal tower pools change nothing.
    let places = prompts.map(pooledPlace)
    let causal = tower.causal && classToken == nil
    let length = causal ? places.max().map { $0 + 1 } ?? 0 : tower.contextLength
    let work = forward(prompts, engine: engine, length: length, places: places)
    let width = tower.blocks.width
    return prompts.indices.map { index in
      let row = work.x.pointer + (index * work.tokens + places[index]) * width
      var normed = [Float](repeating: 0, count: width)
      norm.apply(row, rows: 1, into: &normed, parallel: Parallel(threads: 1))
      guard let projection else { return normed }
      var result = [Float](repeating: 0, count: projection.outputs)
      projection.forward(normed, rows: 1, into: &result, parallel: Parallel(threads: 1))
      return result
    }
  }

  /// Gives the memory of the matrices back until they are used again.
  func release() { blocks.forEach { $0.release() } }

  /// Which position stands for a prompt. Without an end token it is the first one, as in open_clip.
  func pooledPlace(_ prompt: [Int32]) -> Int {
    switch tower.pooling {
    case .argmax: prompt.firstIndex(of: prompt.max() ?? 0) ?? 0
    case .endOfText(let id): prompt.firstIndex(of: Int32(id)) ?? 0
    case .last: tower.contextLength - 1
    case .classToken: tower.contextLength
    }
  }

  /// CoCa's padding mask is one position late, as in its training: the first token, and each that follows a token that is
  /// not padding. The class token itself is seen only after a full prompt.
  private func visibleTokens(_ prompt: [Int32]) -> [Int] {
    [0] + prompt.indices.filter { prompt[$0] != 0 }.map { $0 + 1 }
  }
}
