import ZooModels

/// CLIP's `ModifiedResNet` with its attention pool, under the names of OpenAI and open_clip or of timm (`ByobNet`).
enum ModifiedResNet {
  case openCLIP(prefix: String)
  case timm

  /// The names found in the headers; nil for other image towers.
  init?(_ headers: Headers, prefix: String) {
    for names in [ModifiedResNet.openCLIP(prefix: prefix), .timm] where headers.contains(names.first(ofStage: 0)) {
      self = names
      return
    }
    return nil
  }

  private var pool: String { if case .openCLIP(let prefix) = self { "\(prefix)attnpool." } else { "head." } }

  private func pool(_ part: String) -> String {
    switch self {
    case .openCLIP: pool + (part == "positions" ? "positional_embedding" : part == "out" ? "c_proj" : "\(part)_proj")
    case .timm: pool + (part == "positions" ? "pos_embed" : part == "out" ? "proj" : part)
    }
  }

  /// The first convolution of a stage.
  private func first(ofStage stage: Int) -> String {
    "\(block(stage, 0))\(module(0, of: "stages", isNorm: false)).weight"
  }

  private func block(_ stage: Int, _ index: Int) -> String {
    if case .openCLIP(let prefix) = self { "\(prefix)layer\(stage + 1).\(index)." } else { "stages.\(stage).\(index)." }
  }

  /// The convolution or norm at a place in the stem or a bottleneck; the fourth is that of the shortcut.
  private func module(_ place: Int, of part: String, isNorm: Bool) -> String {
    switch (self, part, place) {
    case (.openCLIP, _, 0...2): "\(isNorm ? "bn" : "conv")\(place + 1)"
    case (.openCLIP, _, _): "downsample.\(isNorm ? 1 : 0)"
    case (.timm, "stages", 0...2): "conv\(place + 1)_\(place == 1 ? "kxk" : "1x1").\(isNorm ? "bn" : "conv")"
    case (.timm, "stages", _): "shortcut.conv.\(isNorm ? "bn" : "conv")"
    case (.timm, _, _): "conv\(place + 1).\(isNorm ? "bn" : "conv")"
    }
  }

  func expression(_ target: Target) -> TensorExpression? {
    let width = target.vision.blocks.width, kind = target.name.leaf.hasSuffix(".bias") ? "bias" : "weight"
    switch target.name.leaf {
    case "positions": return target.source(pool("positions"))
    case "pooler.q.weight", "pooler.q.bias": return target.source("\(pool("q")).\(kind)")
    case "pooler.kv.weight":
      return .concat(["k", "v"].map { .tensor("\(pool($0)).weight", shape: [width, width]) })
    case "pooler.kv.bias": return .concat(["k", "v"].map { .tensor("\(pool($0)).bias", shape: [width]) })
    case "projection.weight", "projection.bias": return target.source("\(pool("out")).\(kind)")
    default: return convolution(target.name.leaf).map(target.source)
    }
  }

  /// `stem.0.norm.mean` is `bn1.running_mean`; `stem.stages.1.0.2.weight` is `layer2.0.conv3.weight`.
  private func convolution(_ leaf: String) -> String? {
    var parts = leaf.split(separator: ".").map(String.init)
    guard parts.count >= 3, parts.removeFirst() == "stem", let last = parts.popLast() else { return nil }
    let isNorm = parts.last == "norm", kind = ["mean": "running_mean", "variance": "running_var"][last] ?? last
    if isNorm { parts.removeLast() }
    let numbers = parts.map { $0 == "shortcut" ? 3 : Int($0) }
    if parts.count == 1, let place = numbers[0] {
      let prefix = if case .openCLIP(let prefix) = self { prefix } else { "stem." }
      return "\(prefix)\(module(place, of: "stem", isNorm: isNorm)).\(kind)"
    }
    guard parts.count == 4, let stage = numbers[1], let index = numbers[2], let place = numbers[3] else { return nil }
    return "\(block(stage, index))\(module(place, of: "stages", isNorm: isNorm)).\(kind)"
  }

  func measure(_ headers: Headers) -> VisionFacts {
    var facts = VisionFacts(), stages: [Int] = []
    guard let first = headers.shape(first(ofStage: 0), rank: 4), Limits.width.contains(first[0]) else { return facts }
    while stages.count < 8 {
      var count = 0
      while headers.contains("\(block(stages.count, count))\(module(0, of: "stages", isNorm: false)).weight") {
        count += 1
      }
      if count == 0 { break }
      stages.append(count)
    }
    let stem = ResNetStem(width: first[0], bottlenecks: stages)
    (facts.stem, facts.width, facts.patch) = (.resNet(stem), stem.outputs, stem.patch)
    facts.mlpWidth = 0
    facts.positions = headers.shape(pool("positions"), rank: 2)?[0]
    facts.positionsCoverPrefix = true
    facts.pooler = .meanQuery
    facts.embedding = headers.shape("\(pool("out")).weight", rank: 2)?[0]
    facts.projection = .linearWithBias
    return facts
  }
}

extension CheckpointLayout {
  /// timm's `ByobNet` with CLIP's attention pool (`resnet50_clip`): an image tower alone.
  static let timmResNetImage = CheckpointLayout(
    .timm, name: "timm-resnet-image", title: "timm CLIP ResNet", part: .imageTower,
    fingerprint: Fingerprint(
      needs: [["stem.conv1.conv.weight"], ["stages.0.0.conv1_1x1.conv.weight"], ["head.pos_embed"]]),
    convention: .timm, drops: { _ in [.batchCounter] },
    measure: {
      ArchitectureFacts(vision: ModifiedResNet.timm.measure($0), text: nil, logitBias: false)
    },
    expression: { $0.name.tower == .vision ? ModifiedResNet.timm.expression($0) : nil })
}

extension VisionTower {
  /// CLIP's ResNets differ only in their sizes.
  init(resNet stem: ResNetStem, image: GridSize, heads: Int) {
    self.init(
      image: image, patch: stem.patch, stem: .resNet(stem),
      blocks: Blocks(
        width: stem.outputs, layers: 0, heads: heads, mlpWidth: 0, normEps: 1e-5, activation: .relu),
      classToken: false, noFinalNorm: true, pooler: .meanQuery(heads: heads), projection: .linearWithBias)
  }
}
