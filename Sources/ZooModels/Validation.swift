/// Checks the fields of one file.
private struct Checker {
  let file: String

  func check(_ field: String, _ holds: Bool, _ reason: String) throws(ManifestError) {
    if !holds { throw .impossible(file: file, field: field, reason: reason) }
  }

  func check(_ field: String, _ value: Int, _ range: ClosedRange<Int>) throws(ManifestError) {
    try check(
      field, range.contains(value), "must be between \(range.lowerBound) and \(range.upperBound), not \(value)")
  }

  func check(_ field: String, _ size: GridSize, _ range: ClosedRange<Int>) throws(ManifestError) {
    for side in [size.height, size.width] { try check(field, side, range) }
  }

  /// - Parameter isEmptyAllowed: True if a pooler's attention may be the only one.
  func check(_ name: String, _ blocks: Blocks, isEmptyAllowed: Bool = false) throws(ManifestError) {
    try check("\(name).width", blocks.width, Limits.width)
    let isEmpty = isEmptyAllowed && blocks.layers == 0
    try check("\(name).layers", blocks.layers, isEmpty ? 0...0 : Limits.layers)
    try check("\(name).mlp_width", blocks.mlpWidth, isEmpty ? 0...0 : Limits.mlpWidth)
    try check("\(name).heads", blocks.heads, Limits.width)
    try divides("\(name).heads", blocks.heads, blocks.width)
    try check("\(name).norm_eps", blocks.normEps >= 0 && blocks.normEps < 1, "must lie in 0..<1")
    if let hidden = blocks.relativeHidden { try check("\(name).relative_hidden", hidden, Limits.width) }
    if let rope = blocks.sequenceRope { try check(name, rope, blocks) }
    guard let rope = blocks.rope else { return }
    try check(
      "\(name).rope", blocks.headWidth % 4 == 0,
      "needs a head width that is a multiple of 4, not \(blocks.headWidth)")
    try check(
      "\(name).rope", rope.temperature.isFinite && rope.temperature > 0 && rope.offset.isFinite,
      "must have a temperature above zero")
    if let grid = rope.referenceGrid { try check("\(name).rope.reference_grid", grid, Limits.side) }
  }

  private func check(_ name: String, _ rope: SequenceRotary, _ blocks: Blocks) throws(ManifestError) {
    let temperatures = [rope.temperature] + (rope.local.map { [$0.temperature] } ?? [])
    try check(
      "\(name).sequence_rope", blocks.headWidth % 2 == 0, "needs an even head width, not \(blocks.headWidth)")
    try check(
      "\(name).sequence_rope", temperatures.allSatisfy { $0.isFinite && $0 > 0 }, "must have a temperature above zero")
    guard let local = rope.local else { return }
    try check("\(name).sequence_rope.local.reach", local.reach, Limits.contextLength)
    try check("\(name).sequence_rope.local.global_every", local.globalEvery, Limits.layers)
  }

  func divides(_ field: String, _ heads: Int, _ width: Int) throws(ManifestError) {
    try check(field, width % heads == 0, "must divide the width: \(width) is not a multiple of \(heads)")
  }

