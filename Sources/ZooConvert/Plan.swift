import ZooModels
import ZooTensors

/// The element type of the written weights.
public enum TargetDType: String, Sendable, Hashable, CaseIterable {
  /// The source's type; f64 becomes f32, and so does a tensor that combines several types.
  case keep
  /// 32-bit floats.
  case f32
  /// 16-bit floats; values beyond 65504 become infinite.
  case f16
  /// bfloat16: the range of 32-bit floats with 8 bits of precision.
  case bf16
  /// The block matrices and the token table as 8-bit integers with a scale for each row, all others as with `keep`.
  case int8
}

/// A planned conversion: where every canonical tensor comes from, what is left out and why, and all problems.
public struct ConversionPlan: Sendable {
  /// One canonical tensor.
  public struct Row: Sendable, Hashable {
    /// The canonical name, such as `vision.blocks.0.qkv.weight`.
    public let target: String
    /// The shape that follows from the architecture.
    public let shape: [Int]
    /// The element type that is written.
    public let dtype: DType
    /// What it is made from.
    public let expression: TensorExpression
    /// Whether these are the scales of a tensor that is stored as 8-bit integers: `[rows]`, for the rows of `expression`.
    package var isScale = false

    /// The source tensors, in the order of use.
    public var sources: [String] { expression.sources.map(\.name) }
    /// The number of bytes written.
    public var byteCount: Int { elementProduct(shape).flatMap(dtype.byteCount) ?? 0 }
  }

  /// One source tensor that is left out.
  public struct Dropped: Sendable, Hashable {
    /// The name in the source.
    public let name: String
    /// The pattern of the rule.
    public let rule: String
    /// Why the model does not need it.
    public let reason: String
  }

  /// The name of the source's layout.
  public let layout: String
  /// The architecture's name.
  public let architecture: String
  /// In canonical order.
  public let rows: [Row]
  /// In the order of the source.
  public let dropped: [Dropped]
  /// Why the plan cannot be carried out; empty if it can.
  public let problems: [PlanProblem]
  /// The number of tensors in the source.
  public let sourceCount: Int

  /// The size of the written weights in bytes.
  public var byteCount: Int { rows.reduce(0) { $0 + $1.byteCount } }
  /// The number of source tensors used.
  public var usedCount: Int { Set(rows.flatMap(\.sources)).count }
}

extension ConversionPlan: CustomStringConvertible {
  /// The plan as a table: one line per canonical tensor, then what is dropped, then the problems.
  public var description: String {
    let lines = rows.map { ["\($0.target)", "\($0.dtype.rawValue) \(shapeText($0.shape))", "\($0.expression)"] }
    let widths = (0..<2).map { column in lines.map { $0[column].count }.max() ?? 0 }
    func padded(_ text: String, _ width: Int) -> String {
      text + String(repeating: " ", count: max(0, width - text.count))
    }
    var text = lines.map { "\(padded($0[0], widths[0]))  \(padded($0[1], widths[1]))  \($0[2])\n" }.joined()
    text += dropped.map { "dropped \($0.name): \($0.reason) (rule \($0.rule))\n" }.joined()
    text += problems.map { "problem: \($0)\n" }.joined()
    return text
      + "\(sourceCount) tensors read, \(usedCount) used, \(dropped.count) dropped by rule, \(rows.count) written"
  }
}

/// Why a plan cannot be carried out.
public enum PlanProblem: Sendable, Hashable, CustomStringConvertible {
  /// The source lacks a required tensor.
  case missing(source: String, target: String)
  /// A source tensor has a shape that does not fit the architecture.
  case wrongShape(source: String, expected: [Int], found: [Int], target: String)
  /// A source tensor holds integers where weights are required.
  case notWeights(source: String, dtype: DType, target: String)
  /// The layout does not know a tensor of the architecture.
  case noSource(target: String, layout: String)
  /// The rule gives a shape that differs from the architecture's.
  case impossible(target: String, expected: [Int], expression: TensorExpression)
  /// A source tensor is neither used nor dropped by a rule.
  case unused(source: String, dtype: DType, shape: [Int])
  /// A tensor that would be dropped only if its values were 0, 1, 2 and so on.
  case notCounting(source: String)

