import CZooKernels
import ZooModels

/// One transformer block: the single block function of all towers.
///
/// `U = LN1(X); [Q|K|V] = U W + b; Y = X + s1 * (attention(Q, K, V) Wo + bo); Z = Y + s2 * MLP(LN2(Y))`. In post-norm blocks the norms
/// follow the branches: `Y = X + LN1(attention(X))`, `Z = Y + LN2(MLP(Y))`.
package struct Block: Sendable {
  package let shape: Blocks
  package let norm1: Norm
  let qkv: Linear
  package let attentionNorm: Norm?
  package let out: Linear
  package let scale1: FloatView?
  package let norm2: Norm
  package let gate: Linear?
  package let fc1: Linear
  package let mlpNorm: Norm?
  package let fc2: Linear
  package let scale2: FloatView?

  init(_ weights: Weights, tower: String, layer: Int, shape: Blocks) throws {
    let name = "\(tower).blocks.\(layer)"
    self.shape = shape
    norm1 = try weights.norm("\(name).norm1", eps: shape.normEps)
    qkv = try weights.linear("\(name).qkv")
    attentionNorm = shape.attentionNorm ? try weights.norm("\(name).attention_norm", eps: shape.normEps) : nil
    out = try weights.linear("\(name).out")
    scale1 = shape.layerScale ? try weights.vector("\(name).scale1") : nil
    norm2 = try weights.norm("\(name).norm2", eps: shape.normEps)
    gate = shape.gated ? try weights.linear("\(name).gate") : nil
    fc1 = try weights.linear("\(name).fc1")
    mlpNorm = shape.mlpNorm ? try weights.norm("\(name).mlp_norm", eps: shape.normEps) : nil
    fc2 = try weights.linear("\(name).fc2")
    scale2 = shape.layerScale ? try weights.vector("\(name).scale2") : nil
  }

  /// Makes the matrices ready ahead of their first products.
  func prepare(backward: Bool) {
    for linear in [qkv, out, fc1, fc2] { linear.prepare(.forward) }
    if backward { for linear in [fc2, fc1, out] { linear.prepare(.backward) } }
  }

  /// Runs the block in place on `work.x`. With `trace` the by-products that gradients need are kept in it.
  func forward(_ work: BlockWork, trace: BlockTrace?, mask: AttentionMask, engine: Engine) {
    let parallel = engine.parallel
    let qkvBuffer = trace?.qkv ?? work.qkv
    project(work, into: qkvBuffer, parallel: parallel)
    attend(qkvBuffer, into: work.mixed, work: work, mask: mask, probabilities: trace?.probabilities, parallel: parallel)
    finish(work, trace: trace, parallel: parallel)
  }

  /// Runs the block for one token of each sequence, `places[sequence]`: enough for the last block where the readout
  /// looks at one token. The other rows of `work.x` stay as they were. A causal mask hides what follows the place.
  func forward(_ work: BlockWork, at places: [Int], causal: Bool, engine: Engine) {
    let parallel = engine.parallel, (width, head) = (shape.width, shape.headWidth)
    project(work, into: work.qkv, parallel: parallel)
    let one = BlockWork(sequences: work.sequences, tokens: 1, shape: shape)
    parallel.forEach(work.sequences * shape.heads) { index in
      let (sequence, number) = (index / shape.heads, index % shape.heads)
      let q = work.qkv.pointer + sequence * work.tokens * 3 * width + number * head
      let keys = causal ? places[sequence] + 1 : work.tokens
      withScratch(zoo_attention_scratch(keys, head)) { scratch in
        zoo_attention(
          q + places[sequence] * 3 * width, 3 * width, q + width, q + 2 * width, 3 * width, 1, keys, head,
          1 / Float(head).squareRoot(), Int32(ZOO_MASK_NONE.rawValue),
          one.mixed.pointer + sequence * width + number * head, width, scratch, nil)
      }
    }
    func row(_ sequence: Int) -> UnsafeMutablePointer<Float> {
      work.x.pointer + (sequence * work.tokens + places[sequence]) * width
    }
    for sequence in places.indices { (one.x.pointer + sequence * width).update(from: row(sequence), count: width) }
    finish(one, trace: nil, parallel: parallel)
    for sequence in places.indices { row(sequence).update(from: one.x.pointer + sequence * width, count: width) }
  }

  /// Queries, keys and values.
  private func project(_ work: BlockWork, into buffer: FloatBuffer, parallel: Parallel) {
    if !shape.postNorm {
      norm1.apply(work.x.pointer, rows: work.rows, into: work.normed.pointer, parallel: parallel)
    }
    let input = (shape.postNorm ? work.x : work.normed).pointer
    qkv.forward(input, rows: work.rows, into: buffer.pointer, parallel: parallel)
    work.rotary?.apply(to: buffer, work: work, shape: shape, parallel: parallel)
  }

  /// What follows attention: its output matrix, the residual and the MLP.
  private func finish(_ work: BlockWork, trace: BlockTrace?, parallel: Parallel) {
    let rows = work.rows, input = (shape.postNorm ? work.x : work.normed).pointer
    attentionNorm?.apply(inPlace: work.mixed, rows: rows, keeping: trace?.attentionNorm, parallel: parallel)
    out.product(work.mixed.pointer, rows: rows, into: work.normed.pointer, parallel: parallel)
    addBranch(of: work, bias: out.bias, scale: scale1, norm: norm1, trace: trace?.postNorm1, parallel: parallel)
    if !shape.postNorm {
      trace.map { copy(work.x, to: $0.middle, count: rows * shape.width) }
      norm2.apply(
        work.x.pointer, rows: rows, into: work.normed.pointer, mean: trace?.mean.pointer,
        inverse: trace?.inverse.pointer, parallel: parallel)
    }
    if let gate, let buffer = work.gate {
      gated(input, gate: gate, buffer: buffer, work: work, trace: trace, parallel: parallel)
    } else if let trace {
      fc1.product(input, rows: rows, into: work.hidden.pointer, parallel: parallel)
      activate(work.hidden, derivative: trace.derivative, rows: rows, parallel: parallel)
    } else {
      fc1.forward(input, rows: rows, into: work.hidden.pointer, activation: shape.activation, parallel: parallel)
    }
    mlpNorm?.apply(inPlace: work.hidden, rows: rows, keeping: trace?.mlpNorm, parallel: parallel)
    fc2.product(work.hidden.pointer, rows: rows, into: work.normed.pointer, parallel: parallel)
    addBranch(of: work, bias: fc2.bias, scale: scale2, norm: norm2, trace: trace?.postNorm2, parallel: parallel)
  }

  private func attend(
    _ qkv: FloatBuffer, into mixed: FloatBuffer, work: BlockWork, mask: AttentionMask, probabilities: FloatBuffer?,
    parallel: Parallel
  ) {
    let (width, head, tokens) = (shape.width, shape.headWidth, work.tokens)
    let scale = 1 / Float(head).squareRoot()
    parallel.forEach(work.sequences * shape.heads) { index in
      let (sequence, number) = (index / shape.heads, index % shape.heads)
      let q = qkv.pointer + sequence * tokens * 3 * width + number * head
      let out = mixed.pointer + sequence * tokens * width + number * head
      withScratch(zoo_attention_scratch(tokens, head)) { scratch in
        zoo_attention(
          q, 3 * width, q + width, q + 2 * width, 3 * width, tokens, tokens, head, scale, mask.kernel, out, width,
          scratch, probabilities.map { $0.pointer + index * tokens * tokens })
        if case .causalWithClassToken(let visible) = mask {
          let keys = visible[sequence], last = tokens - 1
          withScratch(2 * keys.count * head) { gathered in
            let values = gathered + keys.count * head
            for (place, key) in keys.enumerated() {
              (gathered + place * head).update(from: q + width + key * 3 * width, count: head)
              (values + place * head).update(from: q + 2 * width + key * 3 * width, count: head)
            }
            zoo_attention(
              q + last * 3 * width, 3 * width, gathered, values, head, 1, keys.count, head, scale,
              Int32(ZOO_MASK_NONE.rawValue), out + last * width, width, scratch, nil)
          }
        }
      }
    }
  }

  private func activate(_ x: FloatBuffer, derivative: FloatBuffer, rows: Int, parallel: Parallel) {
    let width = shape.mlpWidth
    parallel.forRanges(rows, atLeast: 8) { range in
      let offset = range.lowerBound * width
      zoo_activate(
        x.pointer + offset, fc1.bias?.pointer, shape.activation.kernel, range.count, width, derivative.pointer + offset)
    }
  }
}

