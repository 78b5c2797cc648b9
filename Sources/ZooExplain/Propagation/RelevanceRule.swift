import CZooKernels
import ZooRuntime

/// Layer-wise relevance propagation with alpha 1 and beta 0, as hila-chefer/Transformer-Explainability publishes it.
///
/// Norms and activations hand relevance on as it is; where tokens are used twice, relevance adds up. Biases take none. Numbers: where
/// positive and negative contributions nearly cancel, small denominators make single values large, in any precision.
package struct RelevanceRule: PropagationRule {
  /// The two published sets of rules.
  package enum Rules: String, Sendable, Hashable, CaseIterable {
    /// `ViT_LRP`: positive and negative contributions of a linear map share one denominator, and residual branches are rescaled so that
    /// relevance is kept.
    case transformer
    /// `ViT_orig_LRP`: each sign has its own denominator, and branches keep what they get.
    case original
  }

  let rules: Rules
  let engine: Engine

  func linear(_ map: Linear, input: () -> Rows, _ flow: Rows) -> Rows {
    let x = input()
    return rules == .transformer ? jointly(map, x, flow) : bySign(map, x, flow)
  }

  /// `x+ * (S W+) + x- * (S W-)`, with `S = R / (x+ W+^T + x- W-^T)`. As `x+ W+^T + x- W-^T = (x W^T + |x| |W|^T) / 2` and likewise on the
  /// way back, only one matrix has to be made.
  private func jointly(_ map: Linear, _ x: Rows, _ flow: Rows) -> Rows {
    let plain = PartOfLinear(map, .all, engine), sizes = PartOfLinear(map, .magnitude, engine)
    let magnitude = x.mapped(engine.parallel, abs), z = plain.forward(x)
    let shares = flow.combined(
      with: z.combined(with: sizes.forward(magnitude), engine.parallel) { ($0 + $1) / 2 }, engine.parallel, safeDivide)
    let signed = plain.backward(shares).combined(with: x, engine.parallel) { $0 * $1 / 2 }
    signed.add(sizes.backward(shares).combined(with: magnitude, engine.parallel) { $0 * $1 / 2 })
    return signed
  }

  /// The same where each sign has its own denominator.
  private func bySign(_ map: Linear, _ x: Rows, _ flow: Rows) -> Rows {
    func share(_ part: PartOfLinear, _ x: Rows) -> Rows {
      part.backward(flow.combined(with: part.forward(x), engine.parallel, safeDivide))
        .combined(with: x, engine.parallel, *)
    }
    let sum = share(PartOfLinear(map, .positive, engine), x.mapped(engine.parallel) { max($0, 0) })
    sum.add(share(PartOfLinear(map, .negative, engine), x.mapped(engine.parallel) { min($0, 0) }))
    return sum
  }

  func norm(_ norm: Norm, input: () -> Rows, _ flow: Rows) -> Rows { flow }
  func activation(slopes: FloatBuffer, _ flow: Rows) -> Rows { flow }
  func scale(_ factors: FloatView, _ flow: Rows) -> Rows { flow }

  func split(stream: () -> Rows, branch: () -> Rows, _ flow: Rows) -> (stream: Rows, branch: Rows) {
    let x = stream(), y = branch()
    let sum = x.copy()
    sum.add(y)
    let shares = flow.combined(with: sum, engine.parallel, safeDivide)
    let a = shares.combined(with: x, engine.parallel, *), b = shares.combined(with: y, engine.parallel, *)
    if rules == .transformer {
      let period = x.size
      for prompt in 0..<flow.count / x.count {
        func total(_ rows: Rows) -> Double {
          (0..<period).reduce(0) { $0 + Double(rows.pointer[prompt * period + $1]) }
        }
        let (whole, first, second) = (total(flow), total(a), total(b))
        for (rows, own) in [(a, first), (b, second)] {
          let wanted = safeDivide(abs(own), abs(first) + abs(second)) * whole, factor = Float(safeDivide(wanted, own))
          for index in prompt * period..<(prompt + 1) * period { rows.pointer[index] *= factor }
        }
      }
    }
    return (a, b)
  }

  func join(_ stream: Rows, _ branch: Rows, at tokens: () -> Rows) -> Rows {
    let tokens = tokens()
    branch.add(stream)
    return branch.combined(with: tokens, engine.parallel) { safeDivide($0, $1) * $1 }
  }

  func attention(_ layer: LayerView, mixed: () -> Rows, _ flow: Rows) -> any AttentionFlow {
    let mixed = mixed()
    return AttentionRelevance(
      layer: layer, shares: flow.combined(with: mixed, engine.parallel, safeDivide))
  }
}

/// Relevance at the attention of a block: each operand of a product gets half of its gradient times itself.
struct AttentionRelevance: AttentionFlow {
  let layer: LayerView
  /// `[prompts * count, width]`: the relevance of the mixed values, divided by them.
  let shares: Rows

  func atProbabilities(prompt: Int, head: Int, rows: Range<Int>, into values: UnsafeMutablePointer<Float>) {
    AttentionGradient(layer: layer, r: shares).atProbabilities(prompt: prompt, head: head, rows: rows, into: values)
    withScratch(rows.count * layer.count) { probabilities in
      layer.attention(head: head, rows: rows, into: probabilities)
      for index in 0..<rows.count * layer.count { values[index] *= probabilities[index] / 2 }
    }
  }

  func atQKV(_ engine: Engine) -> Rows {
    let prompts = shares.count / layer.count, shape = layer.shape, count = layer.count, width = layer.width
    let (head, stride) = (shape.headWidth, 3 * layer.width)
    let result = Rows(count: shares.count, width: 3 * width)
    engine.parallel.forEach(shape.heads) { number in
      withScratch(4 * count * count) { scratch in
        let probabilities = scratch, logits = scratch + count * count
        let flow = scratch + 2 * count * count, turned = scratch + 3 * count * count
        let q = layer.part(0, head: number), k = layer.part(1, head: number)
        layer.attention(head: number, rows: 0..<count, into: probabilities)
        gemm(
          q, rows: count, depth: head, stride: stride, k, transposed: true, columns: count, weightStride: stride,
          into: logits, stride: count, adding: false)
        for prompt in 0..<prompts {
          let target = result.pointer + prompt * count * stride + number * head
          atProbabilities(prompt: prompt, head: number, rows: 0..<count, into: flow)
          for index in 0..<count * count { flow[index] = safeDivide(flow[index], logits[index]) }
          func product(_ matrix: UnsafePointer<Float>, _ x: UnsafePointer<Float>, _ ldx: Int, part: Int) {
            gemm(
              matrix, rows: count, depth: count, stride: count, x, transposed: false, columns: head, weightStride: ldx,
              into: target + part * width, stride: stride, adding: false)
            let own = layer.part(part, head: number)
            for row in 0..<count {
              for column in 0..<head {
                target[part * width + row * stride + column] *= own[row * stride + column] / 2
              }
            }
          }
          product(flow, k, stride, part: 0)
          transpose(flow, count, into: turned)
          product(turned, q, stride, part: 1)
          transpose(probabilities, count, into: turned)
          product(turned, shares.pointer + prompt * count * width + number * head, width, part: 2)
        }
      }
    }
    return result
  }
}

/// `a / b` with a little added to `b`, and 0 where `b` is 0.
func safeDivide<Number: BinaryFloatingPoint>(_ a: Number, _ b: Number) -> Number {
  if b == 0 { return 0 }
  let denominator = b + 1e-9
  return a / (denominator == 0 ? 1e-9 : denominator)
}