  func check(_ vision: VisionTower) throws(ManifestError) {
    try check("vision.blocks", vision.blocks, isEmptyAllowed: vision.pooler.isMeanQuery)
    try check("vision.blocks.sum_norm", !vision.blocks.sumNorm, "is run in text towers alone")
    try check("vision.blocks.rms", !vision.blocks.rms, "is run in text towers alone")
    try check("vision.blocks.relative_bias", vision.blocks.relativeBias == nil, "is run in text towers alone")
    try check(
      "vision.blocks.relative_hidden", vision.blocks.relativeHidden == nil || vision.blocks.rope == nil,
      "does not go with a rotary embedding")
    try check("vision.blocks.sequence_rope", vision.blocks.sequenceRope == nil, "is run in text towers alone")
    try check("vision.blocks.query_key_norm", !vision.blocks.queryKeyNorm, "is run in text towers alone")
    try check("vision.blocks.attention_gate", !vision.blocks.attentionGate, "is run in text towers alone")
    try check("vision.blocks.no_first_norm", !vision.blocks.noFirstNorm, "is run in text towers alone")
    try check(
      "vision.blocks.mlp_input_norm", !vision.blocks.mlpInputNorm || vision.blocks.gated && vision.blocks.normFirst,
      "goes with a gated MLP and norms that come first")
    try check(
      "vision.no_positions", !vision.noPositions || !vision.pooler.isMeanQuery && vision.positionGrid == nil,
      "does not go with a position table")
    try check("vision.projection", vision.projection != .mlp, "has two maps in text towers alone")
    try check("vision.patch", vision.patch, Limits.patch)
    try check("vision.registers", vision.registers, Limits.registers)
    if let stem = vision.stem { try check(stem, of: vision) }
    try check("vision.image", vision.image, vision.patch...max(vision.patch, Limits.side.upperBound))
    try check("vision.image", vision.grid.count, Limits.patches)
    if let grid = vision.positionGrid {
      try check("vision.position_grid", grid, Limits.side)
      try check("vision.position_grid", grid.count, Limits.patches)
    }
    switch vision.pooler {
    case .coca(let heads, let queries, let width):
      try check("vision.pooler.width", width, Limits.width)
      try check("vision.pooler.heads", heads, Limits.width)
      try check("vision.pooler.queries", queries, Limits.queries)
      try divides("vision.pooler.heads", heads, width)
    case .attention(let heads, let mlpWidth, _):
      try check("vision.pooler.heads", heads, Limits.width)
      try check("vision.pooler.mlp_width", mlpWidth, Limits.mlpWidth)
      try divides("vision.pooler.heads", heads, vision.blocks.width)
    case .classToken, .classAndPatchMean:
      try check("vision.pooler", vision.classToken, "takes a class token, which is not there")
    case .meanQuery(let heads):
      try check("vision.pooler.heads", heads, Limits.width)
      try divides("vision.pooler.heads", heads, vision.blocks.width)
      try check(
        "vision.pooler", !vision.classToken && vision.registers == 0 && vision.noFinalNorm && !vision.normPre,
        "'mean_query' takes the place of a class token and of norms")
      try check(
        "vision.pooler", vision.positionsCoverPrefix && vision.blocks.relativeHidden == nil,
        "'mean_query' goes with a position for each token")
    case .tokenMean, .patchMean, .patchMax: break
    }
    if vision.poolerSkipsPrefix {
      var isAttention = false
      if case .attention = vision.pooler { isAttention = true }
      try check("vision.pooler_skips_prefix", isAttention, "goes with the pooler 'attention'")
    }
    if vision.noFinalNorm {
      let isMean = [.tokenMean, .patchMean(normFirst: false)].contains(vision.pooler)
      try check("vision.no_final_norm", isMean || vision.pooler.isMeanQuery, "goes with a mean of tokens alone")
    }
  }

  private func check(_ stem: Stem, of vision: VisionTower) throws(ManifestError) {
    switch stem {
    case .cells(let stem):
      try check("vision.stem.width", stem.width, Limits.width)
      try check(
        "vision.stem.kernels", stem.fits(patch: vision.patch), "must be two or more whose product is the patch")
    case .resNet(let stem):
      try check("vision.stem.width", stem.width, Limits.width)
      try check("vision.stem.bottlenecks", stem.bottlenecks.count, 1...8)
      for count in stem.bottlenecks { try check("vision.stem.bottlenecks", count, Limits.layers) }
      try check(
        "vision.stem", stem.outputs == vision.blocks.width && stem.patch == vision.patch,
        "gives \(stem.outputs) channels for each \(stem.patch) pixels, which must be the width and the patch")
      try check("vision.stem.width", stem.width % 2 == 0 && !vision.patchBias, "must be even, without a patch_bias")
    case .mobile(let stem):
      try check("vision.stem.depths", stem.depths.count, 1...8)
      try check("vision.stem.depths", stem.depths.count == stem.widths.count, "must be as many as widths")
      for width in stem.widths { try check("vision.stem.widths", width, Limits.width) }
      for depth in stem.depths { try check("vision.stem.depths", depth, Limits.layers) }
      try check(
        "vision.stem", stem.patch == vision.patch && vision.patchBias,
        "makes a token of \(stem.patch) pixels, which must be the patch, with a patch_bias")
    }
  }

