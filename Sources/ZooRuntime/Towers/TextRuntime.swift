import CZooKernels
import ZooModels

/// The text tower of a loaded model.
package final class TextRuntime: Projecting, Sendable {
  package let tower: TextTower
  let embedding: TextEmbeddingRuntime
  let blocks: [Block]
  package let norm: Norm
  /// `[buckets, heads]`
  private let relativeBias: FloatView?
  private let pooler: TextPooler?
  /// The first of two maps, which GELU follows.
  private let firstProjection: Linear?
  package let projection: Linear?

  init(_ weights: Weights, tower: TextTower) throws {
    self.tower = tower
    embedding = try TextEmbeddingRuntime(weights, tower: tower)
    let shape = tower.blocks, exact = weights.exact
    blocks = try (0..<shape.layers).map { try Block(weights, tower: "text", layer: $0, shape: shape) }
    norm =
      tower.hasFinalNorm
      ? try weights.norm("text.norm", eps: shape.normEps, rms: shape.rms) : Norm(passing: shape.width)
    relativeBias = shape.relativeBias == nil ? nil : try weights.vector("text.relative_bias")
    pooler = tower.pooling == .attention ? try TextPooler(exact, shape: shape) : nil
    firstProjection = tower.projection == .mlp ? try exact.linear("text.projection.fc1", bias: false) : nil
    projection = try exact.projection("text.projection", tower.projection)
  }

  /// Runs prompts of token ids, `[prompts][contextLength]`. `observe` gets the stream before the first block (as layer
  /// -1) and after each. Returns the buffers, with the last block's tokens in `x`; where `places` are given, only those of
  /// each prompt. `keep` gets the records that the request names; they last.
  ///
  /// - Parameter length: How many tokens of each prompt are run. Hidden padding is not: there, prompts have other tokens at the same
  ///   places, and all of them are run.
  package func forward(
    _ prompts: [[Int32]], engine: Engine, length: Int, places: [Int]? = nil, request: PassRequest = .embedding,
    keep: (LayerRecord) -> Void = { _ in }, observe: (Int, BlockWork) -> Void = { _, _ in }
  ) -> BlockWork {
    let work = embedding.embed(prompts, length: length)
    observe(-1, work)
    let mask: AttentionMask =
      if embedding.classToken != nil {
        .causalWithClassToken(visible: prompts.map(visibleTokens))
      } else if tower.causal {
        .causal
      } else {
        .none
      }
    let positions = TextPositions(
      tower, places: prompts.first.map { embedding.places(of: $0, length: length) } ?? [], mask: mask,
      relativeBias: relativeBias)
    for (layer, block) in blocks.enumerated() {
      let mask = positions.enter(block: layer, work)
      if request.layers.contains(layer) {
        let input = work.x.copy(), shape = tower.blocks
        let trace = BlockTrace(sequences: work.sequences, tokens: work.tokens, shape: shape, folded: false)
        block.forward(work, trace: trace, mask: mask, engine: engine)
        keep(
          LayerRecord(
            layer: layer, sequences: work.sequences, tokens: work.tokens, input: input, rotary: work.rotary, bias: nil,
            qkv: work.takeQKV(), output: work.x.copy(), mean: nil, trace: trace))
      } else if let places, layer == blocks.count - 1, embedding.classToken == nil {
        block.forward(work, at: places, mask: mask, engine: engine)
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
    guard tower.hidesPadding else { return pooled(prompts, engine: engine) }
    // Prompts with tokens at the same places run together.
    var embeddings = [[Float]](repeating: [], count: prompts.count)
    for group in Dictionary(grouping: prompts.indices, by: { embedding.places(of: prompts[$0]) }).values {
      for (index, vector) in zip(group, pooled(group.map { prompts[$0] }, engine: engine)) {
        embeddings[index] = vector
      }
    }
    return embeddings
  }

  private func pooled(_ prompts: [[Int32]], engine: Engine) -> [[Float]] {
    // Tokens after the last one that a causal tower pools change nothing.
    let places = prompts.map(pooledPlace)
    let causal = tower.causal && embedding.classToken == nil
    let length = causal ? places.max().map { $0 + 1 } ?? 0 : tower.contextLength
    let seesAll = [.mean, .attention].contains(tower.pooling)
    let work = forward(prompts, engine: engine, length: length, places: seesAll ? nil : places)
    let width = tower.blocks.width
    if seesAll { norm.apply(work.x.pointer, rows: work.rows, into: work.x.pointer, parallel: engine.parallel) }
    return prompts.indices.map { index in
      let rows = work.x.pointer + index * work.tokens * width
      if let pooler { return embed(pooler.pool(rows, count: work.tokens, engine: engine)) }
      if tower.pooling == .mean { return embed(mean(rows, rows: 0..<work.tokens, width: width)) }
      let row = UnsafeBufferPointer(start: rows + places[index] * width, count: width)
      return embed(normalise(Array(row)))
    }
  }

  /// A pooled vector through one map or two.
  private func embed(_ vector: [Float]) -> [Float] {
    guard let firstProjection else { return project(vector) }
    var hidden = [Float](repeating: 0, count: firstProjection.outputs)
    firstProjection.forward(
      vector, rows: 1, into: &hidden, epilogue: Epilogue(activation: .gelu), parallel: Parallel(threads: 1))
    return project(hidden)
  }

  /// Gives the memory of the matrices back until they are used again.
  func release() { blocks.forEach { $0.release() } }

  /// Which position stands for a prompt. Without an end token it is the first one, as in open_clip; a mean and a query of its own have none.
  func pooledPlace(_ prompt: [Int32]) -> Int {
    switch tower.pooling {
    case .argmax: prompt.firstIndex(of: prompt.max() ?? 0) ?? 0
    case .endOfText(let id): prompt.firstIndex(of: Int32(id)) ?? 0
    case .last: tower.contextLength - 1
    case .classToken: tower.contextLength
    case .first, .mean, .attention: 0
    }
  }

  /// CoCa's padding mask is one position late, as in its training: the first token, and each that follows a token that is
  /// not padding. The class token itself is seen only after a full prompt.
  private func visibleTokens(_ prompt: [Int32]) -> [Int] {
    [0] + prompt.indices.filter { prompt[$0] != 0 }.map { $0 + 1 }
  }
}
