import ZooModels

/// What a model of timm has by its name and neither shapes nor open_clip's configuration show. Facts of timm 1.0.31.
struct TimmDesign {
  var heads: Int?
  var eps: Float = 1e-6
  var activation = Activation.gelu
  /// True where the norms follow the branches.
  var postNorm = false
  var rope: RotaryEmbedding?
  var poolerHeads: Int?
  var resampling = PositionResampling.bicubicAntialias

  /// Nil for a name that is not known here.
  init?(named name: String) {
    let words = name.split(separator: "_").map(String.init)
    func size(_ heads: [String: Int]) -> Int? { words.compactMap { heads[$0] }.first }
    if name.hasPrefix("vit_pe_core_") {
      eps = 1e-5
      heads = size(["tiny": 3, "small": 6, "base": 12, "large": 16, "gigantic": 16])
      poolerHeads = 8
      let side = size(["tiny": 24, "small": 24, "base": 14, "large": 24, "gigantic": 32])
      rope = RotaryEmbedding(
        temperature: 10000, referenceGrid: side.map(GridSize.init(square:)),
        offset: words.contains("gigantic") ? 0 : 1, indexing: .xy)
    } else if name.hasPrefix("eva02_enormous_"), words.contains("clip") {
      heads = 16
      postNorm = true
    } else if name.hasPrefix("eva02_base_") || name.hasPrefix("eva02_large_"), words.contains("clip") {
      heads = size(["base": 12, "large": 16])
      // The grid of the pretraining, for every patch and picture size.
      rope = RotaryEmbedding(temperature: 10000, referenceGrid: GridSize(square: 16), offset: 0, indexing: .ij)
    } else if name.hasPrefix("eva_giant_"), words.contains("clip") {
      heads = 16
    } else if name.hasPrefix("naflexvit_"), words.last == "siglip" {
      heads = size(["base": 12, "so400m": 16])
      activation = .geluTanh
      resampling = .bilinearAntialias
    } else if name.hasPrefix("naflexvit_base_"), words.count == 4, words.last == "gap" {
      heads = 12
    } else if name.hasPrefix("vit_base_mci_") {
      heads = 12
    } else if name.hasPrefix("vit_medium_patch16_gap_") {
      heads = 8
    } else if name.hasPrefix("vit_"), words.contains("clip"), !words.contains("plus"), !name.contains("rope") {
      eps = 1e-5
      heads = timmHeads(name)
      if words.contains("quickgelu") { activation = .quickGELU }
    } else {
      return nil
    }
  }

  /// True for names of models that may rotate their tokens or norm their branches, which no shape shows.
  static func mayHideParts(_ name: String) -> Bool {
    name.hasPrefix("eva") || name.hasPrefix("naflexvit_") || name.hasPrefix("vit_pe_") || name.contains("rope")
  }
}

extension VisionChoices {
  /// Takes from timm's model of this name, and from its arguments, what nobody has said yet.
  ///
  /// Throws where a model of this name may have parts that would be left out without a word.
  mutating func adoptTimmDesign(_ arguments: TimmArguments?, file: String) throws(ConvertError) {
    guard let timmName else { return }
    guard let design = TimmDesign(named: timmName) else {
      guard !TimmDesign.mayHideParts(timmName) else {
        throw .configuration(file: file, reason: "timm's '\(timmName)' is none of the image towers that are known here")
      }
      return
    }
    heads = heads ?? design.heads
    eps = eps ?? design.eps
    activation = activation ?? design.activation
    postNorm = arguments?.usePostNorm ?? design.postNorm
    poolerHeads = arguments?.attnPoolNumHeads ?? design.poolerHeads
    resampling = design.resampling
    rope = design.rope
    if let grid = arguments?.refFeatShape?.size { rope?.referenceGrid = grid }
    if let offset = arguments?.ropeGridOffset { rope?.offset = offset }
    if let name = arguments?.ropeGridIndexing {
      guard let indexing = RotaryEmbedding.Indexing(rawValue: name) else {
        throw .configuration(file: file, reason: "its rope_grid_indexing '\(name)' is neither ij nor xy")
      }
      rope?.indexing = indexing
    }
  }
}