/// Which tokens a token may attend to.
enum AttentionMask: Sendable {
  case none
  case causal
  /// CoCa's text: causal, but the class token at the end sees the tokens `visible[sequence]`.
  case causalWithClassToken(visible: [[Int]])

  var kernel: Int32 {
    if case .none = self { Int32(ZOO_MASK_NONE.rawValue) } else { Int32(ZOO_MASK_CAUSAL.rawValue) }
  }
}

/// x += (y + bias) * scale, row by row.
func addResidual(
  _ y: FloatBuffer, to x: FloatBuffer, bias: FloatView?, scale: FloatView?, rows: Int, parallel: Parallel
) {
  let width = x.count / max(rows, 1)
  parallel.forRanges(rows, atLeast: 16) { range in
    let offset = range.lowerBound * width
    zoo_add_residual(
      x.pointer + offset, y.pointer + offset, bias?.pointer, scale?.pointer, range.count, width)
  }
}

func copy(_ source: FloatBuffer, to target: FloatBuffer, count: Int) {
  target.pointer.update(from: source.pointer, count: count)
}

/// The buffers that a tower's blocks run in: `sequences` sequences of `tokens` tokens.
package final class BlockWork: Sendable {
  package let sequences: Int
  package let tokens: Int
  /// `[sequences * tokens, width]`: the residual stream.
  package let x: FloatBuffer
  let normed: FloatBuffer
  let mixed: FloatBuffer
  let qkv: FloatBuffer
  let hidden: FloatBuffer
  let gate: FloatBuffer?
  let rotary: RotaryTable?

  package var rows: Int { sequences * tokens }

  init(sequences: Int, tokens: Int, shape: Blocks, rotary: RotaryTable? = nil) {
    let rows = sequences * tokens
    self.rotary = rotary
    gate = shape.gated ? FloatBuffer(uninitialised: rows * shape.mlpWidth) : nil
    self.sequences = sequences
    self.tokens = tokens
    x = FloatBuffer(uninitialised: rows * shape.width)
    normed = FloatBuffer(uninitialised: rows * shape.width)
    mixed = FloatBuffer(uninitialised: rows * shape.width)
    qkv = FloatBuffer(uninitialised: rows * shape.width * 3)
    hidden = FloatBuffer(uninitialised: rows * shape.mlpWidth)
  }
}

