import ZooModels

/// The first tensors of timm's `NaFlexVit`: patches go through a linear layer, pixel by pixel with their channels, and the position table
/// keeps its grid.
enum NaFlexEmbedding {
  /// Nil for other tensors, and where the tower is no `NaFlexVit`.
  static func expression(_ target: Target, prefix: String) -> Expression? {
    let vision = target.vision, width = vision.blocks.width
    guard target.has("\(prefix)proj.weight", default: vision.positionGrid != nil) else { return nil }
    switch target.name.leaf {
    case "patch.weight":
      let pixels = Expression.tensor("\(prefix)proj.weight", shape: [width, vision.patch * vision.patch * 3])
      return .transpose(pixels.reshaped([width, vision.patch, vision.patch, 3]), axes: [0, 3, 1, 2])
    case "patch.bias": return target.source("\(prefix)proj.bias")
    case "class_token": return target.source("\(prefix)cls_token", as: [1, 1, width])
    case "registers": return target.source("\(prefix)reg_token", as: [1, vision.registers, width])
    case "positions":
      let grid = vision.tableGrid
      return target.source("\(prefix)pos_embed", as: [1, grid.height, grid.width, width])
    default: return nil
    }
  }

  static func measure(_ headers: Headers, prefix: String, into facts: inout VisionFacts) {
    guard let projection = headers.shape("\(prefix)proj.weight", rank: 2),
      let table = headers.shape("\(prefix)pos_embed", rank: 4),
      let side = exactSquareRoot(projection[1] / 3), side * side * 3 == projection[1],
      table[1...2].allSatisfy({ (1...65535).contains($0) })
    else { return }
    (facts.width, facts.patch) = (projection[0], side)
    facts.patchBias = headers.contains("\(prefix)proj.bias")
    facts.classToken = headers.contains("\(prefix)cls_token")
    facts.registers = headers.shape("\(prefix)reg_token", rank: 3)?[1] ?? 0
    let grid = GridSize(height: table[1], width: table[2])
    (facts.positionGrid, facts.positions) = (grid, grid.count)
  }
}
