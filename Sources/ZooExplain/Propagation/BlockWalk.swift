import CZooKernels
import ZooRuntime

/// The backward pass through one block for one picture: from its output to its attention, and from there to its input.
///
/// The block computes `Y = X + s1 * (attention(LN1(X)) Wo + bo)` and `Z = Y + s2 * MLP(LN2(Y))`; in post-norm blocks the norms follow the branches.
/// The rule decides what happens at each operation.
struct BlockWalk<Rule: PropagationRule> {
  let layer: LayerView
  let rule: Rule
  let engine: Engine

  private var block: Block { layer.block }
  private var trace: BlockTrace {
    guard let trace = layer.record.trace else { preconditionFailure("a walk needs the gradients' part of the record") }
    return trace
  }

  private func rows(_ buffer: FloatBuffer, width: Int) -> Rows {
    let start = buffer.pointer + layer.sequence * layer.count * width
    return Rows(copying: start, count: layer.count, width: width)
  }

  /// The norm's input and its backward pass, if the block has this norm in its branch.
  private func norm(_ norm: Norm?, _ trace: NormTrace?, _ flow: Rows) -> Rows {
    guard let norm, let trace else { return flow }
    return rule.norm(norm, input: { rows(trace.input, width: norm.width) }, flow)
  }

  /// X.
  private func input() -> Rows {
    guard let input = layer.input else { preconditionFailure("a walk to a block's input needs its input tokens") }
    return Rows(copying: input, count: layer.count, width: layer.width)
  }

  /// Y, the stream between the two branches.
  private func middle() -> Rows {
    guard block.shape.postNorm else { return rows(trace.middle, width: layer.width) }
    let branch = normed(block.norm1, rows(postNorm(trace.postNorm1).input, width: layer.width))
    branch.add(input())
    return branch
  }

  private func postNorm(_ trace: NormTrace?) -> NormTrace {
    guard let trace else { preconditionFailure("a post-norm block keeps its norms' inputs") }
    return trace
  }

  private func difference(_ a: Rows, _ b: Rows) -> Rows {
    a.combined(with: b, engine.parallel) { $0 - $1 }
  }

  private func output() -> Rows { Rows(copying: layer.tokens, count: layer.count, width: layer.width) }

  private func normed(_ norm: Norm, _ rows: Rows) -> Rows {
    let result = Rows(count: rows.count, width: rows.width)
    norm.apply(rows.pointer, rows: rows.count, into: result.pointer, parallel: engine.parallel)
    return result
  }

  /// The input of the MLP.
  private func mlpInput() -> Rows {
    let input = block.shape.postNorm ? middle() : normed(block.norm2, middle())
    return block.mlpInputNorm.map { normed($0, input) } ?? input
  }

  /// The input of `fc2`, in blocks without a gate and a norm there, from the output of `fc1` without its bias.
  private func hidden(_ product: Rows) -> Rows {
    let hidden = product.copy()
    Epilogue(bias: block.fc1.bias?.pointer, activation: block.shape.activation).apply(
      to: hidden.pointer, rows: hidden.count, width: hidden.width, parallel: engine.parallel)
    return hidden
  }

  /// The output of a linear map without its bias.
  private func withoutBias(_ rows: Rows, of map: Linear) -> Rows {
    guard let bias = map.bias else { return rows }
    rows.forEachRow(repeating: 1, engine.parallel) { place, _ in
      for column in 0..<rows.width { rows.pointer[place + column] -= bias.pointer[column] }
    }
    return rows
  }

  /// The attention's output, all heads concatenated, before a norm and the output matrix.
  private func mixed() -> Rows {
    let result = Rows(count: layer.count, width: layer.width), head = layer.shape.headWidth
    engine.parallel.forEach(layer.shape.heads) { number in
      withScratch(zoo_attention_scratch(layer.count, head)) { scratch in
        zoo_attention(
          layer.part(0, head: number), 3 * layer.width, layer.part(1, head: number), layer.part(2, head: number),
          3 * layer.width, layer.count, layer.count, head, layer.shape.attentionScale, layer.bias(head: number),
          Int32((layer.isCausal ? ZOO_MASK_CAUSAL : ZOO_MASK_NONE).rawValue), 0, result.pointer + number * head,
          layer.width, scratch, nil)
      }
    }
    return result
  }