  public var description: String {
    switch self {
    case .missing(let source, let target):
      "there is no tensor '\(source)', from which '\(target)' is made"
    case .wrongShape(let source, let expected, let found, let target):
      "'\(source)' is \(shapeText(found)), but '\(target)' is made from \(shapeText(expected))"
    case .notWeights(let source, let dtype, let target):
      "'\(source)' holds \(dtype.rawValue), but '\(target)' is made from floating-point numbers"
    case .noSource(let target, let layout):
      "the layout \(layout) has no tensor for '\(target)'"
    case .impossible(let target, let expected, let expression):
      "'\(target)' must have shape \(shapeText(expected)), but \(expression) has \(expression.shape.map(shapeText) ?? "none")"
    case .notCounting(let source):
      "'\(source)' is not 0, 1, 2 and so on: a model that looks its positions up in this order is not run"
    case .unused(let source, let dtype, let shape):
      "'\(source)' (\(dtype.rawValue) \(shapeText(shape))) is not used, and no rule drops it"
    }
  }
}

/// Plans the conversion of a checkpoint from its headers; all problems are listed in `problems`.
package func makePlan(
  _ layout: CheckpointLayout, _ architecture: Architecture, _ headers: Headers, dtype: TargetDType = .keep
) -> ConversionPlan {
  var rows: [ConversionPlan.Row] = []
  var problems: [PlanProblem] = []
  var used: Set<String> = []
  for spec in architecture.tensors {
    let target = Target(
      name: CanonicalName(spec.name), shape: spec.shape, architecture: architecture, headers: headers)
    guard let expression = layout.expression(target) else {
      problems.append(.noSource(target: spec.name, layout: layout.name))
      continue
    }
    var types: Set<DType> = []
    for (source, shape) in expression.sources {
      used.insert(source)
      guard let entry = headers[source] else {
        problems.append(.missing(source: source, target: spec.name))
        continue
      }
      types.insert(entry.dtype)
      if entry.shape != shape {
        problems.append(.wrongShape(source: source, expected: shape, found: entry.shape, target: spec.name))
      } else if !entry.dtype.isWeight {
        problems.append(.notWeights(source: source, dtype: entry.dtype, target: spec.name))
      }
    }
    if expression.shape != spec.shape {
      problems.append(.impossible(target: spec.name, expected: spec.shape, expression: expression))
    }
    rows.append(
      ConversionPlan.Row(
        target: spec.name, shape: spec.shape, dtype: dtype.resolved(types), expression: expression))
  }
  var dropped: [ConversionPlan.Dropped] = []
  let drops = layout.drops(headers)
  for entry in headers.entries where !used.contains(entry.name) {
    if let rule = drops.first(where: { $0.applies(to: entry) }) {
      dropped.append(ConversionPlan.Dropped(name: entry.name, rule: rule.pattern, reason: rule.reason))
    } else if drops.contains(where: { $0.countingOnly && $0.covers(entry.name) }) {
      problems.append(.notCounting(source: entry.name))
    } else {
      problems.append(.unused(source: entry.name, dtype: entry.dtype, shape: entry.shape))
    }
  }
  let plan = ConversionPlan(
    layout: layout.name, architecture: architecture.name, rows: rows, dropped: dropped, problems: problems,
    sourceCount: headers.entries.count)
  return dtype == .int8 ? plan.quantised : plan
}

extension TargetDType {
  /// The element type of a tensor that is made from tensors of these types.
  func resolved(_ sources: Set<DType>) -> DType {
    switch self {
    case .f32: .f32
    case .f16: .f16
    case .bf16: .bf16
    case .keep, .int8:
      if let only = sources.first, sources.count == 1, only.isWeight, only != .f64 { only } else { .f32 }
    }
  }
}
