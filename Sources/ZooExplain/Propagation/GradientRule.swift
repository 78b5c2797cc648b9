import CZooKernels
import ZooRuntime

/// The chain rule: what flows is the gradient of a score.
struct GradientRule: PropagationRule {
  let engine: Engine

  func linear(_ map: Linear, input: () -> Rows, product: (() -> Rows)?, _ flow: Rows) -> Rows {
    let result = Rows(count: flow.count, width: map.inputs)
    map.backward(flow.pointer, rows: flow.count, into: result.pointer, parallel: engine.parallel)
    return result
  }

  func norm(_ norm: Norm, input: () -> Rows, _ flow: Rows) -> Rows {
    let input = input(), result = flow.copy()
    norm.backward(
      result.pointer, flows: flow.count / input.count, at: input.pointer, rows: input.count, parallel: engine.parallel)
    return result
  }

  func activation(slopes: FloatBuffer, _ flow: Rows) -> Rows {
    let result = Rows(count: flow.count, width: flow.width)
    zoo_scale_columns(flow.pointer, slopes.pointer, result.pointer, flow.size / slopes.count, slopes.count)
    return result
  }

  func scale(_ factors: FloatView, _ flow: Rows) -> Rows { flow.scaled(by: factors) }

  func split(stream: () -> Rows, branch: () -> Rows, _ flow: Rows) -> (stream: Rows, branch: Rows) { (flow, flow) }

  func join(_ stream: Rows, _ branch: Rows, at tokens: () -> Rows) -> Rows {
    branch.add(stream)
    return branch
  }

  func attention(_ layer: LayerView, mixed: () -> Rows, _ flow: Rows) -> any AttentionFlow {
    AttentionGradient(layer: layer, r: flow)
  }
}

/// Gradients with respect to the attention of a block: `dA_hij = r_ih . V_hj`, where r is the gradient with respect to the mixed values.
struct AttentionGradient: AttentionFlow {
  let layer: LayerView
  /// `[prompts * count, width]`
  let r: Rows

  func atProbabilities(prompt: Int, head: Int, rows: Range<Int>, into values: UnsafeMutablePointer<Float>) {
    let start = r.pointer + (prompt * layer.count + rows.lowerBound) * layer.width + head * layer.shape.headWidth
    gemm(
      start, rows: rows.count, depth: layer.shape.headWidth, stride: layer.width, layer.part(2, head: head),
      transposed: true, columns: layer.count, weightStride: 3 * layer.width, into: values, stride: layer.count,
      adding: false)
  }

  /// With `G` the gradients with respect to the probabilities A: `dV = A^T r`, `S = A * (G - rowsum(A * G)) / sqrt(headWidth)`, `dQ = S K`, `dK = S^T
  /// Q`.
  func atQKV(_ engine: Engine) -> Rows {
    let prompts = r.count / layer.count, shape = layer.shape, count = layer.count, width = layer.width
    let (head, stride) = (shape.headWidth, 3 * layer.width), scale = 1 / Float(shape.headWidth).squareRoot()
    let result = Rows(count: r.count, width: 3 * width)
    engine.parallel.forEach(shape.heads) { number in
      withScratch(3 * count * count) { scratch in
        let probabilities = scratch, gradients = scratch + count * count, turned = scratch + 2 * count * count
        layer.attention(head: number, rows: 0..<count, into: probabilities)
        for prompt in 0..<prompts {
          let target = result.pointer + prompt * count * stride + number * head
          let flow = r.pointer + prompt * count * width + number * head
          transpose(probabilities, count, into: turned)
          gemm(
            turned, rows: count, depth: count, stride: count, flow, transposed: false, columns: head,
            weightStride: width, into: target + 2 * width, stride: stride, adding: false)
          atProbabilities(prompt: prompt, head: number, rows: 0..<count, into: gradients)
          for row in 0..<count {
            let a = probabilities + row * count, g = gradients + row * count
            let mean = zoo_dot(a, g, count)
            for key in 0..<count { g[key] = a[key] * (g[key] - mean) * scale }
          }
          gemm(
            gradients, rows: count, depth: count, stride: count, layer.part(1, head: number), transposed: false,
            columns: head, weightStride: stride, into: target, stride: stride, adding: false)
          transpose(gradients, count, into: turned)
          gemm(
            turned, rows: count, depth: count, stride: count, layer.part(0, head: number), transposed: false,
            columns: head, weightStride: stride, into: target + width, stride: stride, adding: false)
        }
      }
    }
    layer.unrotate(result.buffer, sequences: prompts)
    return result
  }
}

/// Transposes a square matrix.
func transpose(_ matrix: UnsafePointer<Float>, _ side: Int, into result: UnsafeMutablePointer<Float>) {
  // In tiles, so that both are read and written along cache lines.
  let tile = 16
  for top in stride(from: 0, to: side, by: tile) {
    for left in stride(from: 0, to: side, by: tile) {
      for row in top..<min(top + tile, side) {
        for column in left..<min(left + tile, side) { result[column * side + row] = matrix[row * side + column] }
      }
    }
  }
}
