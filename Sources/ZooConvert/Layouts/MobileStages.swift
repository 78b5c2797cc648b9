import ZooModels

/// ViTamin's convolutions before the blocks, under the names of timm's `MbConvStages`.
enum MobileStages {
  private static let stem = "patch_embed.backbone."
  static let sign = "\(stem)stem.conv1.weight"

  private static let names = [
    "stem.0": "stem.conv1", "stem.norm": "stem.norm1", "stem.1": "stem.conv2", "stem.last_norm": "pool.norm",
    "patch": "pool.proj",
  ]
  private static let blockNames = [
    "norm": "pre_norm", "0": "conv1_1x1", "1": "conv2_kxk", "2": "conv3_1x1", "shortcut": "shortcut.expand",
  ]

  /// Nil for tensors of other parts.
  static func expression(_ target: Target, prefix: String) -> TensorExpression? {
    var parts = target.name.leaf.split(separator: ".").map(String.init)
    guard let kind = parts.popLast() else { return nil }
    if let name = names[parts.joined(separator: ".")] { return target.source("\(prefix)\(stem)\(name).\(kind)") }
    guard parts.count == 5, parts[0] == "stem", parts[1] == "stages", let name = blockNames[parts[4]] else {
      return nil
    }
    return target.source("\(prefix)\(stem)stages.\(parts[2]).\(parts[3]).\(name).\(kind)")
  }

  static func measure(_ headers: Headers, prefix: String, into facts: inout VisionFacts) {
    let prefix = "\(prefix)\(stem)"
    guard let patch = headers.shape("\(prefix)pool.proj.weight", rank: 4) else { return }
    var shape = MobileStem(widths: [], depths: [])
    while shape.widths.count < 8 {
      let stage = "\(prefix)stages.\(shape.widths.count)."
      let depth = headers.layers(stage, ".pre_norm.weight")
      guard depth > 0, let last = headers.shape("\(stage)\(depth - 1).conv3_1x1.weight", rank: 4) else { break }
      shape.widths.append(last[0])
      shape.depths.append(depth)
    }
    (facts.stem, facts.patch, facts.width) = (.mobile(shape), shape.patch, patch[0])
    facts.patchBias = true
    // Without a position table, as in ViTamin-XL.
    facts.positions = 0
  }
}
