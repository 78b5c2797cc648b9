import ZooModels

/// The text positions of Long-CLIP (beichenzbc/Long-CLIP): a second table, `positional_embedding_res`, beside CLIP's.
///
/// Its code adds both, each multiplied by a mask of zeros and ones: the first 20 positions are those of one table, all others those of the other.
/// Files of other models have one table.
enum LongCLIP {
  /// The number of positions kept as CLIP learned them: a constant of the original code.
  static let keptPositions = 20

  static func positions(_ target: Target, prefix: String) -> TensorExpression {
    let table = "\(prefix)positional_embedding", kept = keptPositions
    guard target.has(stretched(prefix)), let count = target.shape.first, count > kept else {
      return target.source(table)
    }
    return .concat([target.source(table).rows(0..<kept), target.source(stretched(prefix)).rows(kept..<count)])
  }

  /// The number of positions, which follows from Long-CLIP's tables; nil for all other models.
  static func contextLength(_ headers: Headers) -> Int? {
    headers.shape(stretched(NativeText.prefix(headers)), rank: 2)?[0]
  }

  private static func stretched(_ prefix: String) -> String { "\(prefix)positional_embedding_res" }
}
