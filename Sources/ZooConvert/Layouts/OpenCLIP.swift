import ZooModels

extension CheckpointLayout {
  /// open_clip's `CLIP` class; OpenAI's archives have the same keys.
  static let openCLIP = CheckpointLayout(
    .openCLIP, name: "openclip", title: "OpenCLIP, both towers native",
    fingerprint: Fingerprint(
      needs: [["visual.conv1.weight"], ["token_embedding.weight"], ["positional_embedding"]],
      forbids: ["visual.attn_pool.query", "visual.attn_pool.probe"]),
    drops: { _ in
      [
        .attentionMask, .batchCounter,
        DropRule("input_resolution", "a dimension that OpenAI's archives carry as a tensor", integersOnly: true),
        DropRule("context_length", "a dimension that OpenAI's archives carry as a tensor", integersOnly: true),
        DropRule("vocab_size", "a dimension that OpenAI's archives carry as a tensor", integersOnly: true),
      ]
    },
    measure: openCLIPFacts, expression: { openCLIPExpression($0, writtenPrefix: "") })

  /// open_clip's `CustomTextCLIP` class with its own text transformer.
  static let openCLIPText = CheckpointLayout(
    .openCLIP, name: "openclip-text", title: "OpenCLIP, text tower under 'text.'",
    fingerprint: Fingerprint(
      needs: [["visual.conv1.weight"], ["text.positional_embedding"]],
      forbids: ["visual.attn_pool.query", "text.cls_emb"]),
    drops: { _ in [.attentionMask, .batchCounter] }, measure: openCLIPFacts,
    expression: { openCLIPExpression($0, writtenPrefix: "text.") })

  /// open_clip's `CoCa` class; the captioning decoder is left out.
  static let openCLIPCoCa = CheckpointLayout(
    .openCLIP, name: "openclip-coca", title: "OpenCLIP CoCa",
    fingerprint: Fingerprint(needs: [["visual.conv1.weight"], ["text.cls_emb"]]),
    drops: { _ in
      [
        .attentionMask, DropRule("text_decoder.*", "the captioning decoder, which takes no part in the embeddings"),
      ]
    },
    measure: openCLIPFacts, expression: { openCLIPExpression($0, writtenPrefix: "text.") })

  /// open_clip with an image tower from timm: SigLIP, EVA, PE and others.
  static let openCLIPTrunk = CheckpointLayout(
    .openCLIP, name: "openclip-timm", title: "OpenCLIP with a timm image tower",
    fingerprint: Fingerprint(
      needs: [trunkKeys, ["text.token_embedding.weight", "token_embedding.weight"]], forbids: [ModernText.sign]),
    drops: { _ in [.attentionMask] + trunkDrops },
    measure: { trunkFacts($0, text: NativeText.measure) },
    expression: { trunkExpression($0) { NativeText.expression($0, writtenPrefix: "text.") } })

  /// open_clip with a text tower from transformers.
  static let openCLIPHuggingFace = CheckpointLayout(
    .openCLIP, name: "openclip-hf", title: "OpenCLIP with a Hugging Face text tower",
    fingerprint: Fingerprint(needs: [
      ["visual.conv1.weight"], HuggingFaceText.Encoder.allCases.map(\.tokens),
    ]),
    drops: { _ in HuggingFaceText.drops },
    measure: { nativeFacts($0, text: HuggingFaceText.measure) },
    expression: { nativeExpression($0, text: HuggingFaceText.expression) })

  /// open_clip with an image tower from timm and a text tower from transformers.
  static let openCLIPTrunkHuggingFace = CheckpointLayout(
    .openCLIP, name: "openclip-timm-hf", title: "OpenCLIP with a timm image tower and a Hugging Face text tower",
    fingerprint: Fingerprint(needs: [trunkKeys, HuggingFaceText.Encoder.allCases.map(\.tokens)]),
    drops: { _ in HuggingFaceText.drops + trunkDrops },
    measure: { trunkFacts($0, text: HuggingFaceText.measure) },
    expression: { trunkExpression($0, text: HuggingFaceText.expression) })

  /// open_clip with its `ModernTextTransformer`.
  static let openCLIPModern = CheckpointLayout(
    .openCLIP, name: "openclip-modern", title: "OpenCLIP with a ModernText text tower",
    fingerprint: Fingerprint(needs: [["visual.conv1.weight"], [ModernText.sign]]),
    drops: { _ in [] },
    measure: { nativeFacts($0, text: ModernText.measure) },
    expression: { nativeExpression($0, text: ModernText.expression) })

  /// open_clip with an image tower from timm and its `ModernTextTransformer`.
  static let openCLIPTrunkModern = CheckpointLayout(
    .openCLIP, name: "openclip-timm-modern", title: "OpenCLIP with a timm image tower and a ModernText text tower",
    fingerprint: Fingerprint(needs: [trunkKeys, [ModernText.sign]]),
    drops: { _ in trunkDrops },
    measure: { trunkFacts($0, text: ModernText.measure) },
    expression: { trunkExpression($0, text: ModernText.expression) })

  /// Whether this is open_clip with an image tower from timm.
  var hasTrunk: Bool {
    [Self.openCLIPTrunk, .openCLIPTrunkHuggingFace, .openCLIPTrunkModern].contains { $0.name == name }
  }

  static let trunkKeys = [
    "visual.trunk.patch_embed.proj.weight", "visual.trunk.patch_embed.backbone.0.conv.weight",
    "visual.trunk.embeds.proj.weight", "visual.trunk.\(MobileStages.sign)",
  ]
  private static let trunkDrops = [
    DropRule.batchCounter, DropRule("visual.trunk.rope.*", DropRule.rotaryTables),
    DropRule("visual.trunk.*.rope.*", DropRule.rotaryTables),
  ]

  @Sendable private static func trunkFacts(
    _ headers: Headers, text: (Headers) -> TextFacts?
  ) -> ArchitectureFacts {
    ArchitectureFacts(
      vision: TimmVision.measure(headers, prefix: "visual.trunk."), text: text(headers),
      logitBias: headers.contains("logit_bias"))
  }

  @Sendable private static func trunkExpression(
    _ target: Target, text: (Target) -> TensorExpression?
  ) -> TensorExpression? {
    switch target.name.tower {
    case .vision: TimmVision.expression(target, prefix: "visual.trunk.")
    case .text: text(target)
    case .model: openCLIPScalar(target)
    }
  }
}

private let openCLIPFacts: @Sendable (Headers) -> ArchitectureFacts = { nativeFacts($0, text: NativeText.measure) }

private func openCLIPExpression(_ target: Target, writtenPrefix: String) -> TensorExpression? {
  nativeExpression(target) { NativeText.expression($0, writtenPrefix: writtenPrefix) }
}

/// open_clip's own image tower, with any text tower.
private func nativeFacts(_ headers: Headers, text: (Headers) -> TextFacts?) -> ArchitectureFacts {
  ArchitectureFacts(
    vision: NativeVision.measure(headers), text: text(headers), logitBias: headers.contains("logit_bias"))
}

private func nativeExpression(_ target: Target, text: (Target) -> TensorExpression?) -> TensorExpression? {
  switch target.name.tower {
  case .vision: NativeVision.expression(target)
  case .text: text(target)
  case .model: openCLIPScalar(target)
  }
}

/// `logit_scale` (the logarithm) and `logit_bias`, under their own names.
func openCLIPScalar(_ target: Target, writtenShape: [Int] = []) -> TensorExpression? {
  ["logit_scale", "logit_bias"].contains(target.name.leaf)
    ? target.scalarSource(target.name.leaf, writtenShape: writtenShape) : nil
}
