import CZooKernels
import Dispatch
import Foundation
import Synchronization
import ZooImages
import ZooModels

/// The image tower of a loaded model.
package final class VisionRuntime: Sendable {
  package let tower: VisionTower
  let stem: ConvolutionStem?
  let patch: Linear
  let prefix: [FloatView]
  let positions: FloatView
  let normPre: Norm?
  package let blocks: [Block]
  package let isClassifier: Bool
  package let norm: Norm
  package let pooler: PoolerRuntime?
  package let projection: Linear?
  /// Position tables for other grids, made from the model's own at their first use.
  private let resampled = Mutex<[GridSize: FloatBuffer]>([:])

  /// What has run or was made ready: false for products, true for gradients too.
  private let prepared = Mutex<Set<Bool>>([])
  private let isPacked = Atomic<Bool>(false)

  init(_ weights: Weights, tower: VisionTower, isClassifier: Bool) throws {
    self.tower = tower
    self.isClassifier = isClassifier
    let eps = tower.blocks.normEps
    stem = try tower.stem.map { try ConvolutionStem(weights, shape: $0) }
    patch =
      stem == nil
      ? try weights.linear("vision.patch", bias: tower.patchBias)
      : try ConvolutionStem.patch(weights, bias: tower.patchBias)
    prefix =
      (tower.classToken ? [try weights.vector("vision.class_token")] : [])
      + (tower.registers > 0 ? [try weights.vector("vision.registers")] : [])
    positions = try weights.vector("vision.positions")
    normPre = tower.normPre ? try weights.norm("vision.norm_pre", eps: eps) : nil
    let shape = tower.blocks
    blocks = try (0..<shape.layers).map { try Block(weights, tower: "vision", layer: $0, shape: shape) }
    norm = try weights.norm("vision.norm", eps: eps)
    pooler = try PoolerRuntime(weights, tower: tower)
    projection = try weights.projection("vision.projection", tower.projection)
  }

  /// The patch grid of a picture; a remainder is not seen.
  package func grid(of pixels: PixelTensor) -> GridSize {
    GridSize(height: pixels.height / tower.patch, width: pixels.width / tower.patch)
  }

  /// Runs the blocks on pictures of one size. `observe` gets each wanted layer's by-products right after the block.
  ///
  /// Returns the buffers, with the last block's tokens in `x`: `[pictures * tokens, width]`. With `pooledOnly`, only the
  /// tokens that `pool` looks at are sure to be there, and with `meanOf` the last layer is observed by the mean of these
  /// tokens of each picture alone. `prompts` is how many gradients will pass the observed blocks.
  package func forward(
    _ pictures: [PixelTensor], engine: Engine, observed: Range<Int> = 0..<0, traced: Bool = true,
    prompts: Int = 0, pooledOnly: Bool = false, meanOf: Range<Int>? = nil,
    observe: (Int, BlockTrace?, BlockWork) -> Void = { _, _, _ in }, embedded: (BlockWork) -> Void = { _ in }
  ) -> BlockWork {
    let isFirst = prepareAhead(backward: traced ? observed : 0..<0, engine: engine)
    let grid = grid(of: pictures[0]), tokens = grid.count + tower.prefixTokens
    let rotary = tower.blocks.rope.map {
      RotaryTable($0, grid: grid, prefix: tower.prefixTokens, headWidth: tower.blocks.headWidth)
    }
    let work = BlockWork(sequences: pictures.count, tokens: tokens, shape: tower.blocks, rotary: rotary)
    for (index, picture) in pictures.enumerated() { embed(picture, grid: grid, sequence: index, work, engine) }
    if let normPre {
      normPre.apply(work.x.pointer, rows: work.rows, into: work.x.pointer, parallel: engine.parallel)
    }
    embedded(work)
    let folded = traced && isPacked.load(ordering: .relaxed) && tower.blocks.folds(prompts: prompts)
    if folded { engine.parallel.forEach(observed.count) { _ = blocks[observed.lowerBound + $0].folded?.value } }
    let trace =
      traced && !observed.isEmpty
      ? BlockTrace(sequences: work.sequences, tokens: tokens, shape: tower.blocks, folded: folded) : nil
    for (layer, block) in blocks.enumerated() {
      let wanted = observed.contains(layer)
      var trace = wanted ? trace : nil
      // The last block computes no more than is looked at.
      let mean = wanted && traced ? meanOf : wanted ? nil : 0..<1
      if pooledOnly, layer == blocks.count - 1, tower.pooler == .classToken, let mean {
        if mean == 0..<1 {
          if wanted {
            trace = BlockTrace(
              sequences: work.sequences, tokens: 1, keys: tokens, shape: tower.blocks, folded: folded)
          }
          block.forward(work, at: pictures.map { _ in 0 }, causal: false, trace: trace, engine: engine)
        } else {
          block.forward(
            work, trace: trace, mask: .none, engine: engine, meanOf: block.shape.postNorm ? nil : mean)
        }
      } else {
        block.forward(work, trace: trace, mask: .none, engine: engine)
      }
      if wanted { observe(layer, trace, work) }
      if isFirst { block.unmap() }  // It may be the only pass.
    }
    return work
  }

  /// Makes matrices ready for a first pass, from the last block backwards while the first ones already run: packing one matrix
  /// takes one thread.
  ///
  /// - Returns: True for a first pass.
  private func prepareAhead(backward: Range<Int>, engine: Engine) -> Bool {
    guard prepared.withLock({ $0.insert(!backward.isEmpty).inserted }) else { return false }
    if engine.parallel.threads > 1 {
      DispatchQueue.global(qos: .userInitiated).async { [blocks] in
        for (layer, block) in blocks.enumerated().reversed() {
          block.prepare(backward: backward.contains(layer), lasting: false)
        }
      }
    }
    return true
  }

  func pack(gradients: Bool, parallel: Parallel) {
    // Where a pooler attends, LeGrad takes its gradients and none goes through the blocks.
    let gradients = gradients && pooler == nil
    prepared.withLock { $0 = [false, true] }
    isPacked.store(true, ordering: .relaxed)
    parallel.forEach(blocks.count) { blocks[$0].prepare(backward: gradients, lasting: true) }
  }

  /// Patches, prefix tokens and positions of one picture, written into its rows of `work.x`.
  private func embed(_ picture: PixelTensor, grid: GridSize, sequence: Int, _ work: BlockWork, _ engine: Engine) {
    let side = tower.patch, width = tower.blocks.width, skip = tower.prefixTokens
    let patches =
      stem?.forward(picture, grid: grid, patch: side, engine: engine)
      ?? gatherCells(
        picture, grid: grid, patch: side, side: side, offsets: [(0, 0)], parallel: engine.parallel)
    let start = work.x.pointer + sequence * work.tokens * width
    patch.forward(patches.pointer, rows: grid.count, into: start + skip * width, parallel: engine.parallel)
    var row = start
    for tokens in prefix {
      row.update(from: tokens.pointer, count: tokens.count)
      row += tokens.count
    }
    let table = positions(for: grid)
    let first = tower.positionsCoverPrefix ? 0 : skip
    zoo_add_residual(start + first * width, table, nil, nil, work.tokens - first, width)
  }

  /// The position table for a grid: the model's own, or that one resampled. It is never changed.
  private func positions(for grid: GridSize) -> UnsafePointer<Float> {
    if grid == tower.tableGrid { return positions.pointer }
    return resampled.withLock { tables in
      if let table = tables[grid] { return UnsafePointer(table.pointer) }
      let width = tower.blocks.width
      let kept = (tower.positionsCoverPrefix ? tower.prefixTokens : 0) * width
      let patches = Array(UnsafeBufferPointer(start: positions.pointer + kept, count: positions.count - kept))
      let values = resamplePositions(
        patches, from: (tower.tableGrid.height, tower.tableGrid.width), to: (grid.height, grid.width),
        method: tower.resampling.method)
      let table = FloatBuffer(kept + values.count)
      table.pointer.update(from: positions.pointer, count: kept)
      (table.pointer + kept).update(from: values, count: values.count)
      tables[grid] = table
      return UnsafePointer(table.pointer)
    }
  }

  /// The embedding of each picture from its last tokens: `[pictures][embedding]`, not normalised.
  package func pool(_ work: BlockWork, engine: Engine) -> [[Float]] {
    let width = tower.blocks.width
    return (0..<work.sequences).map { sequence in
      let tokens = work.x.pointer + sequence * work.tokens * width
      return project(pooled(tokens, count: work.tokens, engine: engine))
    }
  }

  /// The pooled and normalised vector that the projection sees.
  private func pooled(_ tokens: UnsafePointer<Float>, count: Int, engine: Engine) -> [Float] {
    let width = tower.blocks.width
    switch tower.pooler {
    case .classToken: return normalise(Array(UnsafeBufferPointer(start: tokens, count: width)))
    case .tokenMean: return normalise(mean(tokens, rows: 0..<count, width: width))
    case .patchMean(normFirst: false): return normalise(mean(tokens, rows: tower.prefixTokens..<count, width: width))
    case .patchMean(normFirst: true):
      let normed = FloatBuffer(uninitialised: count * width)
      norm.apply(tokens, rows: count, into: normed.pointer, parallel: engine.parallel)
      return mean(normed.pointer, rows: tower.prefixTokens..<count, width: width)
    case .attention:
      let normed = FloatBuffer(uninitialised: count * width)
      norm.apply(tokens, rows: count, into: normed.pointer, parallel: engine.parallel)
      return pooler!.attention(pooler!.attend(normed.pointer, count: count), rows: 1, parallel: engine.parallel).pooled
    case .coca:
      let normed = FloatBuffer(uninitialised: count * width)
      pooler!.normKV!.apply(tokens, rows: count, into: normed.pointer, parallel: engine.parallel)
      return normalise(
        pooler!.project(pooler!.attend(normed.pointer, count: count), rows: 1, parallel: engine.parallel))
    }
  }

  package func normalise(_ vector: [Float]) -> [Float] {
    [Float](unsafeUninitializedCapacity: vector.count) { buffer, count in
      norm.apply(vector, rows: 1, into: buffer.baseAddress!, parallel: Parallel(threads: 1))
      count = vector.count
    }
  }

  package func project(_ vector: [Float]) -> [Float] {
    guard let projection else { return vector }
    return [Float](unsafeUninitializedCapacity: projection.outputs) { buffer, count in
      projection.forward(vector, rows: 1, into: buffer.baseAddress!, parallel: Parallel(threads: 1))
      count = projection.outputs
    }
  }
}

/// The mean of some rows of tokens.
package func mean(_ tokens: UnsafePointer<Float>, rows: Range<Int>, width: Int) -> [Float] {
  var sum = [Double](repeating: 0, count: width)
  sum.withUnsafeMutableBufferPointer { sum in
    for row in rows {
      let token = UnsafeBufferPointer(start: tokens + row * width, count: width)
      for k in 0..<width { sum[k] += Double(token[k]) }
    }
  }
  return sum.map { Float($0 / Double(rows.count)) }
}

extension PositionResampling {
  fileprivate var method: PositionMethod {
    switch self {
    case .bicubicAntialias: .bicubic(antialias: true)
    case .bicubic: .bicubic(antialias: false)
    case .bilinear: .bilinear(antialias: false)
    case .bilinearCorners: .bilinearCorners
    case .bilinearAntialias: .bilinear(antialias: true)
    }
  }
}
