import ZooModels

/// transformers' `ViTModel` and the classes modelled on it, with a linear head.
struct TransformersViT {
  /// The prefix of all names of the tower.
  let prefix: String
  /// The tokens between the class token and the patches.
  let registers: String
  /// Whether these have rows in the position table.
  let registersHavePositions: Bool
  /// The norms before attention and MLP, and the MLP's matrices, by canonical name.
  let blockNames: [String: String]
  /// The matrix that computes both gate and value, gate first, if there is one.
  var packedGate: String?
  /// The matrix after the product of both.
  var gatedOutput: String?
  var scale: String?

  func measure(_ headers: Headers, pooler: VisionFacts.PoolerKind? = nil) -> ArchitectureFacts {
    var vision = VisionFacts()
    if let patch = headers.shape("\(prefix)embeddings.patch_embeddings.projection.weight", rank: 4) {
      (vision.width, vision.patch) = (patch[0], patch[3])
    }
    vision.patchBias = true
    vision.classToken = true
    vision.registers = headers.shape("\(prefix)embeddings.\(registers)", rank: 3)?[1] ?? 0
    vision.positions = headers.shape("\(prefix)embeddings.position_embeddings", rank: 3).map {
      $0[1] + (registersHavePositions ? 0 : vision.registers)
    }
    vision.positionsCoverPrefix = true
    let first = "\(prefix)encoder.layer.0."
    vision.layers = headers.layers("\(prefix)encoder.layer.", ".\(blockNames["norm1"] ?? "").weight")
    vision.mlpWidth = headers.shape("\(first)\(blockNames["fc1"] ?? "").weight", rank: 2)?[0]
    if let packedGate, let gatedOutput, headers.contains("\(first)\(packedGate).weight") {
      (vision.gated, vision.gateIsPacked) = (true, true)
      vision.mlpWidth = headers.shape("\(first)\(gatedOutput).weight", rank: 2)?[1]
    }
    vision.layerScale = scale.map { headers.contains("\(first)\($0.replacing("*", with: "1"))") } ?? false
    vision.embedding = headers.shape("classifier.weight", rank: 2)?[0]
    vision.projection = .linearWithBias
    vision.pooler = pooler
    return ArchitectureFacts(vision: vision, text: nil, logitBias: false)
  }

  func expression(_ target: Target) -> TensorExpression? {
    guard target.name.tower == .vision else { return nil }
    let width = target.vision.blocks.width
    if let block = target.name.block { return self.block(target, "\(prefix)encoder.layer.\(block).") }
    switch target.name.leaf {
    case "patch.weight": return target.source("\(prefix)embeddings.patch_embeddings.projection.weight")
    case "patch.bias": return target.source("\(prefix)embeddings.patch_embeddings.projection.bias")
    case "class_token": return target.source("\(prefix)embeddings.cls_token", as: [1, 1, width])
    case "registers":
      return target.source("\(prefix)embeddings.\(registers)", as: [1, target.vision.registers, width])
    case "positions":
      return target.positions(
        "\(prefix)embeddings.position_embeddings", without: registersHavePositions ? 0 : target.vision.registers)
    case "norm.weight": return target.source("\(prefix)layernorm.weight")
    case "norm.bias": return target.source("\(prefix)layernorm.bias")
    case "projection.weight": return target.source("classifier.weight")
    case "projection.bias": return target.source("classifier.bias")
    default: return nil
    }
  }

  private func block(_ target: Target, _ block: String) -> TensorExpression? {
    let parts = target.name.leaf.split(separator: ".").map(String.init)
    switch parts[0] {
    case "qkv":
      // `qkv_bias` is false in some models; the first block decides for all.
      let first = "\(prefix)encoder.layer.0.attention.attention.query.bias"
      if parts[1] == "bias", !target.has(first, default: true) { return .zeros(target.shape) }
      let part = [target.shape[0] / 3] + target.shape.dropFirst()
      return .concat(
        ["query", "key", "value"].map { .tensor("\(block)attention.attention.\($0).\(parts[1])", shape: part) })
    case "out": return target.source("\(block)attention.output.dense.\(parts[1])")
    case "scale1", "scale2":
      return scale.map { target.source(block + $0.replacing("*", with: String(parts[0].suffix(1)))) }
    case "gate" where packedGate != nil, "fc1" where target.vision.blocks.gated && packedGate != nil:
      let rows = target.shape[0], first = parts[0] == "gate" ? 0 : rows
      return TensorExpression.tensor(
        "\(block)\(packedGate ?? "").\(parts[1])", shape: [2 * rows] + target.shape.dropFirst()
      )
      .rows(first..<first + rows)
    case "fc2" where target.vision.blocks.gated: return gatedOutput.map { target.source("\(block)\($0).\(parts[1])") }
    case let name: return blockNames[name].map { target.source("\(block)\($0).\(parts[1])") }
    }
  }
}

extension Target {
  /// A position table `[1, rows, width]` of the class token and the patches.
  ///
  /// - Parameter registers: The number of tokens after the class token that have no positions, which is equivalent to zeros.
  func positions(_ name: String, without registers: Int) -> TensorExpression {
    let rows = shape[0] - registers, width = shape[1]
    let table = TensorExpression.tensor(name, shape: [1, rows, width]).reshaped([rows, width])
    guard registers > 0 else { return table }
    return .concat([table.rows(0..<1), .zeros([registers, width]), table.rows(1..<rows)])
  }
}
