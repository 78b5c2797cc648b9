import CZooKernels
import ZooModels

/// One transformer block: the single block function of all towers.
///
/// `U = LN1(X); [Q|K|V] = U W + b; Y = X + s1 * (attention(Q, K, V) Wo + bo); Z = Y + s2 * MLP(LN2(Y))`. In post-norm blocks the norms
/// follow the branches: `Y = X + LN1(attention(X))`, `Z = Y + LN2(MLP(Y))`. Or they follow the sums: `Y = LN1(X + attention(X))`,
/// `Z = LN2(Y + MLP(Y))`.
package struct Block: Sendable {
  package let shape: Blocks
  package let norm1: Norm
  package let qkv: Linear
  /// Norms of each head's queries and keys.
  let headNorms: HeadNorms?
  /// Computes an attention bias from distances on the grid.
  let relativePositions: RelativePositions?
  /// Computes the gate of attention's output.
  let attentionGate: Linear?
  package let attentionNorm: Norm?
  package let out: Linear
  package let scale1: FloatView?
  package let norm2: Norm
  package let mlpInputNorm: Norm?
  package let gate: Linear?
  package let fc1: Linear
  package let mlpNorm: Norm?
  package let fc2: Linear
  package let scale2: FloatView?
  /// The matrices through which gradients shared by all rows pass in one product; computed on first use. Nil if the block cannot be folded.
  package let folded: Lazy<FoldedMatrices>?

  init(_ weights: Weights, tower: String, layer: Int, shape: Blocks) throws {
    let name = "\(tower).blocks.\(layer)"
    self.shape = shape
    norm1 =
      layer == 0 && shape.noFirstNorm
      ? Norm(passing: shape.width) : try weights.norm("\(name).norm1", eps: shape.normEps, rms: shape.rms)
    qkv = try weights.linear("\(name).qkv")
    headNorms = try HeadNorms(weights, name, shape: shape)
    relativePositions = try shape.relativeHidden.map { _ in try RelativePositions(weights, "\(name).relative") }
    attentionGate = shape.attentionGate ? try weights.linear("\(name).attention_gate") : nil
    attentionNorm = shape.attentionNorm ? try weights.norm("\(name).attention_norm", eps: shape.normEps) : nil
    out = try weights.linear("\(name).out")
    scale1 = shape.layerScale ? try weights.vector("\(name).scale1") : nil
    norm2 = try weights.norm("\(name).norm2", eps: shape.normEps, rms: shape.rms)
    mlpInputNorm = shape.mlpInputNorm ? try weights.norm("\(name).mlp_input_norm", eps: shape.normEps) : nil
    gate = shape.gated ? try weights.linear("\(name).gate") : nil
    fc1 = try weights.linear("\(name).fc1")
    mlpNorm = shape.mlpNorm ? try weights.norm("\(name).mlp_norm", eps: shape.normEps) : nil
    fc2 = try weights.linear("\(name).fc2")
    scale2 = shape.layerScale ? try weights.vector("\(name).scale2") : nil
    folded =
      shape.canFold
      ? Lazy { [fc1, norm2, scale1, out] in
        FoldedMatrices(fc1: fc1, norm: norm2, scale: scale1, out: out)
      } : nil
  }

  private var linears: [Linear] { [qkv, attentionGate, out, gate, fc1, fc2].compactMap(\.self) }

  /// Prepares the matrices before their first products; with `backward`, those for gradients that pass row by row.
  func prepare(backward: Bool, lasting: Bool) {
    for linear in linears { linear.prepare(.forward, lasting: lasting) }
    guard backward else { return }
    for linear in [gate, fc1, out] { linear?.prepare(.backward, lasting: lasting) }
    if lasting { fc2.keep(.backward) }
  }

  /// Announces many passes: copies that the first one makes are kept.
  func keep() {
    for linear in linears { linear.keep(.forward) }
  }

  /// Releases all memory of the matrices until the next pass.
  func forget() {
    for linear in linears { linear.forget() }
  }

  func unmap() {
    for linear in linears { linear.unmap() }
  }

  /// Runs the block in place on `work.x`. With `trace`, the intermediate results that gradients need are recorded in it.
  ///
  /// If the algebra splits rows, each thread owns a range of rows and synchronises twice, before and after attention.
  ///
  /// - Parameter meanOf: Output tokens of which only the mean is used, which is enough for the last block. Only the first output token of each
  ///   sequence is then written to its row of `work.x`, and the mean is in `work.mean`. For blocks whose norms come first.
  func forward(
    _ work: BlockWork, trace: BlockTrace?, mask: AttentionMask, engine: Engine, meanOf tokens: Range<Int>? = nil
  ) {
    for sequences in portions(of: work, engine: engine) {
      let rows = work.spans[sequences.lowerBound].lowerBound..<work.spans[sequences.upperBound - 1].upperBound
      engine.forRows(rows) { project(work, rows: $0, parallel: $1) }
      attend(work, sequences: sequences, mask: mask, engine: engine)
      engine.forRows(rows) { rows, parallel in
        hide(work, rows: rows, trace: trace, parallel: parallel)
        if tokens == nil { leave(work, rows: rows, trace: trace, parallel: parallel) }
      }
    }
    if let tokens { leave(work, meanOf: tokens, engine: engine) }
  }

  /// Runs the block for one token of each sequence, `places[sequence]`: enough for the last block if the readout uses one token. The other rows of
  /// `work.x` do not change.
  ///
  /// - Parameter trace: Gets the intermediate results for these tokens.
  func forward(
    _ work: BlockWork, at places: [Int], mask: AttentionMask, trace: BlockTrace? = nil, engine: Engine
  ) {
    let (width, head) = (shape.width, shape.headWidth)
    engine.forRows(0..<work.rows) { project(work, rows: $0, parallel: $1) }
    let one = BlockWork(sequences: work.sequences, tokens: 1, shape: shape)
    engine.parallel.forEach(work.sequences * shape.heads) { index in
      let (sequence, number) = (index / shape.heads, index % shape.heads)
      let span = work.spans[sequence], q = work.qkv.pointer + span.lowerBound * 3 * width + number * head
      let place = places[sequence], keys = mask.isCausal ? place + 1 : span.count
      let bias = mask.bias.map { $0.pointer(head: number, tokens: work.tokens) + place * work.tokens }
      withScratch(zoo_attention_scratch(keys, head)) { scratch in
        zoo_attention(
          q + place * 3 * width, 3 * width, q + width, q + 2 * width, 3 * width, 1, keys, head,
          shape.attentionScale, bias, Int32(ZOO_MASK_NONE.rawValue), 0,
          one.mixed.pointer + sequence * width + number * head, width, scratch, nil)
      }
    }
    func row(_ sequence: Int) -> UnsafeMutablePointer<Float> {
      work.x.pointer + (work.spans[sequence].lowerBound + places[sequence]) * width
    }
    for sequence in places.indices {
      (one.x.pointer + sequence * width).update(from: row(sequence), count: width)
      if let from = work.attentionGate, let to = one.attentionGate {
        let gate = from.pointer + (work.spans[sequence].lowerBound + places[sequence]) * width
        (to.pointer + sequence * width).update(from: gate, count: width)
      }
    }
    engine.forRows(0..<one.rows) { rows, parallel in
      hide(one, rows: rows, trace: trace, parallel: parallel)
      leave(one, rows: rows, trace: trace, parallel: parallel)
    }
    for sequence in places.indices { row(sequence).update(from: one.x.pointer + sequence * width, count: width) }
  }

  /// The sequences that go through the block together: so few that what one product writes is still in the caches for the next, unless weights would
  /// have to be arranged for each portion. Tiles of products are as full with 192 rows as with more; many threads need more, and have more caches.
  private func portions(of work: BlockWork, engine: Engine) -> [Range<Int>] {
    guard !engine.algebra.splitsRows, linears.allSatisfy(\.isArranged) else { return [0..<work.sequences] }
    let least = max(192, 96 * engine.parallel.threads)
    var portions: [Range<Int>] = [], first = 0
    for (sequence, span) in work.spans.enumerated()
    where sequence == work.sequences - 1 || span.upperBound - work.spans[first].lowerBound >= least {
      portions.append(first..<sequence + 1)
      first = sequence + 1
    }
    return portions
  }

  /// Computes queries, keys and values for some rows.
  private func project(_ work: BlockWork, rows: Range<Int>, parallel: Parallel) {
    let offset = rows.lowerBound * shape.width, x = work.x.pointer + offset, normed = work.normed.pointer + offset
    if shape.normFirst { norm1.apply(x, rows: rows.count, into: normed, parallel: parallel) }
    let input = shape.normFirst ? normed : x
    qkv.forward(input, rows: rows.count, into: work.qkv.pointer + 3 * offset, parallel: parallel)
    headNorms?.apply(to: work.qkv.pointer + 3 * offset, rows: rows.count, parallel: parallel)
    if let attentionGate, let open = work.attentionGate {
      attentionGate.forward(input, rows: rows.count, into: open.pointer + offset, parallel: parallel)
    }
    work.rotary?.apply(to: work.qkv, rows: rows, tokens: work.tokens, shape: shape)
  }

  /// Computes what follows attention, for some rows, up to the hidden values of the MLP: attention's output matrix and the residual.
  private func hide(_ work: BlockWork, rows: Range<Int>, trace: BlockTrace?, parallel: Parallel) {
    let count = rows.count, first = rows.lowerBound, offset = first * shape.width, deep = first * shape.mlpWidth
    let x = work.x.pointer + offset, mixed = work.mixed.pointer + offset, normed = work.normed.pointer + offset
    let hidden = work.hidden.pointer + deep, input = shape.normFirst ? normed : x
    if let gate = work.attentionGate {
      parallel.forRanges(count, atLeast: 16) { part in
        let start = part.lowerBound * shape.width
        zoo_open_gate(mixed + start, gate.pointer + offset + start, part.count * shape.width)
      }
    }
    attentionNorm?.apply(inPlace: mixed, rows: rows, keeping: trace?.attentionNorm, parallel: parallel)
    out.product(mixed, rows: count, into: normed, parallel: parallel)
    parallel.forRanges(count, atLeast: 16) { part in
      let start = part.lowerBound * shape.width, rows = first + part.lowerBound..<first + part.upperBound
      addBranch(
        normed + start, to: x + start, rows: rows, bias: out.bias, scale: scale1, norm: norm1, trace: trace?.postNorm1)
      if !shape.normFirst { return }
      trace.map { ($0.middle.pointer + offset + start).update(from: x + start, count: part.count * shape.width) }
      norm2.apply(
        x + start, rows: part.count, into: normed + start, mean: trace.map { $0.mean.pointer + rows.lowerBound },
        inverse: trace.map { $0.inverse.pointer + rows.lowerBound }, parallel: Parallel(threads: 1))
      mlpInputNorm?.apply(
        inPlace: normed + start, rows: rows, keeping: trace?.mlpInputNorm, parallel: Parallel(threads: 1))
    }
    if let gate, let buffer = work.gate {
      gated(
        input, gate: gate, open: buffer.pointer + deep, into: hidden, rows: rows, trace: trace, parallel: parallel)
    } else {
      var epilogue = Epilogue(activation: shape.activation, derivative: trace.map { $0.derivative.pointer + deep })
      if let moment = trace?.moment, let folded {
        (epilogue.moment, epilogue.centre) = (moment.pointer + deep, UnsafePointer(folded.value.centre.pointer))
      }
      fc1.forward(input, rows: count, into: hidden, epilogue: epilogue, parallel: parallel)
    }
    mlpNorm?.apply(inPlace: hidden, rows: rows, keeping: trace?.mlpNorm, parallel: parallel)
  }

  /// Computes the block's output from the hidden values of some rows.
  private func leave(_ work: BlockWork, rows: Range<Int>, trace: BlockTrace?, parallel: Parallel) {
    let offset = rows.lowerBound * shape.width, branch = work.normed.pointer + offset
    let hidden = work.hidden.pointer + rows.lowerBound * shape.mlpWidth
    fc2.product(hidden, rows: rows.count, into: branch, parallel: parallel)
    parallel.forRanges(rows.count, atLeast: 16) { part in
      let start = part.lowerBound * shape.width
      addBranch(
        branch + start, to: work.x.pointer + offset + start,
        rows: rows.lowerBound + part.lowerBound..<rows.lowerBound + part.upperBound, bias: fc2.bias, scale: scale2,
        norm: norm2, trace: trace?.postNorm2)
    }
  }

  /// Computes the output of the first token and the mean of some tokens for each sequence: everything after the hidden values is linear.
  private func leave(_ work: BlockWork, meanOf tokens: Range<Int>, engine: Engine) {
    let two = BlockWork(sequences: work.sequences, tokens: 2, shape: shape)
    let mean = FloatBuffer(uninitialised: work.sequences * shape.width)
    engine.parallel.forEach(work.sequences * 2) { index in
      let sequence = index / 2, width = index % 2 == 0 ? shape.width : shape.mlpWidth
      let source = (index % 2 == 0 ? work.x : work.hidden).pointer + work.spans[sequence].lowerBound * width
      let target = (index % 2 == 0 ? two.x : two.hidden).pointer + 2 * sequence * width
      target.update(from: source, count: width)
      (target + width).update(from: ZooRuntime.mean(source, rows: tokens, width: width), count: width)
    }
    leave(two, rows: 0..<two.rows, trace: nil, parallel: engine.parallel)
    for sequence in 0..<work.sequences {
      let result = two.x.pointer + 2 * sequence * shape.width
      (work.x.pointer + work.spans[sequence].lowerBound * shape.width).update(from: result, count: shape.width)
      (mean.pointer + sequence * shape.width).update(from: result + shape.width, count: shape.width)
    }
    work.mean = mean
  }

  /// Mixes the values of each head into `work.mixed`, for some sequences.
  private func attend(_ work: BlockWork, sequences: Range<Int>, mask: AttentionMask, engine: Engine) {
    let (width, head) = (shape.width, shape.headWidth)
    let scale = shape.attentionScale, bf16 = engine.roundsToBF16
    engine.parallel.forEach(sequences.count * shape.heads) { index in
      let (sequence, number) = (sequences.lowerBound + index / shape.heads, index % shape.heads)
      let first = work.spans[sequence].lowerBound, tokens = work.spans[sequence].count
      let q = work.qkv.pointer + first * 3 * width + number * head
      let out = work.mixed.pointer + first * width + number * head
      withScratch(zoo_attention_scratch(tokens, head)) { scratch in
        zoo_attention(
          q, 3 * width, q + width, q + 2 * width, 3 * width, tokens, tokens, head, scale,
          mask.bias?.pointer(head: number, tokens: tokens), mask.kernel, bf16, out, width, scratch, nil)
        if case .causalWithClassToken(let visible) = mask {
          let keys = visible[sequence], last = tokens - 1
          withScratch(2 * keys.count * head) { gathered in
            let values = gathered + keys.count * head
            for (place, key) in keys.enumerated() {
              (gathered + place * head).update(from: q + width + key * 3 * width, count: head)
              (values + place * head).update(from: q + 2 * width + key * 3 * width, count: head)
            }
            zoo_attention(
              q + last * 3 * width, 3 * width, gathered, values, head, 1, keys.count, head, scale, nil,
              Int32(ZOO_MASK_NONE.rawValue), 0, out + last * width, width, scratch, nil)
          }
        }
      }
    }
  }
}
