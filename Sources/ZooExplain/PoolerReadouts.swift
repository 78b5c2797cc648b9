import CZooKernels
import Synchronization
import ZooModels
import ZooRuntime

/// A layer's tokens of one picture, kept until the layers are read out together: a pooler's matrices are then read once for all of them.
struct KeptLayer {
  let picture: Int
  /// `[count, width]`
  let tokens: FloatBuffer
  let count: Int

  init(_ block: ObservedBlock, picture: Int) {
    self.picture = picture
    count = block.count
    tokens = FloatBuffer(uninitialised: block.count * block.width)
    tokens.pointer.update(from: block.tokens, count: tokens.count)
  }
}

/// SigLIP's attention pooler over the tokens of layers; the gradient is taken with respect to the pooler's attention.
struct AttentionReadout {
  /// True where the final norm comes first, as in the model; the authors' code leaves it out.
  let normFirst: Bool
  let score: LeGrad.Score

  /// `[layers][prompts][patches]`.
  func relevance(
    of prompts: [[Float]], layers: [KeptLayer], vision: VisionRuntime, engine: Engine
  ) -> [[[Float]]] {
    guard let pooler = vision.pooler, let norm = pooler.norm, let fc1 = pooler.fc1, let fc2 = pooler.fc2 else {
      preconditionFailure("an attention readout needs an attention pooler")
    }
    let width = pooler.width, count = prompts.count, rows = layers.count * count, parallel = engine.parallel
    let tokens = normFirst ? normalised(layers, by: vision.norm, parallel) : layers.map(\.tokens)
    let attended = pooler.attention(
      attend(pooler, layers, tokens, parallel), rows: layers.count, parallel: parallel)

    // c: the score's gradient with respect to the pooled vector.
    let scored = layers.indices.flatMap { layer in
      let embedding = vision.project(attended.pooled.row(layer, width))
      return prompts.flatMap { scoreGradient(of: embedding, prompt: $0, score: score) }
    }
    var c = [Float](repeating: 0, count: rows * width)
    if let projection = vision.projection {
      projection.backward(scored, rows: rows, into: &c, parallel: parallel)
    } else {
      c = scored
    }
    // g = c + J_norm(y)^T [(act'(a) * (c W2)) W1]
    let hidden = fc1.outputs
    var active = attended.hidden, slope = active
    zoo_activate(&active, nil, pooler.activation.kernel, 1, active.count, &slope)
    let flow = FloatBuffer(uninitialised: rows * hidden)
    fc2.backward(c, rows: rows, into: flow.pointer, parallel: parallel)
    slope.withUnsafeBufferPointer { slope in
      for layer in layers.indices {
        let part = flow.pointer + layer * count * hidden
        zoo_scale_columns(part, slope.baseAddress! + layer * hidden, part, count, hidden)
      }
    }
    var g = [Float](repeating: 0, count: rows * width)
    fc1.backward(flow.pointer, rows: rows, into: &g, parallel: parallel)
    var means = [Float](repeating: 0, count: layers.count), inverses = means, scratch = attended.y
    norm.apply(attended.y, rows: layers.count, into: &scratch, mean: &means, inverse: &inverses, parallel: parallel)
    func repeated(_ values: [Float]) -> [Float] { values.flatMap { Array(repeating: $0, count: count) } }
    norm.backward(
      &g, at: layers.indices.flatMap { layer in prompts.flatMap { _ in attended.y.row(layer, width) } },
      mean: repeated(means), inverse: repeated(inverses), rows: rows, parallel: parallel)
    zoo_add_residual(&g, c, nil, nil, 1, rows * width)
    return poolerMaps(g, prompts: count, pooler: pooler, layers, tokens, vision: vision, parallel: parallel)
  }
}

/// CoCa's attention pooler over the tokens of layers.
struct CoCaReadout {
  /// True where the final norm comes between pooler and projection, as in the model; the authors' code leaves it out.
  let throughNorm: Bool
  let score: LeGrad.Score

