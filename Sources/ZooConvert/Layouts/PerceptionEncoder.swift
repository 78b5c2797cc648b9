import ZooModels

extension CheckpointLayout {
  /// PE-Core as its authors published it (facebookresearch/perception_models): open_clip's names, and an attention pooler of its own.
  static let perceptionEncoder = CheckpointLayout(
    .original, name: "pe-core", title: "Perception Encoder (PE-Core), original",
    fingerprint: Fingerprint(needs: [
      ["visual.conv1.weight"], ["visual.attn_pool.probe"], ["token_embedding.weight"], ["positional_embedding"],
    ]),
    drops: { _ in [.attentionMask] },
    measure: { headers in
      var vision = NativeVision.measure(headers)
      pooler.measure(headers, into: &vision)
      // The registered architectures have the bias that timm gives its head.
      if vision.projection == .linear { vision.projection = .linearWithBias }
      return ArchitectureFacts(
        vision: vision, text: NativeText.measure(headers), logitBias: headers.contains("logit_bias"))
    },
    expression: { target in
      switch (target.name.tower, target.name.leaf) {
      case (.vision, "projection.bias"): .zeros(target.shape)
      case (.vision, _): pooler.expression(target) ?? NativeVision.expression(target)
      case (.text, _): NativeText.expression(target, writtenPrefix: "")
      case (.model, _): openCLIPScalar(target)
      }
    })

  private static let pooler = FusedAttentionPooler(
    prefix: "visual.attn_pool.", attention: "attn", fc1: "mlp.c_fc", fc2: "mlp.c_proj")
}
