import ZooModels

extension CheckpointLayout {
  /// transformers' `Tipsv2Model` as it is saved: the names of the authors' code, with a prefix for each tower.
  static let transformersTIPSv2 = CheckpointLayout(
    .transformers(.tipsv2), name: "transformers-tipsv2", title: "Hugging Face Tipsv2Model",
    fingerprint: Fingerprint(needs: [
      ["\(image)register_tokens"], ["\(image)blocks.0.norm1.weight"], ["\(text)transformer.resblocks.0.ln_1.weight"],
    ]), resampling: .bilinearAntialias,
    drops: { _ in
      [
        DropRule("*.mask_token", "what stood for hidden patches in the training"),
        DropRule("temperature", "what cosines are divided by: model.json holds it"),
      ]
    },
    measure: { headers in
      var vision = TimmVision.measure(headers, prefix: image)
      vision.registers = headers.shape("\(image)register_tokens", rank: 3)?[1] ?? 0
      vision.positions = vision.positions.map { $0 + vision.registers }
      vision.positionsCoverPrefix = true
      let block = "\(image)blocks.0.mlp."
      if let output = headers.shape("\(block)w3.weight", rank: 2) {
        (vision.gated, vision.gateIsPacked, vision.mlpWidth) = (true, true, output[1])
      } else if let output = headers.shape("\(block)c_proj.weight", rank: 2) {
        vision.mlpWidth = output[1]
      }
      var facts: TextFacts?
      if let tokens = headers.shape("\(text)token_embedding.weight", rank: 2) {
        var tower = TextFacts(vocabulary: tokens[0], width: tokens[1])
        tower.layers = headers.layers("\(text)transformer.resblocks.", ".ln_1.weight")
        tower.mlpWidth = headers.shape("\(text)transformer.resblocks.0.mlp.c_fc.weight", rank: 2)?[0]
        facts = tower
      }
      return ArchitectureFacts(vision: vision, text: facts, logitBias: false)
    },
    expression: { target in
      switch target.name.tower {
      case .vision: tipsVision(target)
      case .text: tipsText(target)
      case .model: nil
      }
    })

  private static let image = "vision_encoder."
  private static let text = "text_encoder."

  @Sendable private static func tipsVision(_ target: Target) -> TensorExpression? {
    let parts = target.name.leaf.split(separator: ".").map(String.init), mlp = "mlp."
    guard let block = target.name.block.map({ "\(image)blocks.\($0)." }), ["gate", "fc1", "fc2"].contains(parts[0])
    else {
      switch target.name.leaf {
      case "registers":
        return target.source("\(image)register_tokens", as: [1, target.vision.registers, target.vision.blocks.width])
      case "positions": return target.positions("\(image)pos_embed", without: target.vision.registers)
      default: return TimmVision.expression(target, prefix: image)
      }
    }
    guard target.vision.blocks.gated else {
      // transformers writes different names than the authors.
      let isOwn = target.has("\(image)blocks.0.mlp.fc1.weight")
      let name = parts[0] == "fc1" ? (isOwn ? "fc1" : "c_fc") : (isOwn ? "fc2" : "c_proj")
      return target.source("\(block)\(mlp)\(name).\(parts[1])")
    }
    if parts[0] == "fc2" { return target.source("\(block)\(mlp)w3.\(parts[1])") }
    let rows = target.shape[0], first = parts[0] == "gate" ? 0 : rows
    return TensorExpression.tensor("\(block)\(mlp)w12.\(parts[1])", shape: [2 * rows] + target.shape.dropFirst())
      .rows(first..<first + rows)
  }

  @Sendable private static func tipsText(_ target: Target) -> TensorExpression? {
    if let block = target.name.block {
      return NativeBlocks.expression(target, prefix: "\(text)transformer.resblocks.\(block).")
    }
    switch target.name.leaf {
    case "tokens": return target.source("\(text)token_embedding.weight")
    case "norm.weight": return target.source("\(text)ln_final.weight")
    case "norm.bias": return target.source("\(text)ln_final.bias")
    default: return nil
    }
  }
}