  /// From Z to the attention and to the residual stream at X.
  func toAttention(_ flow: Rows) -> (attention: any AttentionFlow, stream: Rows) {
    let atMiddle = throughMLP(flow)
    let (stream, branch) = rule.split(stream: input, branch: { difference(middle(), input()) }, atMiddle)
    var r = branch
    if let scale = block.scale1 { r = rule.scale(scale, r) }
    r = norm(trace.postNorm1.map { _ in block.norm1 }, trace.postNorm1, r)
    let isBranch = block.scale1 == nil && !block.shape.postNorm
    r = rule.linear(
      block.out,
      input: {
        if let trace = trace.attentionNorm, let norm = block.attentionNorm {
          normed(norm, rows(trace.input, width: layer.width))
        } else {
          mixed()
        }
      }, product: isBranch ? { withoutBias(difference(middle(), input()), of: block.out) } : nil, r)
    r = norm(block.attentionNorm, trace.attentionNorm, r)
    return (rule.attention(layer, mixed: mixed, r), stream)
  }

  /// From Z to Y.
  private func throughMLP(_ flow: Rows) -> Rows {
    let (stream, branch) = rule.split(stream: middle, branch: { difference(output(), middle()) }, flow)
    var m = branch
    if let scale = block.scale2 { m = rule.scale(scale, m) }
    m = norm(trace.postNorm2.map { _ in block.norm2 }, trace.postNorm2, m)
    var kept: (input: Rows, product: Rows)?
    func entered() -> (input: Rows, product: Rows) {
      if let kept { return kept }
      let input = mlpInput(), product = Rows(count: input.count, width: block.shape.mlpWidth)
      block.fc1.product(input.pointer, rows: input.count, into: product.pointer, parallel: engine.parallel)
      kept = (input, product)
      return (input, product)
    }
    let isBranch = block.scale2 == nil && !block.shape.postNorm
    m = rule.linear(
      block.fc2, input: { hidden(entered().product) },
      product: isBranch ? { withoutBias(difference(output(), middle()), of: block.fc2) } : nil, m)
    m = norm(block.mlpNorm, trace.mlpNorm, m)
    if let gate = block.gate, let slopes = trace.gateDerivative {
      let open = rule.linear(gate, input: mlpInput, product: nil, rule.activation(slopes: part(slopes), m))
      m = rule.linear(
        block.fc1, input: mlpInput, product: nil, rule.activation(slopes: part(trace.derivative), m))
      m = rule.join(m, open, at: mlpInput)
    } else {
      m = rule.linear(
        block.fc1, input: { entered().input }, product: { entered().product },
        rule.activation(slopes: part(trace.derivative), m))
    }
    m = norm(block.mlpInputNorm, trace.mlpInputNorm, m)
    if !block.shape.postNorm { m = rule.norm(block.norm2, input: middle, m) }
    return rule.join(stream, m, at: middle)
  }

  /// The slopes of this picture.
  private func part(_ slopes: FloatBuffer) -> FloatBuffer {
    layer.record.sequences == 1 ? slopes : rows(slopes, width: block.shape.mlpWidth).buffer
  }

  /// Queries, keys and values.
  private func qkv() -> Rows { Rows(copying: layer.part(0, head: 0), count: layer.count, width: 3 * layer.width) }

  /// From the attention and the residual stream to X.
  func toInput(_ attention: any AttentionFlow, stream: Rows) -> Rows {
    var u = rule.linear(
      block.qkv, input: { block.shape.postNorm ? input() : normed(block.norm1, input()) },
      product: block.shape.rope == nil ? { withoutBias(qkv(), of: block.qkv) } : nil, attention.atQKV(engine))
    if !block.shape.postNorm { u = rule.norm(block.norm1, input: input, u) }
    return rule.join(stream, u, at: input)
  }
}
