/// A tensor that a model must have.
package struct TensorSpec: Sendable, Hashable {
  package let name: String
  package let shape: [Int]

  package init(name: String, shape: [Int]) {
    self.name = name
    self.shape = shape
  }

  package var count: Int { shape.reduce(1, *) }
}

extension Architecture {
  /// The canonical names and shapes, in the order in which the runtime uses them.
  ///
  /// Linear weights are `[out, in]`; `qkv` rows are query, key, value; positions start with the prefix tokens, followed by the grid row by row. The
  /// converter writes exactly this list; the runtime relies on it.
  package var tensors: [TensorSpec] {
    var list = TensorList()
    if let vision { list.vision(vision, embedding: embedding) }
    if let text { list.text(text, embedding: embedding) }
    if logitScale { list.add("logit_scale", []) }
    if logitBias { list.add("logit_bias", []) }
    return list.specs + foreign.flatMap(\.specs)
  }

  /// The number of weights. The blocks of a tower are alike, so one of each is enough.
  public var parameterCount: Int {
    func count(_ specs: [TensorSpec]) -> Int { specs.reduce(0) { $0 + $1.count } }
    func firstBlock(_ blocks: Blocks) -> Blocks {
      var first = blocks
      first.layers = min(1, blocks.layers)
      first.noFirstNorm = false
      return first
    }
    var short = self
    short.foreign = []
    if let vision { short.vision?.blocks = firstBlock(vision.blocks) }
    var repeated = 0
    if case .resNet(let stem) = vision?.stem {
      short.vision?.stem = .resNet(stem.shortened)
      repeated = stem.repeatedCount
    }
    if let text { short.text?.blocks = firstBlock(text.blocks) }
    var total = count(short.tensors) + repeated + foreign.reduce(0) { $0 + $1.shape.reduce($1.count ?? 1, *) }
    for blocks in [vision?.blocks, text?.blocks] {
      guard let blocks, blocks.layers > 1 else { continue }
      if blocks.noFirstNorm { total -= blocks.width * (blocks.rms ? 1 : 2) }
      var list = TensorList()
      list.blocks("", firstBlock(blocks))
      total += (blocks.layers - 1) * count(list.specs)
    }
    return total
  }
}

/// Collects the tensor specs of a model part by part.
private struct TensorList {
  var specs: [TensorSpec] = []

  mutating func add(_ name: String, _ shape: [Int]) { specs.append(TensorSpec(name: name, shape: shape)) }

  mutating func norm(_ name: String, _ width: Int, rms: Bool = false) {
    add("\(name).weight", [width])
    if !rms { add("\(name).bias", [width]) }
  }

  mutating func linear(_ name: String, from input: Int, to output: Int, bias: Bool = true) {
    add("\(name).weight", [output, input])
    if bias { add("\(name).bias", [output]) }
  }

  /// A convolution with a batch norm and its running statistics.
  mutating func convolution(_ name: String, from input: Int, to output: Int, side: Int) {
    add("\(name).weight", [output, input, side, side])
    for part in ["weight", "bias", "mean", "variance"] { add("\(name).norm.\(part)", [output]) }
  }

  /// A convolution with a bias.
  mutating func convolution(_ name: String, shape: [Int]) {
    add("\(name).weight", shape)
    add("\(name).bias", [shape[0]])
  }

  mutating func mobile(_ stem: MobileStem, width: Int) {
    let first = stem.widths.first ?? 1
    convolution("vision.stem.0", shape: [first, 3, 3, 3])
    norm("vision.stem.norm", first)
    convolution("vision.stem.1", shape: [first, first, 3, 3])
    for block in stem.blocks {
      let name = "vision.\(block.name)"
      if block.hasShortcut { convolution("\(name).shortcut", shape: [block.outputs, block.inputs, 1, 1]) }
      norm("\(name).norm", block.inputs)
      convolution("\(name).0", shape: [block.hidden, block.inputs, 1, 1])
      convolution("\(name).1", shape: [block.hidden, 1, 3, 3])
      convolution("\(name).2", shape: [block.outputs, block.hidden, 1, 1])
    }
    let last = stem.widths.last ?? 1
    norm("vision.stem.last_norm", last)
    add("vision.patch.weight", [width, last, 3, 3])
  }

  mutating func projection(_ name: String, _ kind: Projection, from input: Int, to output: Int) {
    switch kind {
    case .none: break
    case .linear, .linearWithBias: linear(name, from: input, to: output, bias: kind == .linearWithBias)
    case .mlp:
      let hidden = Projection.hiddenWidth(from: input, to: output)
      linear("\(name).fc1", from: input, to: hidden, bias: false)
      linear("\(name).fc2", from: hidden, to: output, bias: false)
    }
  }

