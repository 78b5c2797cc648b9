import CZooKernels
import ZooCheckpoints
import ZooModels
import ZooTensors

/// How two checkpoints of a model differ, by canonical tensor: `--against`.
public struct ModelComparison: Sendable {
  /// How one tensor differs.
  public enum Outcome: Sendable, Hashable {
    /// The same numbers, regardless of element type.
    case equal
    /// The same numbers after rounding those of the wider element type to this one.
    case equalRounded(to: DType)
    /// The largest absolute difference; NaN if a number is compared with NaN.
    case different(largest: Float)
    /// Only one of the two plans has the tensor, or they have it in different shapes.
    case missing
  }

  /// One canonical tensor.
  public struct Row: Sendable, Hashable {
    /// The canonical name.
    public let tensor: String
    /// How the two differ.
    public let outcome: Outcome
  }

  /// All canonical tensors, in canonical order.
  public let rows: [Row]
  /// The layouts of the two checkpoints.
  public let layouts: (String, String)

  /// Whether all tensors are equal, apart from their element types.
  public var isEqual: Bool { differing.isEmpty }
  /// The tensors that are not equal.
  public var differing: [Row] {
    rows.filter { row in
      switch row.outcome {
      case .equal, .equalRounded: false
      case .different, .missing: true
      }
    }
  }
}

/// Plans a second checkpoint of an identified model, in any layout: only its tensors matter.
///
/// Throws a `ConvertError` if no layout fits or the tensors are not those of this architecture.
package func makePlan(
  _ architecture: Architecture, of checkpoint: Checkpoint, dtype: TargetDType = .keep
) throws -> ConversionPlan {
  let headers = Headers(checkpoint)
  let plan = makePlan(try detectLayout(headers, path: checkpoint.path), architecture, headers, dtype: dtype)
  guard plan.problems.isEmpty else {
    throw ConvertError.problems(path: checkpoint.path, architecture: architecture.name, problems: plan.problems)
  }
  return plan
}

extension Conversion {
  /// Compares with another checkpoint of the same model, in any layout, tensor by tensor; nothing is written.
  ///
  /// Memory holds two tensors at a time.
  ///
  /// - Parameter step: Called before each tensor; throwing ends the comparison.
  /// - Throws: `ConvertError` if the other checkpoint's tensors are not those of this architecture, and `CheckpointError`.
  package func compare(with other: Checkpoint, step: () throws -> Void = {}) throws -> ModelComparison {
    try checkPlan()
    let second = try makePlan(model.architecture, of: other)
    let others = Dictionary(second.rows.map { ($0.target, $0) }, uniquingKeysWith: { first, _ in first })
    var rows: [ModelComparison.Row] = []
    for row in plan.rows {
      try step()
      guard let counterpart = others[row.target], counterpart.shape == row.shape else {
        rows.append(.init(tensor: row.target, outcome: .missing))
        continue
      }
      let one = try row.expression.floats(in: checkpoint), two = try counterpart.expression.floats(in: other)
      rows.append(.init(tensor: row.target, outcome: outcome(one, row.dtype, two, counterpart.dtype)))
      checkpoint.release()
      other.release()
    }
    let known = Set(plan.rows.map(\.target))
    rows += second.rows.filter { !known.contains($0.target) }.map { .init(tensor: $0.target, outcome: .missing) }
    return ModelComparison(rows: rows, layouts: (plan.layout, second.layout))
  }
}

extension TensorExpression {
  /// The elements of the result as f32.
  func floats(in checkpoint: Checkpoint) throws -> MemoryBlock {
    let block = MemoryBlock(byteCount: 4 * (shape.flatMap(elementProduct) ?? 0))
    var done = 0
    try forEachPiece(in: checkpoint) { piece in
      try piece.stream(as: .f32, chunk: 4 << 20) { bytes in
        UnsafeMutableRawBufferPointer(rebasing: block.bytes[done...]).copyMemory(from: bytes)
        done += bytes.count
      }
    }
    return block
  }
}

private func outcome(_ one: MemoryBlock, _ first: DType, _ two: MemoryBlock, _ second: DType) -> ModelComparison.Outcome
{
  let difference = largestDifference(one, two)
  if difference == 0 { return .equal }
  guard first != second else { return .different(largest: difference) }
  // From the widest to the narrowest.
  let order: [DType] = [.f32, .f16, .bf16]
  guard let narrower = order.last(where: { $0 == first || $0 == second }), narrower != .f32 else {
    return .different(largest: difference)
  }
  for block in [one, two] { round(block, to: narrower) }
  return largestDifference(one, two) == 0 ? .equalRounded(to: narrower) : .different(largest: difference)
}

private func round(_ block: MemoryBlock, to dtype: DType) {
  let floats = block.bytes.bindMemory(to: Float.self)
  guard let start = floats.baseAddress else { return }
  // In pieces, so that the 16-bit floats need no second block of this size.
  var halves = [UInt16](repeating: 0, count: 1 << 16)
  for first in stride(from: 0, to: floats.count, by: halves.count) {
    let count = min(halves.count, floats.count - first)
    if dtype == .f16 {
      zoo_narrow_to_f16(start + first, &halves, count)
      zoo_widen_f16(halves, start + first, count)
    } else {
      zoo_narrow_to_bf16(start + first, &halves, count)
      zoo_widen_bf16(halves, start + first, count)
    }
  }
}

/// Identical bits compare equal, NaN included.
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
