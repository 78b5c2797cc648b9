import ZooModels

extension CheckpointLayout {
  /// EVA-CLIP as its authors published it (baaivision/EVA): timm's names for most of the image tower, open_clip's for the text tower.
  static let evaCLIP = CheckpointLayout(
    .original, name: "eva-clip", title: "EVA-CLIP, original",
    fingerprint: Fingerprint(needs: [
      ["visual.patch_embed.proj.weight"], ["visual.blocks.0.attn.proj.weight"],
      ["text.token_embedding.weight", "token_embedding.weight"],
    ]),
    drops: { _ in
      [
        .attentionMask,
        DropRule("visual.rope.freqs_*", "tables of the rotary embedding, which the runtime builds itself"),
        DropRule(
          "visual.blocks.*.attn.rope.freqs_*", "tables of the rotary embedding, which the runtime builds itself"),
        DropRule("visual.mask_token", "the token for hidden patches, which only the pretraining of the tower uses"),
      ]
    },
    measure: { headers in
      ArchitectureFacts(
        vision: EvaVision.measure(headers), text: NativeText.measure(headers),
        logitBias: headers.contains("logit_bias"))
    },
    expression: { target in
      switch target.name.tower {
      case .vision: EvaVision.expression(target)
      case .text: NativeText.expression(target, writtenPrefix: "text.")
      case .model: openCLIPScalar(target)
      }
    })
}

/// EVA-CLIP's `EVAVisionTransformer`, which timm adopted under a few different names.
private enum EvaVision {
  private static let prefix = "visual."

  /// Differences from timm in all blocks, and in those with a gated MLP.
  private static let names = ["attention_norm": "attn.inner_attn_ln", "mlp_norm": "mlp.ffn_ln"]
  private static let gatedNames = ["gate": "mlp.w1", "fc1": "mlp.w2", "fc2": "mlp.w3"]

  static func expression(_ target: Target) -> TensorExpression? {
    guard let block = target.name.block else { return TimmVision.expression(target, prefix: prefix) }
    let parts = target.name.leaf.split(separator: ".").map(String.init)
    let blocks = target.vision.blocks, name = "\(prefix)blocks.\(block)."
    if parts == ["qkv", "bias"] {
      func vector(_ name: String) -> TensorExpression { .tensor(name, shape: [blocks.width]) }
      return .concat([vector("\(name)attn.q_bias"), .zeros([blocks.width]), vector("\(name)attn.v_bias")])
    }
    if parts.count == 2, let own = names[parts[0]] ?? (blocks.gated ? gatedNames[parts[0]] : nil) {
      return target.source("\(name)\(own).\(parts[1])")
    }
    return TimmVision.expression(target, prefix: prefix)
  }

  static func measure(_ headers: Headers) -> VisionFacts {
    var facts = TimmVision.measure(headers, prefix: prefix)
    let first = "\(prefix)blocks.0."
    facts.attentionNorm = headers.contains("\(first)attn.inner_attn_ln.weight")
    facts.mlpNorm = headers.contains("\(first)mlp.ffn_ln.weight")
    if let gate = headers.shape("\(first)mlp.w1.weight", rank: 2) { (facts.gated, facts.mlpWidth) = (true, gate[0]) }
    return facts
  }
}
