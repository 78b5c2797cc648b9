import ZooModels

/// What must be known about an image tower besides its shapes; nil if unknown.
struct VisionChoices {
  /// timm's name of the model.
  var timmName: String?
  var image: GridSize?
  var heads: Int?
  var activation: Activation?
  var eps: Float?
  /// timm's name of the pooling: `token`, `avg`, `max`, `avgmax`, `map`.
  var pool: String?
  /// Whether the pooling includes the tokens before the patches.
  var poolsPrefix = false
  /// False if the class token and the registers have no rows in the position table.
  var positionsCoverPrefix: Bool?
  /// The grid of the position table if it is for other pictures (DINOv2); nil if it follows from the picture.
  var tableGrid: GridSize?
  /// Whether the MLP is SwiGLU, whatever the activation elsewhere.
  var hasSwiGLU = false
  /// Whether the norms follow the branches.
  var postNorm = false
  var rope: RotaryEmbedding?
  var resampling = PositionResampling.bicubicAntialias
  /// The number of heads of the pooler, if it differs from the blocks'.
  var poolerHeads: Int?
}

extension VisionFacts {
  /// The tower with these shapes and choices; throws an error that lists everything missing.
  func tower(_ choices: VisionChoices, path: String) throws(ConvertError) -> VisionTower {
    func invalid(_ reason: String) -> ConvertError { .configuration(file: path, reason: reason) }
    guard let width, let patch, patch > 0, let positions, let mlpWidth, width > 0 else {
      throw invalid("the shapes of its image tower do not fit one another")
    }
    // For CLIP's ResNets only the heads are open, which have a width of 64 in OpenAI's, open_clip's and timm's.
    let isResNet = pooler == .meanQuery
    let image = choices.image ?? squareImage(choices, patch: patch)
    var missing: [(what: String, option: String)] = []
    func need<Value>(_ value: Value?, _ what: String, _ option: String) -> Value? {
      if value == nil { missing.append((what, option)) }
      return value
    }
    let known = (
      need(
        heads ?? choices.heads ?? (isResNet ? max(1, width / 64) : nil), "how many heads the image tower has", "--heads"
      ),
      need(isResNet ? .relu : choices.activation, "the activation of the image tower", "--activation"),
      need(choices.eps ?? (isResNet ? 1e-5 : nil), "the epsilon of the image tower", "--eps"),
      need(image, "the shape of the patch grid (\(positions) positions)", "--image-size")
    )
    guard let heads = known.0, let activation = known.1, let eps = known.2, let image = known.3 else {
      throw .undecided(
        path: path, undecided: missing.map(\.what), candidates: [], options: missing.map(\.option))
    }
    guard heads > 0, width % heads == 0 else {
      throw invalid("a width of \(width) cannot be split into \(heads) heads")
    }
    guard (1...100_000).contains(image.height), (1...100_000).contains(image.width) else {
      throw invalid("no picture is \(image)")
    }
    guard min(image.height, image.width) >= patch else {
      throw invalid("a picture of \(image) has no patch of \(patch)")
    }
    guard activation != .silu || gated else { throw invalid("its MLP has no gate, which silu is for") }
    guard !isGeGLU || activation == .gelu else { throw invalid("its gates are GELU's") }
    guard !gateIsPacked || activation == .silu || choices.hasSwiGLU else {
      throw invalid("its MLP is gated, which is run with silu only (--activation silu)")
    }
    let native = GridSize(height: image.height / patch, width: image.width / patch)
    let table = positionGrid ?? choices.tableGrid
    let covers =
      relativeHidden == nil && (positionsCoverPrefix ?? choices.positionsCoverPrefix ?? (positions != native.count))
    return VisionTower(
      image: image, patch: patch, stem: stem,
      blocks: Blocks(
        width: width, layers: layers, heads: heads, mlpWidth: mlpWidth, normEps: eps,
        activation: gated && !isGeGLU ? .silu : activation, postNorm: choices.postNorm, layerScale: layerScale,
        gated: gated,
        attentionNorm: attentionNorm, mlpNorm: mlpNorm, mlpInputNorm: isGeGLU, rope: choices.rope,
        relativeHidden: relativeHidden),
      classToken: classToken, registers: registers, patchBias: patchBias,
      positionsCoverPrefix: positionGrid == nil && prefixTokens > 0 && covers,
      noPositions: positions == 0 && relativeHidden == nil, normPre: normPre,
      noFinalNorm: noFinalNorm || isResNet,
      positionGrid: table == native ? nil : table,
      pooler: try pooler(choices, heads: heads, activation: activation, path: path),
      poolerSkipsPrefix: pooler == .attention && prefixTokens > 0 && !choices.poolsPrefix,
      resampling: choices.resampling,
      projection: projection)
  }

  /// Tokens before the patches.
  var prefixTokens: Int { (classToken || pooler == .meanQuery ? 1 : 0) + registers }

  /// The picture whose square patch grid the position table is for; nil if the grid is not square, or need not be.
  private func squareImage(_ choices: VisionChoices, patch: Int) -> GridSize? {
    guard let positions, positions > 0, relativeHidden == nil else { return nil }
    let patches: Int
    switch positionsCoverPrefix ?? choices.positionsCoverPrefix {
    case false?: patches = positions
    // Unless the prefix is known to have no rows, a square without rows for it may as well be a rectangle with them.
    default: patches = positionGrid == nil ? positions - prefixTokens : positions
    }
    return exactSquareRoot(patches).map { GridSize(square: $0 * patch) }
  }

  private func pooler(
    _ choices: VisionChoices, heads: Int, activation: Activation, path: String
  ) throws(ConvertError) -> Pooler {
    func invalid(_ reason: String) -> ConvertError { .configuration(file: path, reason: reason) }
    let normFirst = !normAfterMean, poolsPrefix = choices.poolsPrefix && prefixTokens > 0
    switch pooler {
    case .attention:
      guard normFirst else { throw invalid("a norm after its attention pooling is not run") }
      return .attention(
        heads: poolerHeads ?? choices.poolerHeads ?? heads, mlpWidth: poolerMLP ?? 4 * (width ?? 0),
        activation: activation)
    case .meanQuery: return .meanQuery(heads: heads)
    case .classAndPatchMean: return .classAndPatchMean
    case .coca: return .coca(heads: poolerHeads ?? 8, queries: queries ?? 256, width: embedding ?? 0)
    case nil: break
    }
    switch choices.pool ?? "" {
    // timm applies the norm after pooling unless it pools by the class token.
    case "": return classToken && normFirst ? .classToken : .patchMean(normFirst: normFirst)
    case "token", "tok":
      guard classToken else { throw invalid("its pooling takes the class token, which is not there") }
      return .classToken
    case "avg" where !poolsPrefix: return .patchMean(normFirst: normFirst)
    case "avg" where normAfterMean: return .tokenMean
    case "max" where !poolsPrefix: return .patchMax(withMean: false, normFirst: normFirst)
    case "avgmax" where !poolsPrefix: return .patchMax(withMean: true, normFirst: normFirst)
    case let other:
      throw invalid("its pooling '\(other)'\(poolsPrefix ? " over all tokens" : "") is not run with these tensors")
    }
  }
}

/// The square root of a perfect square.
func exactSquareRoot(_ value: Int) -> Int? {
  guard value > 0 else { return nil }
  let root = Int(Double(value).squareRoot().rounded())
  return root * root == value ? root : nil
}
