import CZooKernels
import ZooRuntime

/// Layer-wise relevance propagation with alpha 1 and beta 0, as published in hila-chefer/Transformer-Explainability.
///
/// Norms and activations pass relevance on unchanged; if tokens are used twice, relevance adds up. Biases receive none. Numerically, if positive and
/// negative contributions nearly cancel, small denominators make single values large, in any precision.
package struct RelevanceRule: PropagationRule {
  /// The two published sets of rules.
  package enum Rules: String, Sendable, Hashable, CaseIterable {
    /// `ViT_LRP`: positive and negative contributions of a linear map share one denominator, and residual branches are rescaled to conserve
    /// relevance.
    case transformer
    /// `ViT_orig_LRP`: each sign has its own denominator, and branches keep what they receive.
    case original
  }

  let rules: Rules
  let engine: Engine

  func linear(_ map: Linear, input: () -> Rows, product: (() -> Rows)?, _ flow: Rows) -> Rows {
    let x = input()
    return rules == .transformer ? jointly(map, x, product: product, flow) : bySign(map, x, flow)
  }

  /// `x+ * (S W+) + x- * (S W-)`, with `S = R / (x+ W+^T + x- W-^T)`. As `x+ W+^T + x- W-^T = (x W^T + |x| |W|^T) / 2` and likewise backwards, this
  /// only needs the weights and their absolute values and, if the pass has recorded `x W^T`, three products.
  private func jointly(_ map: Linear, _ x: Rows, product: (() -> Rows)?, _ flow: Rows) -> Rows {
    let plain = PartOfLinear(map, .all, engine), sizes = PartOfLinear(map, .magnitude, engine)
    let magnitude = sizes.forward(part(ZOO_PART_MAGNITUDE, of: x))
    let isExact = engine.algebra.precision == .f32
    let shares = shares(of: flow, (isExact ? product?() : nil) ?? plain.forward(x), magnitude)
    return united(x, plain.backward(shares), sizes.backward(shares), zoo_unite_sizes)
  }

  /// The same with a separate denominator for each sign.
  private func bySign(_ map: Linear, _ x: Rows, _ flow: Rows) -> Rows {
    func share(_ sign: WeightPart, _ x: Rows) -> Rows {
      let part = PartOfLinear(map, sign, engine)
      return part.backward(shares(of: flow, part.forward(x)))
    }
    let positive = share(.positive, part(ZOO_PART_POSITIVE, of: x))
    return united(x, positive, share(.negative, part(ZOO_PART_NEGATIVE, of: x)), zoo_unite_signs)
  }

  private func part(_ part: some BinaryInteger, of x: Rows) -> Rows {
    let result = Rows(count: x.count, width: x.width)
    x.forEachRow(repeating: x.count, engine.parallel) { place, _ in
      zoo_parts(x.pointer + place, Int32(part), result.pointer + place, x.width)
    }
    return result
  }

  /// `flow / z`, where z is `a` or the mean of both.
  private func shares(of flow: Rows, _ a: Rows, _ b: Rows? = nil) -> Rows {
    let result = Rows(count: flow.count, width: flow.width)
    flow.forEachRow(repeating: a.count, engine.parallel) { place, own in
      zoo_shares(
        flow.pointer + place, a.pointer + own, b.map { $0.pointer + own }, result.pointer + place, flow.width)
    }
    return result
  }

  /// What flows through two halves of the weights as one.
  private func united(
    _ x: Rows, _ p: Rows, _ q: Rows,
    _ kernel: (
      UnsafePointer<Float>, UnsafePointer<Float>, UnsafePointer<Float>, UnsafeMutablePointer<Float>, Int
    ) -> Void
  ) -> Rows {
    p.forEachRow(repeating: x.count, engine.parallel) { place, own in
      kernel(x.pointer + own, p.pointer + place, q.pointer + place, p.pointer + place, x.width)
    }
    return p
  }

  func norm(_ norm: Norm, input: () -> Rows, _ flow: Rows) -> Rows { flow }
  func activation(slopes: FloatBuffer, _ flow: Rows) -> Rows { flow }
  func scale(_ factors: FloatView, _ flow: Rows) -> Rows { flow }

  func split(stream: () -> Rows, branch: () -> Rows, _ flow: Rows) -> (stream: Rows, branch: Rows) {
    let x = stream(), y = branch(), period = x.size
    let a = Rows(count: flow.count, width: flow.width), b = Rows(count: flow.count, width: flow.width)
    // The sums of each row's flow, `a` and `b`.
    var sums = [Double](repeating: 0, count: 3 * flow.count)
    sums.withUnsafeMutableBufferPointer { sums in
      nonisolated(unsafe) let sums = sums
      flow.forEachRow(repeating: x.count, engine.parallel) { place, own in
        zoo_split_flow(
          flow.pointer + place, x.pointer + own, y.pointer + own, a.pointer + place, b.pointer + place,
          sums.baseAddress.map { $0 + 3 * (place / flow.width) }, flow.width)
      }
    }
    guard rules == .transformer else { return (a, b) }
    for prompt in 0..<flow.count / x.count {
      func total(_ part: Int) -> Double {
        (prompt * x.count..<(prompt + 1) * x.count).reduce(0) { $0 + sums[3 * $1 + part] }
      }
      let (whole, first, second) = (total(0), total(1), total(2))
      for (rows, own) in [(a, first), (b, second)] {
        let wanted = safeDivide(abs(own), abs(first) + abs(second)) * whole, factor = Float(safeDivide(wanted, own))
        for index in prompt * period..<(prompt + 1) * period { rows.pointer[index] *= factor }
      }
    }
    return (a, b)
  }

  func join(_ stream: Rows, _ branch: Rows, at tokens: () -> Rows) -> Rows {
    let tokens = tokens()
    branch.forEachRow(repeating: tokens.count, engine.parallel) { place, own in
      zoo_join_flows(
        branch.pointer + place, stream.pointer + place, tokens.pointer + own, branch.pointer + place, branch.width)
    }
    return branch
  }

  func attention(_ layer: LayerView, mixed: () -> Rows, _ flow: Rows) -> any AttentionFlow {
    AttentionRelevance(layer: layer, shares: shares(of: flow, mixed()))
  }
}

/// Relevance at the attention of a block: each operand of a product gets half of its gradient multiplied by itself.
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
          zoo_shares(flow, logits, nil, flow, count * count)
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

/// `a / b` with a small number added to `b`, and 0 if `b` is 0.
func safeDivide<Number: BinaryFloatingPoint>(_ a: Number, _ b: Number) -> Number {
  if b == 0 { return 0 }
  let denominator = b + 1e-9
  return a / (denominator == 0 ? 1e-9 : denominator)
}
