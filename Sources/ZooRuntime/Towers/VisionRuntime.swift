import CZooKernels
import Dispatch
import Foundation
import Synchronization
import ZooImages
import ZooModels

/// The image tower of a loaded model.
package final class VisionRuntime: Sendable {
  /// The architecture's name.
  package let name: String
  package let tower: VisionTower
  let stem: (any ConvolutionalStem)?
  /// Nil if a stem computes the tokens themselves.
  let patch: Linear?
  let prefix: [FloatView]
  /// Nil if only attention encodes positions.
  let positions: FloatView?
  let normPre: Norm?
  package let blocks: [Block]
  package let isClassifier: Bool
  package let head: VisionHead
  /// Position tables for other grids, resampled from the model's own on first use.
  private let resampled = Mutex<[GridSize: FloatBuffer]>([:])

  /// What has run or was prepared: false for products, true also for gradients.
  private let prepared = Mutex<Set<Bool>>([])
  private let isPacked = Atomic<Bool>(false)

  init(_ weights: Weights, tower: VisionTower, isClassifier: Bool, name: String) throws {
    self.name = name
    self.tower = tower
    self.isClassifier = isClassifier
    let eps = tower.blocks.normEps, finer = weights.finer
    switch tower.stem {
    case .cells(let shape):
      stem = try CellStemRuntime(finer, shape: shape, patch: tower.patch)
      patch = try CellStemRuntime.patch(finer, bias: tower.patchBias)
    case .resNet(let shape): (stem, patch) = (try ResNetRuntime(finer, shape: shape, eps: eps), nil)
    case .mobile(let shape): (stem, patch) = (try MobileStemRuntime(finer, shape: shape, eps: eps), nil)
    case nil: (stem, patch) = (nil, try finer.linear("vision.patch", bias: tower.patchBias))
    }
    prefix =
      (tower.classToken ? [try weights.vector("vision.class_token")] : [])
      + (tower.registers > 0 ? [try weights.vector("vision.registers")] : [])
    positions = tower.positions > 0 ? try weights.vector("vision.positions") : nil
    normPre = tower.normPre ? try weights.norm("vision.norm_pre", eps: eps) : nil
    let shape = tower.blocks
    blocks = try (0..<shape.layers).map { try Block(weights, tower: "vision", layer: $0, shape: shape) }
    head = try VisionHead(finer, tower: tower)
  }

  /// The patch grid of a picture; the rest beyond whole patches is ignored.
  package func grid(of pixels: PixelTensor) -> GridSize {
    grid(of: GridSize(height: pixels.height, width: pixels.width))
  }

  /// The patch grid of a size in pixels.
  package func grid(of size: GridSize) -> GridSize {
    GridSize(height: size.height / tower.patch, width: size.width / tower.patch)
  }

  /// Runs the blocks on pictures of one size. `observe` gets the record of each requested block, right after the block.
  ///
  /// Returns the buffers, with the last block's tokens in `x`: `[pictures * tokens, width]`, of which only those that `pool` and the request use are
  /// guaranteed to be there. `embedded` gets the tokens before the first block. `step` is called before each block. If `observe` or `step` throws,
  /// the pass ends.
  package func forward(
    _ pictures: [PixelTensor], _ request: PassRequest = .embedding, engine: Engine,
    observe: (LayerRecord) throws -> Void = { _ in }, embedded: (BlockWork) -> Void = { _ in },
    step: () throws -> Void = {}
  ) rethrows -> BlockWork {
    precondition(
      pictures.allSatisfy { $0.height == pictures[0].height && $0.width == pictures[0].width },
      "pictures of one pass have one size: `bySize` sorts them")
    let traced = request.parts.contains(.gradients), lasting = request.lifetime == .pass
    let isFirst = prepareAhead(backward: traced ? request.layers : 0..<0, engine: engine)
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
    let folded = traced && isPacked.load(ordering: .relaxed) && tower.blocks.folds(prompts: request.gradients)
    if folded {
      engine.parallel.forEach(request.layers.count) { _ = blocks[request.layers.lowerBound + $0].folded?.value }
    }
    func makeTrace(rows: Int) -> BlockTrace {
      BlockTrace(sequences: work.sequences, tokens: rows, shape: tower.blocks, folded: folded)
    }
    // Records that are only valid for their layer share memory.
    let shared = traced && !lasting ? makeTrace(rows: tokens) : nil
    for (layer, block) in blocks.enumerated() {
      try step()
      let wanted = request.layers.contains(layer)
      let rows = lastRows(layer, of: tokens, wanted ? request.lastRows : .pooled)
      var trace = wanted && traced ? shared : nil
      if wanted, traced, rows == 0..<1 || trace == nil { trace = makeTrace(rows: rows == 0..<1 ? 1 : tokens) }
      let input = wanted && request.parts.contains(.inputs) ? work.x.copy() : nil
      let bias = block.relativePositions?.bias(grid: grid, prefix: tower.prefixTokens, parallel: engine.parallel)
      let mask = bias.map(AttentionMask.biased) ?? .none
      if rows == 0..<1 {
        block.forward(work, at: pictures.map { _ in 0 }, mask: mask, trace: trace, engine: engine)
      } else {
        block.forward(work, trace: trace, mask: mask, engine: engine, meanOf: block.shape.postNorm ? nil : rows)
      }
      if wanted {
        try observe(
          LayerRecord(
            layer: layer, sequences: work.sequences, tokens: tokens, input: input,
            rotary: work.rotary, bias: bias, qkv: lasting ? work.takeQKV() : work.qkv,
            output: lasting ? work.x.copy() : work.x,
            mean: work.mean, trace: trace))
      }
      if isFirst { block.unmap() }  // It may be the only pass.
    }
    return work
  }

  /// The output tokens that are used, if that is less than all: the last block then computes only those.
  private func lastRows(_ layer: Int, of tokens: Int, _ rows: PassRequest.Rows) -> Range<Int>? {
    guard layer == blocks.count - 1, tower.pooler == .classToken else { return nil }
    switch rows {
    case .pooled: return 0..<1
    case .mean(let range): return range
    case .all: return nil
    }
  }

  /// Prepares matrices for a first pass, from the last block backwards while the first ones already run: packing a matrix uses one thread.
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

  /// - Parameter done: Called after each block with the number of blocks that are ready.
  func pack(gradients: Bool, parallel: Parallel, done: @Sendable (Int) -> Void) {
    // If a pooler attends, LeGrad uses its gradients and none pass through the blocks.
    var gradients = gradients
    if case .query = head { gradients = false }
    prepared.withLock { $0 = [false, true] }
    isPacked.store(true, ordering: .relaxed)
    let stem = stem?.linears ?? []
    parallel.forEach(stem.count) { stem[$0].prepare(.forward, lasting: true) }
    let ready = Atomic<Int>(0)
    parallel.forEach(blocks.count) {
      blocks[$0].prepare(backward: gradients, lasting: true)
      done(ready.add(1, ordering: .relaxed).newValue)
    }
  }

  /// Writes patches, prefix tokens and positions of one picture into its rows of `work.x`.
  private func embed(_ picture: PixelTensor, grid: GridSize, sequence: Int, _ work: BlockWork, _ engine: Engine) {
    let width = tower.blocks.width, start = work.x.pointer + sequence * work.tokens * width
    write(patchPixels(picture, engine: engine), grid: grid, into: start, engine)
    guard let positions = positions(for: grid) else { return }
    let first = tower.positionsCoverPrefix ? 0 : tower.prefixTokens
    zoo_add_residual(start + first * width, positions, nil, nil, work.tokens - first, width)
  }

  /// Prefix tokens and patches, before positions are added.
  private func write(
    _ pixels: FloatBuffer, grid: GridSize, into tokens: UnsafeMutablePointer<Float>, _ engine: Engine
  ) {
    let width = tower.blocks.width, patches = tokens + tower.prefixTokens * width
    if let patch {
      patch.forward(pixels.pointer, rows: grid.count, into: patches, parallel: engine.parallel)
    } else {
      patches.update(from: pixels.pointer, count: grid.count * width)
    }
    if tower.pooler.isMeanQuery {
      tokens.update(from: mean(patches, rows: 0..<grid.count, width: width), count: width)
    }
    var row = tokens
    for tokens in prefix {
      row.update(from: tokens.pointer, count: tokens.count)
      row += tokens.count
    }
  }

  /// `[patches, inputs]`: the input of the patch embedding, the pixels of each patch as `[3, patch, patch]`, or the output of a stem.
  package func patchPixels(_ picture: PixelTensor, engine: Engine) -> FloatBuffer {
    let grid = grid(of: picture), side = tower.patch
    return stem?.forward(picture, grid: grid, engine: engine)
      ?? gatherCells(picture, grid: grid, patch: side, side: side, offsets: [(0, 0)], parallel: engine.parallel)
  }

  /// `[tokens, width]`: prefix tokens and patches, before positions are added.
  ///
  /// - Parameter pixels: `[patches, inputs]`, see `patchPixels`.
  package func tokens(of pixels: FloatBuffer, grid: GridSize, engine: Engine) -> FloatBuffer {
    let tokens = FloatBuffer(uninitialised: (tower.prefixTokens + grid.count) * tower.blocks.width)
    write(pixels, grid: grid, into: tokens.pointer, engine)
    return tokens
  }

  /// `[width, 3 * patch * patch]`: the weights of the patch embedding; nil if convolutions come first.
  package var patchWeights: FloatView? { stem == nil ? patch?.weight : nil }

  /// `[tokens, width]`: the positions added to the tokens of a grid, zeros for prefix tokens without a position.
  package func positionRows(_ grid: GridSize) -> FloatBuffer {
    let rows = FloatBuffer((tower.prefixTokens + grid.count) * tower.blocks.width)
    let skip = (tower.positionsCoverPrefix ? 0 : tower.prefixTokens) * tower.blocks.width
    if let positions = positions(for: grid) {
      (rows.pointer + skip).update(from: positions, count: rows.count - skip)
    }
    return rows
  }

  /// The position table for a grid: the model's own, or resampled from it. It is never modified.
  private func positions(for grid: GridSize) -> UnsafePointer<Float>? {
    guard let positions else { return nil }
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
    (0..<work.sequences).map { sequence in
      let tokens = work.x.pointer + sequence * work.tokens * tower.blocks.width
      return head.base.embed(tokens, count: work.tokens, engine: engine)
    }
  }
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
