import ZooCheckpoints
import ZooTensors

/// How two checkpoints of one model differ, canonical tensor by canonical tensor: `--against`.
public struct ModelComparison: Sendable {
  public enum Outcome: Sendable, Hashable {
    /// The same numbers, whatever their element types.
    case equal
    /// The largest absolute difference; NaN if numbers and NaN meet.
    case different(largest: Float)
    /// Only one of the two plans has the tensor, or under another shape.
    case missing
  }

  public struct Row: Sendable, Hashable {
    public let tensor: String
    public let outcome: Outcome
  }

  public let rows: [Row]

  public var isEqual: Bool { rows.allSatisfy { $0.outcome == .equal } }
  public var differing: [Row] { rows.filter { $0.outcome != .equal } }
}

/// Evaluates two plans without writing anything and compares the results tensor by tensor.
///
/// Memory holds two tensors at a time.
public func compare(
  _ first: ConversionPlan, of checkpoint: Checkpoint, with second: ConversionPlan, of other: Checkpoint
) throws -> ModelComparison {
  let others = Dictionary(second.rows.map { ($0.target, $0) }, uniquingKeysWith: { first, _ in first })
  var rows: [ModelComparison.Row] = []
  for row in first.rows {
    guard let counterpart = others[row.target], counterpart.shape == row.shape else {
      rows.append(.init(tensor: row.target, outcome: .missing))
      continue
    }
    let difference = largestDifference(
      try row.expression.floats(in: checkpoint), try counterpart.expression.floats(in: other))
    rows.append(.init(tensor: row.target, outcome: difference == 0 ? .equal : .different(largest: difference)))
    checkpoint.release()
    other.release()
  }
  let known = Set(first.rows.map(\.target))
  rows += second.rows.filter { !known.contains($0.target) }.map { .init(tensor: $0.target, outcome: .missing) }
  return ModelComparison(rows: rows)
}

extension Expression {
  /// The evaluated elements as f32.
  func floats(in checkpoint: Checkpoint) throws -> MemoryBlock {
    let block = MemoryBlock(byteCount: 4 * (shape.flatMap(elementProduct) ?? 0))
    var done = 0
    for piece in try pieces(in: checkpoint) {
      try piece.stream(as: .f32, chunk: 4 << 20) { bytes in
        UnsafeMutableRawBufferPointer(rebasing: block.bytes[done...]).copyMemory(from: bytes)
        done += bytes.count
      }
    }
    return block
  }
}

/// Equal bits count as equal, NaN included.
private func largestDifference(_ a: MemoryBlock, _ b: MemoryBlock) -> Float {
  let x = a.bytes.bindMemory(to: Float.self), y = b.bytes.bindMemory(to: Float.self)
  var largest: Float = 0
  for index in 0..<min(x.count, y.count) where x[index].bitPattern != y[index].bitPattern {
    let difference = abs(x[index] - y[index])
    if difference.isNaN { return .nan }
    largest = max(largest, difference)
  }
  return largest
}
