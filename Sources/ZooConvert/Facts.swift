import ZooModels

/// What the shapes of a checkpoint show of its architecture; nil where they do not.
///
/// Never shown: head counts (except in NPZ files), activations, epsilons, masks, text pooling, preprocessing.
package struct ArchitectureFacts: Sendable, Hashable {
  package var vision: VisionFacts
  package var text: TextFacts?
  package var logitBias: Bool

  /// Width of the joint embedding, or of what a tower alone gives.
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
  /// The grid of the position table, where its shape shows it.
  package var positionGrid: GridSize?
  package var layers = 0
  package var mlpWidth: Int?
  package var heads: Int?
  package var embedding: Int?
  package var classToken = false
  package var registers = 0
  package var patchBias = false
  package var normPre = false
  /// True where no norm follows the blocks.
  package var noFinalNorm = false
  package var layerScale = false
  package var gated = false
  /// True where a gate is opened by GELU, behind a norm of the MLP's own (ViTamin).
  package var isGeGLU = false
  /// True where the gate and what it opens are one matrix, the gate first.
  package var gateIsPacked = false
  package var attentionNorm = false
  package var mlpNorm = false
  package var projection = Projection.none
  package var pooler: PoolerKind?
  package var poolerMLP: Int?
  package var poolerHeads: Int?
  package var queries: Int?
  /// True where the final norm follows the mean over the patches.
  package var normAfterMean = false
  /// True where the layout's position tables always have rows for the prefix tokens; nil where it has both kinds.
  package var positionsCoverPrefix: Bool?

  package init() {}
}

package struct TextFacts: Sendable, Hashable {
  /// The class of transformers that has these names; nil for other text towers.
  var encoder: HuggingFaceText.Encoder?
  /// Rows of the table of relative positions.
  var biasBuckets: Int?
  /// Rows of the table of token types.
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
