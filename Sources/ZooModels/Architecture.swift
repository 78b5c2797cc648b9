/// The towers that a model has, which decide what it can do.
public enum ModelPart: String, Codable, Sendable, Hashable, CaseIterable {
  /// An image tower and a text tower that share an embedding.
  case whole
  /// An image tower alone: prompt embeddings for its pictures must come from elsewhere.
  case imageTower = "image_tower"
  /// A text tower alone.
  case textTower = "text_tower"
  /// An image tower with a linear head over classes.
  case classifier

  /// The tower that a half of a model has; nil for a whole model and for a classifier.
  package var half: String? {
    switch self {
    case .whole, .classifier: nil
    case .imageTower: "image tower"
    case .textTower: "text tower"
    }
  }
}

extension Architecture {
  /// One tower of a model, without the scale and bias of the cosine; the model itself for parts that are not a half.
  package func half(_ part: ModelPart) -> Architecture {
    guard part.half != nil else { return self }
    var half = self
    half.part = part
    if part == .imageTower { half.text = nil } else { half.vision = nil }
    (half.logitScale, half.temperature, half.logitBias) = (false, nil, false)
    return half
  }
}

/// All dimensions and choices that turn a vision-language model, or one half of it, into a function of its weights.
///
/// Independent of the source layout. `tensors` lists the canonical names and shapes that follow from it.
public struct Architecture: Codable, Sendable, Hashable {
  /// The established name, such as `ViT-H-14`.
  public var name: String
  /// The family of designs it belongs to.
  public var family: Family
  /// Width of the joint embedding, or the number of classes of a classifier.
  public var embedding: Int
  /// Whether it has both towers, one of them, or an image tower whose projection is a classification head.
  public var part: ModelPart
  /// Nil for a text tower alone.
  public var vision: VisionTower?
  /// Nil for an image tower alone and for a classifier.
  public var text: TextTower?
  /// Whether it has a learned scale of the cosine: all whole models do, and halves that were saved with it.
  public var logitScale: Bool
  /// The divisor of the cosine if no tensor holds its scale (TIPSv2).
  public var temperature: Float?
  /// Whether a learned bias is added to the scaled cosine (SigLIP).
  public var logitBias: Bool
  /// Why the runtime cannot run this architecture; nil if it can.
  public var unsupported: String?
  /// Tensors of parts that the runtime does not know, by name; conversion keeps them unchanged.
  package var foreign: [ForeignTensors]

  /// Without a `part`, an image tower without a text tower is a classifier; without a `logitScale`, a whole model has one.
  package init(
    name: String, family: Family, embedding: Int, part: ModelPart? = nil, vision: VisionTower?, text: TextTower?,
    logitScale: Bool? = nil, temperature: Float? = nil, logitBias: Bool = false, unsupported: String? = nil,
    foreign: [ForeignTensors] = []
  ) {
    self.name = name
    self.family = family
    self.embedding = embedding
    self.part = part ?? (vision == nil ? .textTower : text == nil ? .classifier : .whole)
    self.vision = vision
    self.text = text
    self.logitScale = logitScale ?? (self.part == .whole)
    self.temperature = temperature
    self.logitBias = logitBias
    self.unsupported = unsupported
    self.foreign = foreign
  }

  /// Whether the scale of the cosine is known.
  public var hasScale: Bool { logitScale || temperature != nil }
  /// Whether this is an image classifier with a linear head.
  public var isClassifier: Bool { part == .classifier }
}

extension Architecture {
  /// Manifests need not state the part or that the model has a scale: both follow from the towers.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      name: try values.decode(String.self, forKey: .name), family: try values.decode(Family.self, forKey: .family),
      embedding: try values.decode(Int.self, forKey: .embedding),
      part: try values.decodeIfPresent(ModelPart.self, forKey: .part),
      vision: try values.decodeIfPresent(VisionTower.self, forKey: .vision),
      text: try values.decodeIfPresent(TextTower.self, forKey: .text),
      logitScale: try values.decodeIfPresent(Bool.self, forKey: .logitScale),
      temperature: try values.decodeIfPresent(Float.self, forKey: .temperature),
      logitBias: try values.decode(Bool.self, forKey: .logitBias),
      unsupported: try values.decodeIfPresent(String.self, forKey: .unsupported),
      foreign: try values.decode([ForeignTensors].self, forKey: .foreign))
  }
}