  mutating func vision(_ tower: VisionTower, embedding: Int) {
    let width = tower.blocks.width
    switch tower.stem {
    case .cells(let stem):
      for (index, side) in stem.kernels.dropLast().enumerated() {
        convolution("vision.stem.\(index)", from: index == 0 ? 3 : stem.width, to: stem.width, side: side)
      }
      let last = stem.kernels.last ?? 1
      add("vision.patch.weight", [width, stem.width, last, last])
    case .resNet(let stem):
      let layers = stem.entry + stem.blocks.flatMap { $0.layers + [$0.shortcut].compactMap(\.self) }
      for layer in layers {
        convolution("vision.\(layer.name)", from: layer.inputs, to: layer.outputs, side: layer.side)
      }
    case .mobile(let stem): mobile(stem, width: width)
    case nil: add("vision.patch.weight", [width, 3, tower.patch, tower.patch])
    }
    if tower.patchBias { add("vision.patch.bias", [width]) }
    if tower.classToken { add("vision.class_token", [width]) }
    if tower.registers > 0 { add("vision.registers", [tower.registers, width]) }
    if tower.positions > 0 { add("vision.positions", [tower.positions, width]) }
    if tower.normPre { norm("vision.norm_pre", width) }
    blocks("vision", tower.blocks)
    if case .coca(_, let queries, let pooled) = tower.pooler {
      add("vision.pooler.latent", [queries, pooled])
      norm("vision.pooler.norm_q", pooled)
      norm("vision.pooler.norm_kv", width)
      linear("vision.pooler.q", from: pooled, to: pooled)
      linear("vision.pooler.kv", from: width, to: 2 * pooled)
      linear("vision.pooler.out", from: pooled, to: pooled)
    }
    if tower.pooler.isMeanQuery {
      linear("vision.pooler.q", from: width, to: width)
      linear("vision.pooler.kv", from: width, to: 2 * width)
    }
    if !tower.noFinalNorm { norm("vision.norm", tower.normWidth) }
    if case .attention(_, let mlpWidth, _) = tower.pooler {
      add("vision.pooler.latent", [1, width])
      linear("vision.pooler.q", from: width, to: width)
      linear("vision.pooler.kv", from: width, to: 2 * width)
      linear("vision.pooler.out", from: width, to: width)
      norm("vision.pooler.norm", width)
      linear("vision.pooler.fc1", from: width, to: mlpWidth)
      linear("vision.pooler.fc2", from: mlpWidth, to: width)
    }
    projection("vision.projection", tower.projection, from: tower.pooledWidth, to: embedding)
  }

  mutating func text(_ tower: TextTower, embedding: Int) {
    let width = tower.blocks.width
    add("text.tokens", [tower.vocabulary, width])
    if tower.pooling == .classToken { add("text.class_token", [width]) }
    if tower.positions > 0 { add("text.positions", [tower.positions, width]) }
    if let embedding = tower.embedding {
      if embedding.tokenTypes > 0 { add("text.token_types", [embedding.tokenTypes, width]) }
      if embedding.norm { norm("text.embedding_norm", width, rms: tower.blocks.rms) }
    }
    if let bias = tower.blocks.relativeBias { add("text.relative_bias", [bias.buckets, tower.blocks.heads]) }
    blocks("text", tower.blocks)
    if tower.hasFinalNorm { norm("text.norm", width, rms: tower.blocks.rms) }
    if tower.pooling == .attention {
      add("text.pooler.latent", [1, width])
      linear("text.pooler.q", from: width, to: width)
      linear("text.pooler.kv", from: width, to: 2 * width)
      headNorms("text.pooler", tower.blocks)
    }
    projection("text.projection", tower.projection, from: width, to: embedding)
  }

  /// The norms of each head's queries and keys.
  mutating func headNorms(_ name: String, _ blocks: Blocks) {
    guard blocks.queryKeyNorm else { return }
    for part in ["q", "k"] { norm("\(name).\(part)_norm", blocks.headWidth, rms: blocks.rms) }
  }

  mutating func blocks(_ tower: String, _ blocks: Blocks) {
    let width = blocks.width
    for layer in 0..<blocks.layers {
      let name = "\(tower).blocks.\(layer)"
      if layer > 0 || !blocks.noFirstNorm { norm("\(name).norm1", width, rms: blocks.rms) }
      linear("\(name).qkv", from: width, to: 3 * width)
      headNorms(name, blocks)
      if let hidden = blocks.relativeHidden {
        linear("\(name).relative.fc1", from: 2, to: hidden)
        linear("\(name).relative.fc2", from: hidden, to: blocks.heads)
      }
      if blocks.attentionGate { linear("\(name).attention_gate", from: width, to: width) }
      if blocks.attentionNorm { norm("\(name).attention_norm", width) }
      linear("\(name).out", from: width, to: width)
      if blocks.layerScale { add("\(name).scale1", [width]) }
      norm("\(name).norm2", width, rms: blocks.rms)
      if blocks.mlpInputNorm { norm("\(name).mlp_input_norm", width) }
      if blocks.gated { linear("\(name).gate", from: width, to: blocks.mlpWidth) }
      linear("\(name).fc1", from: width, to: blocks.mlpWidth)
      if blocks.mlpNorm { norm("\(name).mlp_norm", blocks.mlpWidth) }
      linear("\(name).fc2", from: blocks.mlpWidth, to: width)
      if blocks.layerScale { add("\(name).scale2", [width]) }
    }
  }
}
