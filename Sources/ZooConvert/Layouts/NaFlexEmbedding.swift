import ZooModels

/// The first tensors of timm's `NaFlexVit`: patches pass through a linear layer over pixels and their channels, and the position table keeps its
/// grid.
enum NaFlexEmbedding {
  /// Nil for other tensors, and if the tower is not a `NaFlexVit`.
  static func expression(_ target: Target, prefix: String) -> TensorExpression? {
    let vision = target.vision, width = vision.blocks.width
    guard target.has("\(prefix)proj.weight", default: vision.positionGrid != nil) else { return nil }
    switch target.name.leaf {
    case "patch.weight": return patchWeight(target, "\(prefix)proj.weight")
    case "patch.bias": return target.source("\(prefix)proj.bias")
    case "class_token": return target.source("\(prefix)cls_token", as: [1, 1, width])
    case "registers": return target.source("\(prefix)reg_token", as: [1, vision.registers, width])
    case "positions":
      let grid = vision.tableGrid
      return target.source("\(prefix)pos_embed", as: [1, grid.height, grid.width, width])
    default: return nil
    }
  }

  /// A convolution's weight from a linear layer over pixels and their channels.
  static func patchWeight(_ target: Target, _ name: String) -> TensorExpression {
    let vision = target.vision, width = vision.blocks.width
    let pixels = TensorExpression.tensor(name, shape: [width, vision.patch * vision.patch * 3])
    return .transpose(pixels.reshaped([width, vision.patch, vision.patch, 3]), axes: [0, 3, 1, 2])
  }

  /// The patch and the width of a linear layer over pixels, if its shape is that of a square patch.
  static func measurePatch(_ headers: Headers, _ name: String, into facts: inout VisionFacts) {
    guard let shape = headers.shape(name, rank: 2), let side = exactSquareRoot(shape[1] / 3),
      side * side * 3 == shape[1]
    else { return }
    (facts.width, facts.patch) = (shape[0], side)
  }

  static func measure(_ headers: Headers, prefix: String, into facts: inout VisionFacts) {
    guard let table = headers.shape("\(prefix)pos_embed", rank: 4),
      table[1...2].allSatisfy({ (1...65535).contains($0) })
    else { return }
    measurePatch(headers, "\(prefix)proj.weight", into: &facts)
    facts.patchBias = headers.contains("\(prefix)proj.bias")
    facts.classToken = headers.contains("\(prefix)cls_token")
    facts.registers = headers.shape("\(prefix)reg_token", rank: 3)?[1] ?? 0
    let grid = GridSize(height: table[1], width: table[2])
    (facts.positionGrid, facts.positions) = (grid, grid.count)
  }
}
