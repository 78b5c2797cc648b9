import ZooModels

extension OpenCLIPFile.Text {
  /// Whether this is open_clip's `ModernTextTransformer`.
  var isModern: Bool { textArch == "modern" }
}

extension OpenCLIPFile {
  /// Keys of a `ModernTextTransformer` that other text towers do not have; open_clip's defaults are supported, and whatever changes the result
  /// without being supported is rejected.
  static let modernTextKeys: KeyTable = [
    "text_arch": .only(["clip", "modern"], remedy: "open_clip has clip and modern"),
    "attention_mode": .used, "pos_embed": .used, "rope_temperature": .used, "mlp_type": .used, "norm_type": .used,
    "norm_eps": .used, "qk_norm": .used, "attn_gated": .used, "pre_norm": .used, "bos_id": .used,
    "tokenizer_type": .used, "tiktoken_name": .used,
    "norm_placement": .only(["pre"], remedy: "zoo runs ModernText with norms before its branches alone"),
    "reg_tokens": .only([0], remedy: "zoo runs ModernText without registers"),
    "value_residual": .only([false], remedy: "zoo runs ModernText without value residuals"),
    "variable_text": .irrelevant("padding is hidden, so that it does not matter how much of it there is"),
    "attention_bias": .tensorsShow, "mlp_bias": .tensorsShow, "gate_bias": .tensorsShow,
    "zero_init_residual": .training,
  ]

  /// open_clip's `ModernTextTransformer`.
  func modernText(file: String) throws(ConvertError) -> TextTower {
    let config = modelCfg.textCfg, width = config.width ?? 512, heads = config.heads ?? 8
    func choice<Value>(_ key: String, _ value: String, _ values: [String: Value]) throws(ConvertError) -> Value {
      guard let found = values[value] else {
        throw .unusableValue(
          file: file, key: "model_cfg.text_cfg.\(key)", value: "\"\(value)\"",
          remedy: "zoo runs \(values.keys.sorted().joined(separator: ", "))")
      }
      return found
    }
    let isCausal = try choice(
      "attention_mode", config.attentionMode ?? "causal", ["causal": true, "bidirectional": false])
    let isRotated = try choice("pos_embed", config.posEmbed ?? "rope", ["rope": true, "none": false, "": false])
    let isGated = try choice("mlp_type", config.mlpType ?? "swiglu", ["swiglu": true, "mlp": false])
    let isRMS = try choice("norm_type", config.normType ?? "rmsnorm", ["rmsnorm": true, "layernorm": false])
    let end = TextPooling.endOfText(id: config.eosId ?? 0)
    let pooling = try choice(
      "pool_type", config.poolType ?? "argmax", ["argmax": end, "eos": end, "map": .attention, "mean": .mean])
    guard pooling != end || config.eosId != nil else {
      throw .configuration(file: file, reason: "its text tower is pooled at the end of a text, and it states no eos_id")
    }
    guard isCausal == (pooling == end) else {
      throw .configuration(
        file: file,
        reason:
          "its pooling '\(config.poolType ?? "argmax")' of a \(isCausal ? "causal" : "bidirectional") text tower is not run"
      )
    }
    var tokenizer = try tokenizer(file: file)
    tokenizer.padID = config.padId ?? 0
    return TextTower(
      blocks: Blocks(
        width: width, layers: config.layers ?? 12, heads: heads,
        mlpWidth: try hiddenWidth(width, config.mlpRatio ?? 4, file: file), normEps: config.normEps ?? 1e-6,
        activation: isGated ? .silu : .gelu, layerScale: config.lsInitValue != nil, gated: isGated, rms: isRMS,
        sequenceRope: isRotated ? SequenceRotary(temperature: config.ropeTemperature ?? 10_000) : nil,
        queryKeyNorm: config.qkNorm == true, attentionGate: config.attnGated == true),
      vocabulary: config.vocabSize ?? 49408, causal: isCausal, hidesPadding: !isCausal,
      embedding: TextEmbedding(positions: 0, norm: config.preNorm == true), pooling: pooling,
      projection: config.projType == "none" ? .none : config.projBias == true ? .linearWithBias : .linear,
      tokenizer: tokenizer)
  }
}
