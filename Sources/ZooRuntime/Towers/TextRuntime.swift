import CZooKernels
import Synchronization
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
  /// The first of two maps, which is followed by GELU.
  private let firstProjection: Linear?
  package let projection: Linear?
  /// Whether the matrices stay in memory between prompts.
  private let isKept = Atomic<Bool>(false)

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

  /// Runs prompts of token ids, `[prompts][contextLength]`. `observe` gets the residual stream before the first block (as layer -1) and after each.
  /// Returns the buffers, with the last block's tokens in `x`. `keep` gets the requested records, which remain valid.
  ///
  /// - Parameters:
  ///   - places: The tokens of each prompt that are run; nil for all that a prompt's embedding depends on.
  ///   - rows: The index of each prompt's pooled token among those that are run: the last block computes only these tokens.
  package func forward(
    _ prompts: [[Int32]], places: [[Int]]? = nil, rows: [Int]? = nil, engine: Engine,
    request: PassRequest = .embedding, keep: (LayerRecord) -> Void = { _ in },
    observe: (Int, BlockWork) -> Void = { _, _ in }
  ) -> BlockWork {
    let places = places ?? prompts.map(self.places), work = embedding.embed(prompts, places: places)
    observe(-1, work)
    let mask: AttentionMask =
      if embedding.classToken != nil {
        .causalWithClassToken(visible: prompts.map(visibleTokens))
      } else if tower.causal {
        .causal
      } else {
        .none
      }
    let positions = TextPositions(tower, places: places.first ?? [], mask: mask, relativeBias: relativeBias)
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
      } else if let rows, layer == blocks.count - 1, embedding.classToken == nil {
        block.forward(work, at: rows, mask: mask, engine: engine)
      } else {
        block.forward(work, trace: nil, mask: mask, engine: engine)
      }
      observe(layer, work)
      if !isKept.load(ordering: .relaxed) { block.unmap() }  // Possibly no other prompts follow.
    }
    return work
  }

  /// The embedding of each prompt, `[prompts][embedding]`, not normalised. Prompts of different lengths run together without padding; if attention
  /// uses positions, only prompts with tokens at the same positions do.
  package func encode(_ prompts: [[Int32]], engine: Engine) -> [[Float]] {
    let places = prompts.map(places)
    let knowsPlaces = tower.blocks.sequenceRope != nil || tower.blocks.relativeBias != nil
    var embeddings = [[Float]](repeating: [], count: prompts.count)
    for group in Dictionary(grouping: prompts.indices, by: { knowsPlaces ? places[$0] : [] }).values {
      for some in Self.batches(group, rows: { places[$0].count }) {
        let vectors = pooled(some.map { prompts[$0] }, places: some.map { places[$0] }, engine: engine)
        for (index, vector) in zip(some, vectors) { embeddings[index] = vector }
      }
    }
    if !isKept.load(ordering: .relaxed) { blocks.forEach { $0.forget() } }
    return embeddings
  }

  /// Groups neighbouring prompts into batches of at most 1024 rows, so that memory use does not grow with the number of prompts.
  private static func batches(_ prompts: [Int], rows: (Int) -> Int) -> [[Int]] {
    var batches: [[Int]] = [], sum = 0
    for prompt in prompts {
      sum += rows(prompt)
      if batches.isEmpty || sum > 1024 {
        batches.append([])
        sum = rows(prompt)
      }
      batches[batches.count - 1].append(prompt)
    }
    return batches
  }

  private func pooled(_ prompts: [[Int32]], places: [[Int]], engine: Engine) -> [[Float]] {
    let seesAll = [.mean, .attention].contains(tower.pooling), width = tower.blocks.width
    let rows = zip(prompts, places).map { embedding.classToken == nil ? pooledPlace($0) : $1.count }
    let work = forward(prompts, places: places, rows: seesAll ? nil : rows, engine: engine)
    if seesAll { norm.apply(work.x.pointer, rows: work.rows, into: work.x.pointer, parallel: engine.parallel) }
    return prompts.indices.map { index in
      let tokens = work.x.pointer + work.spans[index].lowerBound * width, count = places[index].count
      if let pooler { return embed(pooler.pool(tokens, count: count, engine: engine)) }
      if tower.pooling == .mean { return embed(mean(tokens, rows: 0..<count, width: width)) }
      return embed(normalise(Array(UnsafeBufferPointer(start: tokens + rows[index] * width, count: width))))
    }
  }

  /// Passes a pooled vector through one or two maps.
  private func embed(_ vector: [Float]) -> [Float] {
    guard let firstProjection else { return project(vector) }
    var hidden = [Float](repeating: 0, count: firstProjection.outputs)
    firstProjection.forward(
      vector, rows: 1, into: &hidden, epilogue: Epilogue(activation: .gelu), parallel: Parallel(threads: 1))
    return project(hidden)
  }

  /// Announces many prompts, one after the other: what the first one reads stays in memory. In f32 the matrices are used in place; otherwise the
  /// first prompt copies them into the order in which the backend multiplies fastest.
  func keepMatrices(precision: Precision) {
    isKept.store(true, ordering: .relaxed)
    if precision != .f32 { blocks.forEach { $0.keep() } }
  }

  /// The indices of the tokens on which a prompt's embedding depends.
  private func places(_ prompt: [Int32]) -> [Int] {
    if tower.hidesPadding { return prompt.indices.filter { prompt[$0] != tower.tokenizer.padID } }
    guard tower.causal else { return Array(prompt.indices) }
    let last = embedding.classToken == nil ? pooledPlace(prompt) : visibleTokens(prompt).max() ?? 0
    return Array(prompt.indices.prefix(last + 1))
  }

  /// The position that represents a prompt. Without an end token it is the first one, as in open_clip; a mean and a learned query have none.
  func pooledPlace(_ prompt: [Int32]) -> Int {
    switch tower.pooling {
    case .argmax: prompt.firstIndex(of: prompt.max() ?? 0) ?? 0
    case .endOfText(let id): prompt.firstIndex(of: Int32(id)) ?? 0
    case .last: tower.contextLength - 1
    case .classToken: tower.contextLength
    case .first, .mean, .attention: 0
    }
  }

  /// CoCa's padding mask is shifted by one position, as in its training: the first token is visible, and each token after one that is not padding.
  /// The class token itself is visible only after a full prompt.
  private func visibleTokens(_ prompt: [Int32]) -> [Int] {
    [0] + prompt.indices.filter { prompt[$0] != 0 }.map { $0 + 1 }
  }
}