/// The transformer blocks of a tower: one block function covers every combination.
public struct Blocks: Codable, Sendable, Hashable {
  /// The width of a token.
  public var width: Int
  /// The number of blocks.
  public var layers: Int
  /// The number of attention heads. Cannot be derived from shapes: most models have 64 numbers per head, some 80, 88, 104 or others.
  public var heads: Int
  /// The width of the hidden layer of the MLP; of each half if the MLP is gated.
  public var mlpWidth: Int
  package var normEps: Float
  /// The activation of the MLP.
  public var activation: Activation
  /// Whether LayerNorm follows attention and MLP inside the residual branch (EVA02-E).
  package var postNorm: Bool
  /// Whether LayerNorm follows each addition to the residual stream (BERT).
  package var sumNorm: Bool
  /// Whether each branch is multiplied by a learned vector before it is added.
  package var layerScale: Bool
  /// True for SwiGLU and GeGLU: `fc2(norm(act(gate x) * fc1 x))`.
  package var gated: Bool
  /// Whether there is a LayerNorm between attention and its output projection (EVA02 sub-LN).
  package var attentionNorm: Bool
  /// Whether there is a LayerNorm before `fc2`.
  package var mlpNorm: Bool
  /// Whether the MLP has a LayerNorm of its own after the block's (ViTamin).
  package var mlpInputNorm: Bool
  /// Rotary position embedding of patch tokens, if any.
  package var rope: RotaryEmbedding?
  /// Whether norms divide by the root mean square and have no offset (RMSNorm).
  package var rms: Bool
  /// An attention bias by the distance between two tokens (T5), if any; attention scores are then not divided by the square root of the head width.
  package var relativeBias: RelativeBias?
  /// The hidden width of a small MLP in each block that computes an attention bias from the distance between two patches (timm's
  /// `VisionTransformerRelPos`), if any; there is no position table then.
  package var relativeHidden: Int?
  /// Rotary position embedding along a prompt, if any.
  package var sequenceRope: SequenceRotary?
  /// Whether each head's queries and keys pass through norms of their own before they are rotated.
  package var queryKeyNorm: Bool
  /// Whether the output of attention is multiplied by the sigmoid of a linear map of its input.
  package var attentionGate: Bool
  /// Whether attention in the first block reads the stream without a norm (ModernBERT).
  package var noFirstNorm: Bool

  package init(
    width: Int, layers: Int, heads: Int, mlpWidth: Int, normEps: Float, activation: Activation, postNorm: Bool = false,
    sumNorm: Bool = false, layerScale: Bool = false, gated: Bool = false, attentionNorm: Bool = false,
    mlpNorm: Bool = false, mlpInputNorm: Bool = false, rope: RotaryEmbedding? = nil, rms: Bool = false,
    relativeBias: RelativeBias? = nil,
    relativeHidden: Int? = nil, sequenceRope: SequenceRotary? = nil, queryKeyNorm: Bool = false,
    attentionGate: Bool = false,
    noFirstNorm: Bool = false
  ) {
    self.width = width
    self.layers = layers
    self.heads = heads
    self.mlpWidth = mlpWidth
    self.normEps = normEps
    self.activation = activation
    self.postNorm = postNorm
    self.sumNorm = sumNorm
    self.layerScale = layerScale
    self.gated = gated
    self.attentionNorm = attentionNorm
    self.mlpNorm = mlpNorm
    self.mlpInputNorm = mlpInputNorm
    self.rope = rope
    self.rms = rms
    self.relativeBias = relativeBias
    self.relativeHidden = relativeHidden
    self.sequenceRope = sequenceRope
    self.queryKeyNorm = queryKeyNorm
    self.attentionGate = attentionGate
    self.noFirstNorm = noFirstNorm
  }

  package var headWidth: Int { width / heads }
  /// Whether attention and MLP read the normalised stream.
  package var normFirst: Bool { !postNorm && !sumNorm }
  /// The factor of the products of queries and keys.
  package var attentionScale: Float { relativeBias == nil ? 1 / Float(headWidth).squareRoot() : 1 }
}

/// The activation of an MLP.
public enum Activation: String, Codable, Sendable, Hashable, CaseIterable {
  /// `x * Phi(x)`, computed with the error function.
  case gelu
  /// The tanh approximation of GELU.
  case geluTanh = "gelu_tanh"
  /// `x * sigmoid(1.702 x)`.
  case quickGELU = "quick_gelu"
  /// `x * sigmoid(x)`, the gate of SwiGLU.
  case silu
  /// `max(0, x)`.
  case relu
}

/// The rows and columns of a patch grid, or of a picture in pixels. Written as `[height, width]` in JSON.
public struct GridSize: Codable, Sendable, Hashable, CustomStringConvertible {
  /// The number of rows, or of pixels from top to bottom.
  public var height: Int
  /// The number of columns, or of pixels from left to right.
  public var width: Int

  /// Creates a grid of the given size.
  public init(height: Int, width: Int) {
    self.height = height
    self.width = width
  }

  /// Creates a square grid.
  public init(square side: Int) { self.init(height: side, width: side) }

  /// Decodes `[height, width]`, or one number for a square; each within 1...65535.
  public init(from decoder: any Decoder) throws {
    let single = try decoder.singleValueContainer()
    let sides: [Int]
    // The list first: throwing the error for the other form takes as long as decoding all the rest of a manifest.
    if let both = try? single.decode([Int].self) {
      sides = both
    } else if let side = try? single.decode(Int.self) {
      sides = [side, side]
    } else {
      sides = try single.decode([Int].self)
    }
    guard sides.count == 2, sides.allSatisfy({ (1...65535).contains($0) }) else {
      throw DecodingError.dataCorruptedError(
        in: single, debugDescription: "expected a side or [height, width], each within 1...65535")
    }
    self.init(height: sides[0], width: sides[1])
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode([height, width])
  }