  func check(_ text: TextTower) throws(ManifestError) {
    try check("text.blocks", text.blocks)
    try check("text.blocks.sum_norm", !text.blocks.sumNorm || !text.blocks.postNorm, "does not go with post_norm")
    try check(
      "text.hides_padding", !text.hidesPadding || [.first, .mean, .attention].contains(text.pooling) && !text.causal,
      "goes with the poolings 'first', 'mean' and 'attention' of a tower that is not causal")
    if text.pooling == .mean || text.pooling == .attention {
      try check("text.pooling", text.hidesPadding, "'\(text.pooling)' goes with hides_padding")
    }
    try check(
      "text.pooling", text.pooling != .attention || text.blocks.normFirst, "'attention' goes with norms that come first"
    )
    try check(
      "text.blocks.no_first_norm", !text.blocks.noFirstNorm || text.blocks.normFirst, "is for norms that come first")
    try check(
      "text.blocks.sequence_rope", text.blocks.sequenceRope?.local == nil || !text.causal,
      "has local attention, which goes with a tower that is not causal")
    try check(
      "text.blocks.sequence_rope", text.blocks.sequenceRope == nil || text.embedding.map { !$0.skipsPadding } ?? false,
      "goes with an embedding whose positions count every token")
    try check(
      "text.blocks.sequence_rope",
      text.blocks.sequenceRope?.local == nil || text.contextLength * text.contextLength <= Limits.computed,
      "has a number for each two tokens of a prompt, which are more than \(Limits.computed)")
    try check("text.blocks.mlp_input_norm", !text.blocks.mlpInputNorm, "is run in image towers alone")
    try check("text.blocks.relative_hidden", text.blocks.relativeHidden == nil, "is run in image towers alone")
    try check("text.blocks.rope", text.blocks.rope == nil, "has no grid to rotate by: prompts have sequence_rope")
    try check("text.tokenizer.context_length", text.contextLength, Limits.contextLength)
    try check("text.vocabulary", text.vocabulary, Limits.vocabulary)
    let tokenizer = text.tokenizer
    for (field, id) in [("pad_id", tokenizer.padID), ("bos_id", tokenizer.bosID), ("eos_id", tokenizer.eosID)] {
      if let id { try check("text.tokenizer.\(field)", id, Limits.token) }
    }
    if case .endOfText(let id) = text.pooling { try check("text.pooling", id, Limits.token) }
    if let bias = text.blocks.relativeBias {
      try check("text.blocks.relative_bias.buckets", bias.buckets, 4...1024)
      try check(
        "text.blocks.relative_bias.max_distance", bias.maxDistance, bias.buckets / 4 + 1...Limits.token.upperBound)
      try check("text.blocks.relative_bias", !text.causal && text.pooling == .mean, "goes with the pooling 'mean'")
      try check(
        "text.blocks.relative_bias", text.blocks.heads * text.contextLength * text.contextLength <= Limits.computed,
        "has a number for each head and each two tokens of a prompt, which are more than \(Limits.computed)")
    }
    try check("text.blocks.rms", !text.blocks.rms || text.blocks.normFirst, "goes with norms that come first")
    if let embedding = text.embedding {
      try check(
        "text.embedding.sinusoidal", !embedding.sinusoidal || embedding.positions == 0, "does not go with a table")
      try check("text.embedding.positions", embedding.positions, 0...2 * Limits.contextLength.upperBound)
      try check("text.embedding.token_types", embedding.tokenTypes, 0...Limits.contextLength.upperBound)
      if embedding.skipsPadding {
        try check("text.tokenizer.pad_id", tokenizer.padID, 0...Limits.contextLength.upperBound)
      }
      let last = text.position(ofToken: text.contextLength - 1, at: text.contextLength - 1)
      try check(
        "text.embedding.sinusoidal", !embedding.sinusoidal || (last + 1) * text.blocks.width <= Limits.computed,
        "gives a table of more than \(Limits.computed) numbers")
      try check(
        "text.embedding.positions", embedding.positions == 0 || last < embedding.positions,
        "must have a row for each of the \(text.contextLength) tokens of a prompt")
    }
  }

  func check(_ foreign: [ForeignTensors]) throws(ManifestError) {
    var tensors = 0
    for part in foreign {
      try check("foreign.count", part.count ?? 1, Limits.foreignTensors)
      tensors += part.count ?? 1
      try check("foreign.count", tensors, Limits.foreignTensors)
      var elements = 1
      for side in part.shape {
        let (product, overflow) = elements.multipliedReportingOverflow(by: side)
        try check(
          "foreign.shape", side >= 0 && !overflow && product <= Limits.foreignElements,
          "of '\(part.name)' must have at most \(Limits.foreignElements) elements")
        elements = product
      }
    }
  }
}

extension Architecture {
  /// Rejects dimensions that no model has, so that nothing later divides by zero, overflows or fills the memory.
  package func validate(file: String) throws(ManifestError) {
    let checker = Checker(file: file)
    try checker.check("architecture.name", (try? PlainName(name)) != nil, NameError.rule)
    try checker.check("architecture.embedding", embedding, Limits.embedding)
    try checker.check(foreign)
    if let vision { try checker.check(vision) }
    if let text { try checker.check(text) }
    if let temperature {
      try checker.check(
        "architecture.temperature", temperature > 0 && temperature.isFinite && !logitScale,
        "must be a number above zero, and goes without a logit_scale")
    }
    if unsupported != nil { return }
    let towers =
      switch part {
      case .whole: vision != nil && text != nil
      case .imageTower, .classifier: vision != nil && text == nil
      case .textTower: vision == nil && text != nil
      }
    try checker.check(
      "vision.pooler", isClassifier || vision?.pooler != .classAndPatchMean,
      "is for the head of a classifier, which sees two vectors side by side")
    try checker.check("architecture.part", towers, "is \(part.rawValue), which is not what its towers are")
  }
}

extension Preprocessing {
  /// Rejects pictures that hold no patch of a tower, or more than can be computed.
  package func validate(for tower: VisionTower?, file: String) throws(ManifestError) {
    let checker = Checker(file: file), patch = tower?.patch ?? 1
    if let naflex {
      try checker.check("preprocessing.naflex.patch", naflex.patch, patch...patch)
      try checker.check("preprocessing.naflex.max_patches", naflex.maxPatches, Limits.patches)
    }
    try checker.check("preprocessing.size", size, patch...max(patch, Limits.side.upperBound))
    try checker.check("preprocessing.size", (size.height / patch) * (size.width / patch), Limits.patches)
  }
}
