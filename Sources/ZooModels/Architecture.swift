/// What a model can do with the towers that it has.
public enum ModelPart: String, Codable, Sendable, Hashable, CaseIterable {
  /// An image tower and a text tower that share an embedding.
  case whole
  /// An image tower alone: its pictures need embeddings of prompts from elsewhere.
  case imageTower = "image_tower"
  /// A text tower alone.
  case textTower = "text_tower"
  /// An image tower with a linear head over classes.
  case classifier

  /// The tower that is there where there is one half of a model; nil for a whole model and for a classifier.
  package var half: String? {
    switch self {
    case .whole, .classifier: nil
    case .imageTower: "image tower"
    case .textTower: "text tower"
    }
  }
}

extension Architecture {
  /// One tower of a model, without the scale and the bias of the cosine; the model itself for parts that are no half.
  package func half(_ part: ModelPart) -> Architecture {
    guard part.half != nil else { return self }
    var half = self
    half.part = part
    if part == .imageTower { half.text = nil } else { half.vision = nil }
    (half.logitScale, half.temperature, half.logitBias) = (false, nil, false)
    return half
  }
}

/// All dimensions and choices that make a vision-language model, or one half of it, a function of its weights.
///
/// Nothing here depends on a source layout. `tensors` lists the canonical names and shapes that follow.
public struct Architecture: Codable, Sendable, Hashable {
  /// The field's name, such as `ViT-H-14`.
  public var name: String
  /// Where the design comes from.
  public var family: Family
  /// Width of the joint embedding, or the number of classes of a classifier.
  public var embedding: Int
  /// Whether both towers are there, one of them, or an image tower whose projection is a head over classes.
  public var part: ModelPart
  /// Nil for a text tower alone.
  public var vision: VisionTower?
  /// Nil for an image tower alone and for a classifier.
  public var text: TextTower?
  /// True where the learned scale of the cosine is there: in every whole model, in halves that were saved with it.
  public var logitScale: Bool
  /// What the cosine is divided by where no tensor holds its scale (TIPSv2).
  public var temperature: Float?
  /// True where a learned bias is added to the scaled cosine (SigLIP).
  public var logitBias: Bool
  /// Why the runtime cannot run this architecture; nil where it can.
  public var unsupported: String?
  /// Tensors of parts that the runtime does not know, by name: kept through conversion as they are.
  package var foreign: [ForeignTensors]

  /// Without a `part`, an image tower without a text tower is a classifier; without a `logitScale`, whole models have one.
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

  /// True where the scale of the cosine is known.
  public var hasScale: Bool { logitScale || temperature != nil }
  /// True for an image classifier with a linear head.
  public var isClassifier: Bool { part == .classifier }
}

extension Architecture {
  /// Manifests need not say which part a model is, nor that it has a scale: both follow from the towers.
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

/// The transformer blocks of a tower: one block function serves every combination.
public struct Blocks: Codable, Sendable, Hashable {
  /// Numbers in a token.
  public var width: Int
  /// How many blocks there are.
  public var layers: Int
  /// Not derivable from shapes: the head width is 64 for most, 80, 88, 104 and others for some.
  public var heads: Int
  /// Numbers in the hidden layer of the MLP; of each half where the MLP is gated.
  public var mlpWidth: Int
  package var normEps: Float
  /// The activation of the MLP.
  public var activation: Activation
  /// True where LayerNorm follows attention and MLP inside the residual branch (EVA02-E).
  package var postNorm: Bool
  /// True where LayerNorm follows each sum of the stream and a branch (BERT).
  package var sumNorm: Bool
  /// True where each branch is multiplied by a learned vector before it is added.
  package var layerScale: Bool
  /// True for SwiGLU and GeGLU: `fc2(norm(act(gate x) * fc1 x))`.
  package var gated: Bool
  /// True where a LayerNorm stands between attention and its output projection (EVA02 sub-LN).
  package var attentionNorm: Bool
  /// True where a LayerNorm stands before `fc2`.
  package var mlpNorm: Bool
  /// True where the MLP has a LayerNorm of its own behind the block's (ViTamin).
  package var mlpInputNorm: Bool
  /// Rotary position embedding on patch tokens, if any.
  package var rope: RotaryEmbedding?
  /// True where norms divide by the root mean square and have no offset (RMSNorm).
  package var rms: Bool
  /// Positions as a bias of attention by the distance of two tokens, if any (T5); then its products are not divided by the root of the
  /// head's width.
  package var relativeBias: RelativeBias?
  /// The hidden width of a small MLP in each block that gives attention a bias for the distance of two patches, if any (timm's
  /// `VisionTransformerRelPos`); then there is no position table.
  package var relativeHidden: Int?
  /// Rotary position embedding along a prompt, if any.
  package var sequenceRope: SequenceRotary?
  /// True where each head's queries and keys pass norms of their own before they are rotated.
  package var queryKeyNorm: Bool
  /// True where attention's output is multiplied by the sigmoid of a linear map of attention's input.
  package var attentionGate: Bool
  /// True where the first block's attention sees the stream as it is (ModernBERT).
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
  /// True where attention and MLP see the normalised stream.
  package var normFirst: Bool { !postNorm && !sumNorm }
  /// What products of queries and keys are multiplied by.
  package var attentionScale: Float { relativeBias == nil ? 1 / Float(headWidth).squareRoot() : 1 }
}

/// The activation of an MLP.
public enum Activation: String, Codable, Sendable, Hashable, CaseIterable {
  /// `x * Phi(x)`, by the error function.
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

/// Rows and columns, of a patch grid or of a picture in pixels. Written `[height, width]` in JSON.
public struct GridSize: Codable, Sendable, Hashable, CustomStringConvertible {
  /// Rows, or pixels down.
  public var height: Int
  /// Columns, or pixels across.
  public var width: Int

