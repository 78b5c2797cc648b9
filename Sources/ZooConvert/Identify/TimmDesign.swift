import ZooModels

/// Choices that a timm model's name implies and neither shapes nor open_clip's configuration reveal.
struct TimmDesign: Sendable, Equatable {
  var heads: Int?
  var eps: Float = 1e-6
  var activation = Activation.gelu
  /// timm's name of the pooling: `token`, `avg`, `map`.
  var pool = "token"
  /// Whether the pooling includes the tokens before the patches.
  var poolsPrefix = false
  /// False if the class token and the registers have no rows in the position table; nil if the name does not tell.
  var positionsCoverPrefix: Bool?
  /// Whether the norms follow the branches.
  var postNorm = false
  var rope: RotaryEmbedding?
  var poolerHeads: Int?
  var resampling = PositionResampling.bicubicAntialias
}

/// A model that timm has by name.
enum TimmModel: Sendable, Equatable {
  case runs(TimmDesign)
  /// Why it cannot be run.
  case refused(String)

  /// The model with a name, with or without its tag (`vit_base_patch16_224.augreg_in1k`); nil for a name that timm 1.0.31 does not have.
  static func named(_ name: String) -> TimmModel? { all[String(name.prefix { $0 != "." })] }

  /// The plain model of the same size, such as `vit_base_patch16_224` for `vit_base_patch8_rect`.
  static func plain(like name: String) -> (name: String, design: TimmDesign)? {
    let words = name.split(separator: "_", maxSplits: 2)
    guard words.count == 3, words[2].hasPrefix("patch") else { return nil }
    for patch in [16, 14] {
      let plain = "\(words[0])_\(words[1])_patch\(patch)_224"
      if case .runs(let design) = all[plain] { return (plain, design) }
    }
    return nil
  }

  private static let all: [String: TimmModel] = {
    var models: [String: TimmModel] = [:]
    for (facts, names) in rows(TimmNames.runnable) {
      for name in names { models[name] = .runs(TimmDesign(facts)) }
    }
    for (reason, names) in rows(TimmNames.refused) {
      for name in names { models[name] = .refused(reason) }
    }
    return models
  }()

  /// The lines of a table in `TimmNames`: the text before the colon, and the names after it.
  private static func rows(_ table: String) -> [(head: String, names: [String])] {
    table.replacing("\n  ", with: " ").split(separator: "\n").map { line in
      let parts = line.split(separator: ":")
      return (String(parts[0]), parts[1].split(separator: " ").map(String.init))
    }
  }
}

extension TimmDesign {
  /// From `KEY=VALUE` words of `TimmNames`, all of which `TimmDesignTests` reads.
  fileprivate init(_ facts: String) {
    for fact in facts.split(separator: " ") {
      let parts = fact.split(separator: "=").map(String.init)
      switch (parts[0], parts[1]) {
      case ("heads", let value): heads = Int(value)
      case ("eps", let value): eps = Float(value) ?? eps
      case ("act", let value): activation = Activation(rawValue: value) ?? activation
      case ("pool", let value): pool = value
      case ("pool_prefix", _): poolsPrefix = true
      case ("positions", _): positionsCoverPrefix = false
      case ("norm", _): postNorm = true
      case ("rope", let value): rope = RotaryEmbedding(fields: value.split(separator: ",").map(String.init))
      case ("pool_heads", let value): poolerHeads = Int(value)
      case ("resampling", _): resampling = .bilinearAntialias
      default: preconditionFailure("TimmNames has an unknown fact \(fact)")
      }
    }
  }
}

extension RotaryEmbedding {
  /// From temperature, offset, indexing and, if present, the rows and columns of the reference grid.
  fileprivate init?(fields: [String]) {
    let numbers = fields.map { Float($0) ?? 0 }
    guard fields.count == 3 || fields.count == 5, let indexing = Indexing(rawValue: fields[2]) else { return nil }
    self.init(
      temperature: numbers[0],
      referenceGrid: fields.count == 5 ? GridSize(height: Int(numbers[3]), width: Int(numbers[4])) : nil,
      offset: numbers[1], indexing: indexing)
  }
}

extension VisionChoices {
  /// Adopts choices from timm's model of this name, and from its arguments, unless they are already set.
  ///
  /// Throws for an unsupported model, and for an unknown one that may have parts that would be silently left out.
  mutating func adoptTimmDesign(_ arguments: TimmArguments?, file: String) throws(ConvertError) {
    guard let timmName else { return }
    switch TimmModel.named(timmName) {
    case .runs(let design): adopt(design)
    case .refused(let reason):
      throw .configuration(file: file, reason: "timm's '\(timmName)' is not run: \(reason)")
    case nil:
      guard ["vit_", "deit"].contains(where: timmName.hasPrefix), !timmName.contains("rope") else {
        throw .configuration(
          file: file,
          reason: "timm 1.0.31 has no vision transformer '\(timmName)', and others may differ in what is run")
      }
    }
    guard let arguments else { return }
    postNorm = arguments.usePostNorm ?? postNorm
    poolerHeads = arguments.attnPoolNumHeads ?? poolerHeads
    poolsPrefix = arguments.poolIncludePrefix ?? poolsPrefix
    if let noEmbedClass = arguments.noEmbedClass { positionsCoverPrefix = !noEmbedClass }
    guard arguments.useRotPosEmb ?? (rope != nil) == (rope != nil) else {
      throw .unusableValue(
        file: file, key: "use_rot_pos_emb", value: "\(rope == nil)",
        remedy: "zoo runs the position embedding that '\(timmName)' has by its name")
    }
    if let temperature = arguments.ropeTemperature { rope?.temperature = temperature }
    if let grid = arguments.refFeatShape?.size { rope?.referenceGrid = grid }
    if let offset = arguments.ropeGridOffset { rope?.offset = offset }
    if let name = arguments.ropeGridIndexing {
      guard let indexing = RotaryEmbedding.Indexing(rawValue: name) else {
        throw .configuration(file: file, reason: "its rope_grid_indexing '\(name)' is neither ij nor xy")
      }
      rope?.indexing = indexing
    }
  }

  /// Adopts the defaults of timm's class, for a model whose name timm does not have.
  mutating func adoptClassDefaults(of facts: VisionFacts) {
    activation = activation ?? .gelu
    // A norm before the blocks is CLIP's, whose epsilon is not the class's default.
    eps = eps ?? (facts.normPre ? nil : 1e-6)
  }

  /// Adopts what a name implies; choices already made win.
  mutating func adopt(_ design: TimmDesign) {
    heads = heads ?? design.heads
    eps = eps ?? design.eps
    activation = activation ?? design.activation
    pool = pool ?? design.pool
    poolsPrefix = design.poolsPrefix
    positionsCoverPrefix = positionsCoverPrefix ?? design.positionsCoverPrefix
    postNorm = design.postNorm
    poolerHeads = poolerHeads ?? design.poolerHeads
    resampling = design.resampling
    rope = design.rope
  }
}