/// What a block's gradients need from its forward pass; valid until the next block runs.
package final class BlockTrace: Sendable {
  /// `[rows, 3 width]`: queries, keys, values.
  package let qkv: FloatBuffer
  /// `[rows, width]`: Y, the stream between attention and MLP, with the means and inverse deviations of its rows; not in
  /// post-norm blocks.
  package let middle: FloatBuffer
  package let mean: FloatBuffer
  package let inverse: FloatBuffer
  /// `[rows, mlpWidth]`: the derivative of the hidden values with respect to what comes from `fc1`.
  package let derivative: FloatBuffer
  /// `[rows, mlpWidth]`: the derivative with respect to what comes from the gate.
  package let gateDerivative: FloatBuffer?
  /// The norms inside the branches, each where the block has it.
  package let attentionNorm: NormTrace?
  package let mlpNorm: NormTrace?
  package let postNorm1: NormTrace?
  package let postNorm2: NormTrace?
  /// `[sequences, heads, tokens, tokens]`, only for methods that look at attention itself.
  package let probabilities: FloatBuffer?

  init(rows: Int, shape: Blocks) {
    qkv = FloatBuffer(uninitialised: rows * shape.width * 3)
    middle = FloatBuffer(uninitialised: rows * shape.width)
    mean = FloatBuffer(uninitialised: rows)
    inverse = FloatBuffer(uninitialised: rows)
    derivative = FloatBuffer(uninitialised: rows * shape.mlpWidth)
    gateDerivative = shape.gated ? FloatBuffer(uninitialised: rows * shape.mlpWidth) : nil
    func norm(_ exists: Bool, _ width: Int) -> NormTrace? { exists ? NormTrace(rows: rows, width: width) : nil }
    attentionNorm = norm(shape.attentionNorm, shape.width)
    mlpNorm = norm(shape.mlpNorm, shape.mlpWidth)
    postNorm1 = norm(shape.postNorm, shape.width)
    postNorm2 = norm(shape.postNorm, shape.width)
    probabilities = nil
  }
}
