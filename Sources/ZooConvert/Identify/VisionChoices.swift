import ZooModels

/// What must be known of an image tower beside its shapes; nil where nobody said.
struct VisionChoices {
  /// timm's name of the model.
  var timmName: String?
  var image: GridSize?
  var heads: Int?
  var activation: Activation?
  var eps: Float?
  /// timm's name of the pooling: `token`, `avg`, `map`.
  var pool: String?
  /// True where the norms follow the branches.
  var postNorm = false
  var rope: RotaryEmbedding?
  var resampling = PositionResampling.bicubicAntialias
  /// Where the pooler has another number of heads than the blocks.
  var poolerHeads: Int?
}

extension VisionFacts {
  /// The tower with these shapes and choices, or what is missing.
  func tower(_ choices: VisionChoices, path: String) throws(ConvertError) -> VisionTower {
    guard let heads = heads ?? choices.heads else {
      throw missing("how many heads the image tower has", "--heads", path)
    }
    guard let activation = choices.activation else {
      throw missing("the activation of the image tower", "--activation", path)
    }
    guard let eps = choices.eps else { throw missing("the epsilon of the image tower", "--eps", path) }
    guard let width, let patch, patch > 0, let positions, let mlpWidth, width > 0, heads > 0, width % heads == 0
    else {
      throw .configuration(file: path, reason: "the shapes of its image tower do not fit one another")
    }
    let prefix = (classToken ? 1 : 0) + registers
    let image: GridSize
    if let known = choices.image {
      image = known
    } else {
      let side = [positions - prefix, positions].compactMap(exactSquareRoot).first
      guard let side else {
        throw missing("the shape of the patch grid (\(positions) positions)", "--image-size", path)
      }
      image = GridSize(height: side * patch, width: side * patch)
    }
    guard (1...100_000).contains(image.height), (1...100_000).contains(image.width) else {
      throw .configuration(file: path, reason: "no picture is \(image)")
    }
    guard min(image.height, image.width) >= patch else {
      throw .configuration(file: path, reason: "a picture of \(image) has no patch of \(patch)")
    }
    let native = GridSize(height: image.height / patch, width: image.width / patch), grid = native.count
    return VisionTower(
      image: image, patch: patch, stem: stem,
      blocks: Blocks(
        width: width, layers: layers, heads: heads, mlpWidth: mlpWidth, normEps: eps,
        activation: gated ? .silu : activation, postNorm: choices.postNorm, layerScale: layerScale, gated: gated,
        attentionNorm: attentionNorm, mlpNorm: mlpNorm, rope: choices.rope),
      classToken: classToken, registers: registers, patchBias: patchBias,
      positionsCoverPrefix: positionGrid == nil && prefix > 0 && positions != grid, normPre: normPre,
      positionGrid: positionGrid == native ? nil : positionGrid,
      pooler: pooler(choices, heads: heads, activation: activation), resampling: choices.resampling,
      projection: projection)
  }

  private func pooler(_ choices: VisionChoices, heads: Int, activation: Activation) -> Pooler {
    switch pooler {
    case .attention:
      return .attention(
        heads: poolerHeads ?? choices.poolerHeads ?? heads, mlpWidth: poolerMLP ?? 4 * (width ?? 0),
        activation: activation)
    case .coca: return .coca(heads: poolerHeads ?? 8, queries: queries ?? 256, width: embedding ?? 0)
    case nil:
      let isMean = choices.pool == "avg" || choices.pool == "avgmax" || !classToken
      return isMean ? .patchMean(normFirst: !normAfterMean) : .classToken
    }
  }

  private func missing(_ what: String, _ option: String, _ path: String) -> ConvertError {
    .undecided(path: path, undecided: [what], candidates: [], options: [option])
  }
}

/// The root of a square number.
func exactSquareRoot(_ value: Int) -> Int? {
  guard value > 0 else { return nil }
  let root = Int(Double(value).squareRoot().rounded())
  return root * root == value ? root : nil
}

/// The head counts of timm's sizes of vision transformer, by the word in the name.
func timmHeads(_ name: String) -> Int? {
  let words = name.split { !$0.isLetter && !$0.isNumber }.map(String.init)
  let heads = [
    "tiny": 3, "small": 6, "medium": 8, "base": 12, "large": 16, "huge": 16, "giant": 16, "gigantic": 16,
    "so400m": 16,
  ]
  guard words.first == "vit" || words.first == "deit" || words.first == "deit3" else { return nil }
  return words.compactMap { heads[$0] }.first
}