  /// The number of patches or pixels.
  public var count: Int { height * width }
  public var description: String { "\(height)x\(width)" }
}

/// The image tower.
public struct VisionTower: Codable, Sendable, Hashable {
  /// The native picture size in pixels.
  public var image: GridSize
  /// The side of a patch in pixels.
  public var patch: Int
  /// Convolutions that replace the patch embedding, if any.
  package var stem: Stem?
  /// The transformer blocks; without layers if the pooler's attention is the only one (CLIP's ResNets).
  public var blocks: Blocks
  /// Whether a learned class token precedes the patches.
  public var classToken: Bool
  /// The number of register tokens after the class token; heat maps ignore them.
  public var registers: Int
  /// Whether the patch convolution has a bias.
  package var patchBias: Bool
  /// Whether the position table has rows for the prefix tokens.
  package var positionsCoverPrefix: Bool
  /// Whether there is no position table, because convolutions encode positions (ViTamin-XL).
  package var noPositions: Bool
  /// Whether a LayerNorm precedes the blocks (`ln_pre`).
  package var normPre: Bool
  /// Whether no LayerNorm follows the blocks (Hugging Face's CLIP classifier).
  package var noFinalNorm: Bool
  /// The grid of the position table if it is not the native one (NaFlex).
  package var positionGrid: GridSize?
  /// How the tokens become one vector.
  public var pooler: Pooler
  /// Whether an attention pooler ignores the tokens before the patches.
  package var poolerSkipsPrefix: Bool
  /// How the position table is resampled for a different grid.
  package var resampling: PositionResampling
  /// Maps the pooled width to the joint embedding, or is the classifier's head.
  package var projection: Projection

  package init(
    image: GridSize, patch: Int, stem: Stem? = nil, blocks: Blocks, classToken: Bool, registers: Int = 0,
    patchBias: Bool = false,
    positionsCoverPrefix: Bool = true, noPositions: Bool = false, normPre: Bool = false, noFinalNorm: Bool = false,
    positionGrid: GridSize? = nil, pooler: Pooler, poolerSkipsPrefix: Bool = false,
    resampling: PositionResampling = .bicubicAntialias, projection: Projection = .linear
  ) {
    self.image = image
    self.patch = patch
    self.stem = stem
    self.blocks = blocks
    self.classToken = classToken
    self.registers = registers
    self.patchBias = patchBias
    self.positionsCoverPrefix = positionsCoverPrefix
    self.noPositions = noPositions
    self.normPre = normPre
    self.noFinalNorm = noFinalNorm
    self.positionGrid = positionGrid
    self.pooler = pooler
    self.poolerSkipsPrefix = poolerSkipsPrefix
    self.resampling = resampling
    self.projection = projection
  }

  /// The number of tokens before the patches.
  package var prefixTokens: Int { (classToken || pooler.isMeanQuery ? 1 : 0) + registers }
  /// The number of layers with attention that methods choose among: the blocks, or the pooler alone if there are none.
  public var depth: Int { max(1, blocks.layers) }
  /// The native patch grid; the rest of a picture beyond whole patches is ignored.
  public var grid: GridSize { GridSize(height: image.height / patch, width: image.width / patch) }
  /// The grid that the position table was made for.
  package var tableGrid: GridSize { positionGrid ?? grid }
  /// The number of rows of the position table; 0 if only attention encodes positions.
  package var positions: Int {
    if noPositions || blocks.relativeHidden != nil { return 0 }
    return tableGrid.count + (positionsCoverPrefix ? prefixTokens : 0)
  }
  /// The width of the final norm's input.
  package var normWidth: Int {
    if case .coca(_, _, let width) = pooler { width } else { blocks.width }
  }
  /// The width of the projection's input.
  package var pooledWidth: Int { pooler == .classAndPatchMean ? 2 * normWidth : normWidth }
}

/// How position tables are resampled for pictures of another size, following the code that a checkpoint was written for.
package enum PositionResampling: String, Codable, Sendable, Hashable {
  /// open_clip, timm and LeGrad: bicubic with a = -0.5, scaled support and weights renormalised at the borders.
  case bicubicAntialias = "bicubic_antialias"
  /// Hugging Face: bicubic with a = -0.75 and clamped borders.
  case bicubic
  /// timm for NPZ files of Google's classifiers: bilinear, aligned at patch centres.
  case bilinear
  /// big_vision: bilinear, with the first and last patches of both grids aligned.
  case bilinearCorners = "bilinear_corners"
  /// SigLIP2 with NaFlex: bilinear with scaled support.
  case bilinearAntialias = "bilinear_antialias"
}

/// How the pooled vector is mapped to the embedding.
package enum Projection: String, Codable, Sendable, Hashable {
  case none
  case linear
  case linearWithBias = "linear_bias"
  /// open_clip's `mlp`: two linear maps without biases, with GELU between them; the hidden width is the mean of the outer two.
  case mlp

  /// The hidden width of `mlp`, rounded as in open_clip.
  package static func hiddenWidth(from input: Int, to output: Int) -> Int { (input + output) / 2 }
}
