import ZooModels

/// What the shapes of a checkpoint show of its architecture; nil where they do not.
///
/// Never shown: head counts (except in NPZ files), activations, epsilons, masks, text pooling, preprocessing.
public struct ArchitectureFacts: Sendable, Hashable {
  public var vision: VisionFacts
  public var text: TextFacts?
  public var logitBias: Bool

  /// Width of the joint embedding, or of what a tower alone gives.
  public var embedding: Int? { vision.embedding ?? text?.embedding ?? vision.width ?? text?.width }
}

public struct VisionFacts: Sendable, Hashable {
  public enum PoolerKind: String, Sendable { case attention, coca, meanQuery }

  public var width: Int?
  public var patch: Int?
  public var stem: Stem?
  /// Rows of the position table.
  public var positions: Int?
  /// The hidden width of the MLP of relative positions.
  public var relativeHidden: Int?
  /// The grid of the position table, where its shape shows it.
  public var positionGrid: GridSize?
  public var layers = 0
  public var mlpWidth: Int?
  public var heads: Int?
  public var embedding: Int?
  public var classToken = false
  public var registers = 0
  public var patchBias = false
  public var normPre = false
  /// True where no norm follows the blocks.
  public var noFinalNorm = false
  public var layerScale = false
  public var gated = false
  /// True where a gate is opened by GELU, behind a norm of the MLP's own (ViTamin).
  public var isGeGLU = false
  /// True where the gate and what it opens are one matrix, the gate first.
  public var gateIsPacked = false
  public var attentionNorm = false
  public var mlpNorm = false
  public var projection = Projection.none
  public var pooler: PoolerKind?
  public var poolerMLP: Int?
  public var poolerHeads: Int?
  public var queries: Int?
  /// True where the final norm follows the mean over the patches.
  public var normAfterMean = false
  /// True where the layout's position tables always have rows for the prefix tokens; nil where it has both kinds.
  public var positionsCoverPrefix: Bool?

  public init() {}
}

public struct TextFacts: Sendable, Hashable {
  /// The class of transformers that has these names; nil for other text towers.
  var encoder: HuggingFaceText.Encoder?
  /// Rows of the table of relative positions.
  var biasBuckets: Int?
  /// Rows of the table of token types.
  var tokenTypes = 0
  public var vocabulary: Int
  public var width: Int
  public var positions: Int?
  public var layers = 0
  public var mlpWidth: Int?
  public var heads: Int?
  public var embedding: Int?
  public var classToken = false
  public var layerScale = false
  public var projection = Projection.none

  public init(vocabulary: Int, width: Int) {
    self.vocabulary = vocabulary
    self.width = width
  }
}