  /// Any two sides.
  public init(height: Int, width: Int) {
    self.height = height
    self.width = width
  }

  /// Two equal sides.
  public init(square side: Int) { self.init(height: side, width: side) }

  /// From `[height, width]` or from one number, the side of a square; each within 1...65535.
  public init(from decoder: any Decoder) throws {
    let single = try decoder.singleValueContainer()
    let sides: [Int]
    // The list first: what is thrown for the other form takes as long as all of the rest of a manifest.
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

  /// Patches or pixels in all.
  public var count: Int { height * width }
  public var description: String { "\(height)x\(width)" }
}

/// The image tower.
public struct VisionTower: Codable, Sendable, Hashable {
  /// Native picture size in pixels.
  public var image: GridSize
  /// Pixels on a side of a patch.
  public var patch: Int
  /// Convolutions in place of the patch embedding, if any.
  package var stem: Stem?
  /// Without layers where the pooler's attention is the only one (CLIP's ResNets).
  public var blocks: Blocks
  /// True where a learned class token precedes the patches.
  public var classToken: Bool
  /// Register tokens after the class token, without meaning for a map.
  public var registers: Int
  /// True where the patch convolution has a bias.
  package var patchBias: Bool
  /// True where the position table has rows for the prefix tokens.
  package var positionsCoverPrefix: Bool
  /// True where there is no position table, as convolutions tell places (ViTamin-XL).
  package var noPositions: Bool
  /// True where a LayerNorm precedes the blocks (`ln_pre`).
  package var normPre: Bool
  /// True where no LayerNorm follows the blocks (Hugging Face's CLIP classifier).
  package var noFinalNorm: Bool
  /// The grid of the position table where it is not the native one (NaFlex).
  package var positionGrid: GridSize?
  /// How the tokens become one vector.
  public var pooler: Pooler
  /// True where an attention pooler does not see the tokens before the patches.
  package var poolerSkipsPrefix: Bool
  /// How a position table is resampled for another grid.
  package var resampling: PositionResampling
  /// From the pooled width to the joint embedding, or the classifier's head.
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

  /// Tokens before the patches.
  package var prefixTokens: Int { (classToken || pooler.isMeanQuery ? 1 : 0) + registers }
  /// Layers with attention that methods choose among: the blocks; where there are none, the pooler is the only one.
  public var depth: Int { max(1, blocks.layers) }
  /// The native patch grid; a remainder of the picture is not seen.
  public var grid: GridSize { GridSize(height: image.height / patch, width: image.width / patch) }
  /// The grid that the position table was made for.
  package var tableGrid: GridSize { positionGrid ?? grid }
  /// Rows of the position table; 0 where attention alone knows positions.
  package var positions: Int {
    if noPositions || blocks.relativeHidden != nil { return 0 }
    return tableGrid.count + (positionsCoverPrefix ? prefixTokens : 0)
  }
  /// Width of what the final norm sees.
  package var normWidth: Int {
    if case .coca(_, _, let width) = pooler { width } else { blocks.width }
  }
  /// Width of what the projection sees.
  package var pooledWidth: Int { pooler == .classAndPatchMean ? 2 * normWidth : normWidth }
}

/// How position tables are resampled for pictures of another size: as the code does that a checkpoint was written for.
package enum PositionResampling: String, Codable, Sendable, Hashable {
  /// open_clip, timm and LeGrad: bicubic with a = -0.5, support scaling and borders renormalised.
  case bicubicAntialias = "bicubic_antialias"
  /// Hugging Face: bicubic with a = -0.75 and clamped borders.
  case bicubic
  /// timm for NPZ files of Google's classifiers: bilinear, between the middles of patches.
  case bilinear
  /// big_vision: bilinear, with the first and last patches of both grids on each other.
  case bilinearCorners = "bilinear_corners"
  /// SigLIP2 with NaFlex: bilinear with support scaling.
  case bilinearAntialias = "bilinear_antialias"
}

/// What leads from the pooled width to the embedding.
package enum Projection: String, Codable, Sendable, Hashable {
  case none
  case linear
  case linearWithBias = "linear_bias"
  /// open_clip's `mlp`: two linear maps without biases and GELU between them; the width in the middle is the mean of the outer two.
  case mlp

  /// The width between the two maps of `mlp`, as open_clip rounds it.
  package static func hiddenWidth(from input: Int, to output: Int) -> Int { (input + output) / 2 }
}
