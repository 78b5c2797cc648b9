import CZooKernels
import ZooModels
import ZooRuntime

/// The mean of some tokens through the final norm and the projection, compared with the prompt.
struct TokenReadout {
  /// The tokens whose mean is used; `own` for tokens as the head reduces them, in which case each has its own gradient.
  enum Rows { case all, first, patches, own }
  let rows: Rows
  let score: Score
  let relu: Bool

  /// The tokens whose output is only used as a mean; nil if each is used.
  func mean(of tokens: Int, prefix: Int) -> Range<Int>? {
    switch rows {
    case .all: 0..<tokens
    case .first: 0..<1
    case .patches: prefix..<tokens
    case .own: nil
    }
  }

  func relevance(of prompts: [[Float]], layer: LayerView, head: any Head, engine: Engine) -> [[Float]] {
    guard let range = mean(of: layer.count, prefix: layer.prefix) else {
      guard let head = head as? TokenHead else { preconditionFailure("only tokens are reduced in a way of their own") }
      let gradients = head.pooledGradients(
        at: layer.tokens, count: layer.count, directions: prompts, score: score, engine: engine)
      return blockRelevance(
        OutputGradients(values: gradients.flatMap { $0 }, isShared: false), prompts: prompts.count,
        rows: head.rows(of: layer.count), layer: layer, relu: relu, engine: engine)
    }
    let centre = layer.mean ?? ZooRuntime.mean(layer.tokens, rows: range, width: layer.width)
    var gradients = head.gradients(
      beforeNorm: centre, directions: prompts, score: score, parallel: engine.parallel)
    for index in gradients.indices { gradients[index] /= Float(range.count) }
    return blockRelevance(
      OutputGradients(values: gradients, isShared: true), prompts: prompts.count, rows: range, layer: layer,
      relu: relu, engine: engine)
  }
}

/// `[prompts][patches]`: gradients at `rows` of the block's output, propagated back to its attention; then
/// `(1 / (heads * tokens)) * sum of max(0, r . V)` over heads and rows, or the sum of `r . V` without `relu`.
///
/// Each thread takes some rows of a prompt all the way, so that neither gradients nor products with V are ever stored completely.
private func blockRelevance(
  _ gradients: OutputGradients, prompts: Int, rows: Range<Int>, layer: LayerView, relu: Bool, engine: Engine
) -> [[Float]] {
  let shape = layer.shape, tokens = layer.count
  guard let trace = layer.record.trace else { preconditionFailure("a token readout needs the block's by-products") }
  let backward = BlockBackward(
    block: layer.block, trace: trace, first: layer.sequence * trace.tokens + rows.lowerBound, rows: rows.count,
    gradients: gradients, prompts: prompts, engine: engine)
  let sums = AttentionSums(layer, relu: relu, engine)
  // Prompts are grouped, so that rows are read once for several of them.
  let group = min(prompts, 8), groups = (prompts + group - 1) / group
  let strips = RowStrips(rows: rows.count)
  let pieces = min(
    strips.count, pieces(of: rows.count, prompts: group, groups: groups, threads: engine.parallel.threads))
  let inner = groups * pieces == 1 ? engine.parallel : Parallel(threads: 1)
  let results = FloatBuffer(prompts * strips.count * tokens)
  engine.parallel.forEach(groups * pieces) { index in
    let (number, piece) = (index / pieces, index % pieces)
    let chosen = prompts * number / groups..<prompts * (number + 1) / groups
    let own = strips.count * piece / pieces..<strips.count * (piece + 1) / pieces
    let range = strips.start(own.lowerBound)..<strips.start(own.upperBound)
    withScratch(group * range.count * shape.width) { r in
      backward.attention(prompts: chosen, rows: range, into: r, parallel: inner)
      for strip in own {
        let first = strips.start(strip), end = strips.start(strip + 1)
        sums.add(
          r + (first - range.lowerBound) * shape.width, prompts: chosen.count, rows: end - first, apart: range.count
        ) { prompt in results.pointer + ((chosen.lowerBound + prompt) * strips.count + strip) * tokens }
      }
    }
  }
  return (0..<prompts).map { prompt in
    (layer.prefix..<tokens).map { token in
      let total = (0..<strips.count).reduce(Float(0)) {
        $0 + results.pointer[(prompt * strips.count + $1) * tokens + token]
      }
      return total / Float(shape.heads * tokens)
    }
  }
}

/// Rows that are summed together, in a fixed order: the sums are the same for any number of threads.
private struct RowStrips {
  let rows: Int
  /// A number with many divisors, so that the work divides evenly among threads; strips of 12 or more rows are as fast as long ones.
  let count: Int

  init(rows: Int) {
    self.rows = rows
    let most = max(1, rows / 16), unit = most >= 12 ? 12 : most >= 4 ? 4 : 1
    count = most / unit * unit
  }

  func start(_ strip: Int) -> Int { rows * strip / count }
}

/// The number of pieces that the rows are split into for each group of prompts, so that all threads finish at about the same time.
private func pieces(of rows: Int, prompts: Int, groups: Int, threads: Int) -> Int {
  var count = max(1, (rows * prompts + 511) / 512)
  while groups * count % threads != 0, groups * count < 4 * threads, rows / (count + 1) >= 8 { count += 1 }
  return count
}

/// LeGrad on the blocks of a tower.
final class TokenRun: MethodRun {
  private let job: MethodJob
  private let readout: TokenReadout
  private let layers: Range<Int>
  private var collected: LayerMaps

  init(_ job: MethodJob, _ readout: TokenReadout, layers: Range<Int>) {
    (self.job, self.readout, self.layers) = (job, readout, layers)
    collected = LayerMaps(job)
  }

  var request: PassRequest {
    let mean = readout.mean(of: job.tokens, prefix: job.vision.tower.prefixTokens)
    return PassRequest(
      layers: layers, parts: [.tokens, .gradients], lastRows: mean.map { $0 == 0..<1 ? .pooled : .mean($0) } ?? .all,
      gradients: job.directions.count)
  }

  func forward(_ layer: LayerView) {
    let values = readout.relevance(
      of: job.directions, layer: layer, head: job.vision.head.base, engine: job.engine)
    collected.append(values, of: layer.picture)
  }

  func maps() -> [[Heatmap]] { collected.heatmaps(job, layers: layers, finish: .upsampleThenNormalise) }
}
