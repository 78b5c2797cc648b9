import ZooModels

/// What the shapes of a checkpoint reveal about its architecture; nil if they do not.
///
/// Never revealed: head counts (except in NPZ files), activations, epsilons, masks, text pooling, preprocessing.
package struct ArchitectureFacts: Sendable, Hashable {
  package var vision: VisionFacts
  package var text: TextFacts?
  package var logitBias: Bool

  /// The width of the joint embedding, or of a single tower's output.
  package var embedding: Int? { vision.embedding ?? text?.embedding ?? vision.width ?? text?.width }
}

package struct VisionFacts: Sendable, Hashable {
  package enum PoolerKind: String, Sendable { case attention, coca, meanQuery, classAndPatchMean }

  package var width: Int?
  package var patch: Int?
  package var stem: Stem?
  /// Rows of the position table.
  package var positions: Int?
  /// The hidden width of the MLP of relative positions.
  package var relativeHidden: Int?
  /// The grid of the position table, if its shape reveals it.
  package var positionGrid: GridSize?
  package var layers = 0
  package var mlpWidth: Int?
  package var heads: Int?
  package var embedding: Int?
  package var classToken = false
  package var registers = 0
  package var patchBias = false
  package var normPre = false
  /// Whether no norm follows the blocks.
  package var noFinalNorm = false
  package var layerScale = false
  package var gated = false
  /// Whether the gate's activation is GELU, after a norm of the MLP's own (ViTamin).
  package var isGeGLU = false
  /// Whether the gate and the value are one matrix, gate first.
  package var gateIsPacked = false
  package var attentionNorm = false
  package var mlpNorm = false
  package var projection = Projection.none
  package var pooler: PoolerKind?
  package var poolerMLP: Int?
  package var poolerHeads: Int?
  package var queries: Int?
  /// Whether the final norm follows the mean over the patches.
  package var normAfterMean = false
  /// Whether the layout's position tables have rows for the prefix tokens; nil if it has both kinds.
  package var positionsCoverPrefix: Bool?

  package init() {}
}

package struct TextFacts: Sendable, Hashable {
  /// The transformers class that has these names; nil for other text towers.
  var encoder: HuggingFaceText.Encoder?
  /// Rows of the relative position table.
  var biasBuckets: Int?
  /// Rows of the token type table.
  var tokenTypes = 0
  package var vocabulary: Int
  package var width: Int
  package var positions: Int?
  package var layers = 0
  package var mlpWidth: Int?
  package var heads: Int?
  package var embedding: Int?
  package var classToken = false
  package var layerScale = false
  package var projection = Projection.none

  package init(vocabulary: Int, width: Int) {
    self.vocabulary = vocabulary
    self.width = width
  }
}