  /// `[layers][prompts][patches]`.
  func relevance(
    of prompts: [[Float]], layers: [KeptLayer], vision: VisionRuntime, engine: Engine
  ) -> [[[Float]]] {
    guard let pooler = vision.pooler, let normKV = pooler.normKV, let projection = vision.projection else {
      preconditionFailure("a CoCa readout needs CoCa's pooler")
    }
    let width = pooler.width, count = prompts.count, rows = layers.count * count, parallel = engine.parallel
    let tokens = normalised(layers, by: normKV, parallel)
    let pooled = pooler.project(attend(pooler, layers, tokens, parallel), rows: layers.count, parallel: parallel)
    var g: [Float]
    if throughNorm {
      g = layers.indices.flatMap { layer in
        headGradients(
          at: pooled.row(layer, width), prompts: prompts, vision: vision, score: score, parallel: parallel)
      }
    } else {
      let scored = layers.indices.flatMap { layer in
        let embedding = vision.project(pooled.row(layer, width))
        return prompts.flatMap { scoreGradient(of: embedding, prompt: $0, score: score) }
      }
      g = [Float](repeating: 0, count: rows * width)
      projection.backward(scored, rows: rows, into: &g, parallel: parallel)
    }
    return poolerMaps(g, prompts: count, pooler: pooler, layers, tokens, vision: vision, parallel: parallel)
  }
}

/// The tokens of each layer through a norm.
private func normalised(_ layers: [KeptLayer], by norm: Norm, _ parallel: Parallel) -> [FloatBuffer] {
  layers.map { layer in
    let normed = FloatBuffer(uninitialised: layer.tokens.count)
    norm.apply(layer.tokens.pointer, rows: layer.count, into: normed.pointer, parallel: parallel)
    return normed
  }
}

/// `[layers, width]`: what the pooler's attention gives for each layer, before its output matrix.
private func attend(
  _ pooler: PoolerRuntime, _ layers: [KeptLayer], _ tokens: [FloatBuffer], _ parallel: Parallel
) -> [Float] {
  let mixed = FloatBuffer(uninitialised: layers.count * pooler.width)
  parallel.forEach(layers.count) { layer in
    let row = pooler.attend(tokens[layer].pointer, count: layers[layer].count)
    (mixed.pointer + layer * pooler.width).update(from: row, count: row.count)
  }
  return mixed.array
}

/// From gradients g `[layers * prompts, width]` at the pooler's output to maps `[layers][prompts][patches]`.
private func poolerMaps(
  _ g: [Float], prompts: Int, pooler: PoolerRuntime, _ layers: [KeptLayer], _ tokens: [FloatBuffer],
  vision: VisionRuntime, parallel: Parallel
) -> [[[Float]]] {
  let width = pooler.width, r = FloatBuffer(uninitialised: g.count)
  pooler.out.backward(g, rows: layers.count * prompts, into: r.pointer, parallel: parallel)
  // A few prompts at a time, so that memory does not grow with their number.
  let chunk = min(prompts, 16), chunks = (prompts + chunk - 1) / chunk
  let parts = Mutex([[[Float]]](repeating: [], count: layers.count * chunks))
  parallel.forEach(layers.count * chunks) { index in
    let (layer, first) = (index / chunks, index % chunks * chunk)
    let values = pooler.relevance(
      r.pointer + (layer * prompts + first) * width, rows: min(chunk, prompts - first), tokens: tokens[layer].pointer,
      count: layers[layer].count)
    parts.withLock { $0[index] = values.map { Array($0[vision.tower.prefixTokens...]) } }
  }
  return parts.withLock { parts in
    layers.indices.map { layer in parts[layer * chunks..<(layer + 1) * chunks].flatMap { $0 } }
  }
}

extension [Float] {
  /// Row `index` of `[rows, width]`.
  fileprivate func row(_ index: Int, _ width: Int) -> [Float] { Array(self[index * width..<(index + 1) * width]) }
}
