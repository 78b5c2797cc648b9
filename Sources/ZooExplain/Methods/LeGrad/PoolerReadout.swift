import CZooKernels
import Synchronization
import ZooModels
import ZooRuntime

/// An attention pooler over the tokens of layers; the gradient is taken with respect to the pooler's attention.
struct PoolerReadout {
  /// Whether the tokens pass through the head's norm before the query attends to them, as in the model.
  let normsTokens: Bool
  /// Whether the norm between the pooler and the projection is skipped.
  let skipsFinalNorm: Bool
  let score: Score
  let relu: Bool
  let finish: Heatmap.Finish

  /// `[layers][prompts][patches]`
  fileprivate func relevance(of layers: [KeptLayer], head: any QueryHead, _ job: MethodJob) -> [[[Float]]] {
    let attention = head.attention, parallel = job.engine.parallel, prompts = job.directions.count
    let tokens = layers.map {
      normsTokens ? head.normed($0.tokens.pointer, count: $0.count, parallel: parallel) : $0.tokens
    }
    let mixed = FloatBuffer(uninitialised: layers.count * attention.width)
    parallel.forEach(layers.count) { layer in
      let row = attention.attend(tokens[layer].pointer, count: layers[layer].count)
      (mixed.pointer + layer * attention.width).update(from: row, count: row.count)
    }
    let g = head.outputGradients(
      mixed.array, rows: layers.count, directions: job.directions, score: score, skippingNorm: skipsFinalNorm,
      parallel: parallel)
    let r = attention.beforeOutput(g, rows: layers.count * prompts, parallel: parallel)
    // A few prompts at a time, so that memory does not grow with their number.
    let chunk = min(prompts, 16), chunks = (prompts + chunk - 1) / chunk, prefix = job.vision.tower.prefixTokens
    let parts = Mutex([[[Float]]](repeating: [], count: layers.count * chunks))
    parallel.forEach(layers.count * chunks) { index in
      let (layer, first) = (index / chunks, index % chunks * chunk), rows = min(chunk, prompts - first)
      let count = layers[layer].count
      let gradients = attention.attentionGradients(
        r.pointer + (layer * prompts + first) * attention.width, rows: rows, tokens: tokens[layer].pointer, count: count
      )
      let values = (0..<rows).map {
        meanOverHeads(gradients, row: $0, heads: attention.heads, prefix..<count, of: count)
      }
      parts.withLock { $0[index] = values }
    }
    return parts.withLock { parts in
      layers.indices.map { layer in parts[layer * chunks..<(layer + 1) * chunks].flatMap { $0 } }
    }
  }

  /// The mean over heads of the positive gradients of one row of `[rows, heads, count]`, for some of the tokens.
  private func meanOverHeads(
    _ gradients: FloatBuffer, row: Int, heads: Int, _ tokens: Range<Int>, of count: Int
  ) -> [Float] {
    var sums = [Float](repeating: 0, count: tokens.count)
    for head in 0..<heads {
      let line = gradients.pointer + (row * heads + head) * count + tokens.lowerBound
      for token in sums.indices { sums[token] += relu ? max(0, line[token]) : line[token] }
    }
    return sums.map { $0 / Float(heads) }
  }
}

/// A layer's tokens of one picture, kept until the layers are read out together: a pooler's matrices are then read only once.
private struct KeptLayer {
  let picture: Int
  /// `[count, width]`
  let tokens: FloatBuffer
  let count: Int

  init(_ layer: LayerView) { self.init(layer.tokens, count: layer.count, width: layer.width, picture: layer.picture) }

  init(_ end: PassEnd) {
    self.init(end.tokens, count: end.count, width: end.vision.tower.blocks.width, picture: end.picture)
  }

  private init(_ values: UnsafePointer<Float>, count: Int, width: Int, picture: Int) {
    (self.picture, self.count) = (picture, count)
    tokens = FloatBuffer(uninitialised: count * width)
    tokens.pointer.update(from: values, count: tokens.count)
  }
}

/// LeGrad on the attention of a pooler.
final class PoolerRun: MethodRun {
  private let job: MethodJob
  private let readout: PoolerReadout
  private let head: any QueryHead
  private let layers: Range<Int>
  private var kept: [KeptLayer] = []
  private var collected: LayerMaps

  init(_ job: MethodJob, _ readout: PoolerReadout, _ head: any QueryHead, layers: Range<Int>) {
    (self.job, self.readout, self.head, self.layers) = (job, readout, head, layers)
    collected = LayerMaps(job)
  }

  var request: PassRequest {
    job.vision.blocks.isEmpty ? .embedding : PassRequest(layers: layers, parts: .tokens)
  }

  func forward(_ layer: LayerView) { keep(KeptLayer(layer)) }

  /// If there are no blocks, the pooler is the only layer.
  func end(_ end: PassEnd) {
    if job.vision.blocks.isEmpty, !job.directions.isEmpty { keep(KeptLayer(end)) }
  }

  private func keep(_ layer: KeptLayer) {
    kept.append(layer)
    if kept.count * kept[0].tokens.count >= 16 << 20 { readOut() }  // 64 MB
  }

  private func readOut() {
    guard !kept.isEmpty else { return }
    let values = readout.relevance(of: kept, head: head, job)
    for (layer, values) in zip(kept, values) { collected.append(values, of: layer.picture) }
    kept = []
  }

  func maps() -> [[Heatmap]] {
    readOut()
    return collected.heatmaps(job, layers: layers, finish: readout.finish)
  }
}
