import ZooModels

extension CheckpointLayout {
  /// transformers' `Dinov2ForImageClassification`.
  static let transformersDINOv2 = dinov2(
    "transformers-dinov2", "Hugging Face DINOv2 classifier", prefix: "dinov2.", resampling: .bicubic)
  /// transformers' `Dinov2WithRegistersForImageClassification`, whose code resamples positions differently.
  static let transformersDINOv2Registers = dinov2(
    "transformers-dinov2-registers", "Hugging Face DINOv2 classifier with registers", prefix: "dinov2_with_registers.",
    resampling: .bicubicAntialias)

  private static func dinov2(
    _ name: String, _ title: String, prefix: String, resampling: PositionResampling
  ) -> CheckpointLayout {
    let names = TransformersViT(
      prefix: prefix, registers: "register_tokens", registersHavePositions: false,
      blockNames: ["norm1": "norm1", "norm2": "norm2", "fc1": "mlp.fc1", "fc2": "mlp.fc2"],
      packedGate: "mlp.weights_in", gatedOutput: "mlp.weights_out", scale: "layer_scale*.lambda1")
    return CheckpointLayout(
      .transformers(.dinov2), name: name, title: title,
      fingerprint: Fingerprint(needs: [
        ["\(prefix)embeddings.cls_token"], ["\(prefix)encoder.layer.0.layer_scale1.lambda1"], ["classifier.weight"],
      ]), resampling: resampling, convention: .transformers,
      drops: { _ in [DropRule("*.embeddings.mask_token", "what stood for hidden patches in the training")] },
      measure: { names.measure($0, pooler: .classAndPatchMean) }, expression: { names.expression($0) })
  }
}
