import CZooKernels
import ZooRuntime

/// Sums over heads and query rows of `max(0, r . V_j)` for each key j: the core of LeGrad.
struct AttentionSums {
  private let layer: LayerView
  private let relu: Bool
  private let bf16: Int32
  /// The values of each head in the layout of `zoo_relu_values`.
  private let values: FloatBuffer
  private let size: Int

  /// - Parameter relu: False to keep negative products.
  init(_ layer: LayerView, relu: Bool, _ engine: Engine) {
    (self.layer, self.relu) = (layer, relu)
    let shape = layer.shape, bf16 = engine.roundsToBF16
    let size = zoo_relu_values_size(layer.count, shape.headWidth)
    let values = FloatBuffer(uninitialised: relu ? shape.heads * size : 0)
    if relu {
      engine.parallel.forEach(shape.heads) { head in
        zoo_relu_values(
          layer.part(2, head: head), 3 * layer.width, layer.count, shape.headWidth, bf16, values.pointer + head * size)
      }
    }
    (self.bf16, self.size, self.values) = (bf16, size, values)
  }

  /// Adds the sums over the rows of r `[prompts, rows, width]` to `sums(prompt)` `[count]`, on this thread.
  ///
  /// - Parameter apart: The distance in rows from one prompt to the next; by default they are contiguous.
  func add(
    _ r: UnsafePointer<Float>, prompts: Int, rows: Int, apart: Int? = nil,
    to sums: (_ prompt: Int) -> UnsafeMutablePointer<Float>
  ) {
    let apart = apart ?? rows
    let shape = layer.shape, width = layer.width, count = layer.count
    guard relu else {
      // Without the ReLU, a sum of products is the product with a sum.
      for prompt in 0..<prompts {
        var total = [Float](repeating: 0, count: width)
        for row in 0..<rows {
          for column in 0..<width { total[column] += r[(prompt * apart + row) * width + column] }
        }
        for head in 0..<shape.heads {
          let start = head * shape.headWidth, part = Array(total[start..<start + shape.headWidth])
          for key in 0..<count {
            sums(prompt)[key] += zoo_dot(part, layer.part(2, head: head) + key * 3 * width, shape.headWidth)
          }
        }
      }
      return
    }
    withScratch(zoo_relu_sums_scratch(count, shape.headWidth)) { scratch in
      for head in 0..<shape.heads {
        for prompt in 0..<prompts {
          zoo_relu_sums(
            r + prompt * apart * width + head * shape.headWidth, width, values.pointer + head * size, rows, count,
            shape.headWidth, bf16, sums(prompt), scratch)
        }
      }
    }
  }
}

/// LeGrad's ablation: every layer's gradient is that of the score of the whole model.
final class FinalScoreRun: MethodRun {
  private let job: MethodJob
  private let layers: Range<Int>
  private let score: Score
  private let relu: Bool
  private var collected: LayerMaps

  init(_ job: MethodJob, layers: Range<Int>, score: Score, relu: Bool) {
    (self.job, self.layers, self.score, self.relu) = (job, layers, score, relu)
    collected = LayerMaps(job)
  }

  var request: PassRequest { .embedding }
  var flows: [FlowRequest] { [FlowRequest(kind: .gradient(score), layers: layers, depth: .attention)] }

  func backward(_ layer: LayerView, _ flow: LayerFlow) {
    guard let gradient = flow.attention as? AttentionGradient else { return }
    let sums = AttentionSums(layer, relu: relu, job.engine), count = layer.count
    let results = FloatBuffer(job.directions.count * count)
    job.engine.parallel.forEach(job.directions.count) { prompt in
      sums.add(gradient.r.pointer + prompt * count * layer.width, prompts: 1, rows: count) { _ in
        results.pointer + prompt * count
      }
    }
    let values = job.directions.indices.map { prompt in
      (layer.prefix..<count).map { results.pointer[prompt * count + $0] / Float(layer.shape.heads * count) }
    }
    collected.append(values, of: layer.picture)
  }

  func maps() -> [[Heatmap]] {
    collected.heatmaps(job, layers: layers, finish: .upsampleThenNormalise, reversed: true)
  }
}
