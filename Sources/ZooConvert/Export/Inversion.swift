import ZooModels

/// The inverse of a layout: each of its tensors from canonical ones.
///
/// Nothing is specified twice: the expressions by which a layout fills the canonical tensors only move elements and never compute, so they can be
/// inverted.
struct Inversion {
  /// The layout's tensors in canonical order, as expressions over canonical names.
  private(set) var tensors: [(name: String, shape: [Int], expression: TensorExpression)] = []
  /// Parts of canonical tensors that the layout leaves out because they are zero by construction.
  private(set) var zeros: [TensorExpression] = []

  /// Nil if the layout has no place for a tensor, or if an expression cannot be inverted.
  init?(_ layout: CheckpointLayout, _ architecture: Architecture) {
    var collector = Collector()
    for spec in architecture.tensors {
      let target = Target(
        name: CanonicalName(spec.name), shape: spec.shape, architecture: architecture, headers: Headers([]))
      guard let expression = layout.expression(target), expression.shape == spec.shape,
        collector.invert(expression, .tensor(spec.name, shape: spec.shape))
      else { return nil }
    }
    for name in collector.order {
      guard let shape = collector.shapes[name], let expression = collector.expression(name, shape) else { return nil }
      let written = collector.boxed.contains(name) ? [1] + shape : shape
      tensors.append((name, written, written == shape ? expression : .reshape(expression, written)))
    }
    zeros = collector.zeros
  }
}

/// Collects the parts of the layout's tensors.
private struct Collector {
  /// Rows of a layout's tensor, and what they are made from.
  struct Part {
    let rows: Range<Int>
    let value: TensorExpression
  }

  var order: [String] = []
  var shapes: [String: [Int]] = [:]
  var zeros: [TensorExpression] = []
  /// Tensors with an additional leading axis of length 1.
  var boxed: Set<String> = []
  private var parts: [String: [Part]] = [:]

  /// Records that `expression`, over the layout's tensors, equals `value`; false if that cannot be solved for them.
  mutating func invert(_ expression: TensorExpression, _ value: TensorExpression) -> Bool {
    switch expression {
    case .tensor(let name, let shape): return add(name, shape, 0..<(shape.first ?? 1), value)
    case .slice(.tensor(let name, let shape), 0, let rows): return add(name, shape, rows, value)
    case .slice(.reshape(.tensor(let name, let shape), let inner), 0, let rows) where shape == [1] + inner:
      boxed.insert(name)
      return add(name, inner, rows, value)
    case .slice: return false
    case .zeros:
      zeros.append(value)
      return true
    case .transpose(let operand, let axes):
      let inverse = axes.indices.map { axis in axes.firstIndex(of: axis) ?? 0 }
      return invert(operand, .transpose(value, axes: inverse))
    case .reshape(let operand, _):
      guard let shape = operand.shape else { return false }
      return invert(operand, .reshape(value, shape))
    case .concat(let operands):
      var first = 0
      for operand in operands {
        guard let count = operand.shape?.first,
          invert(operand, .slice(value, axis: 0, range: first..<first + count))
        else { return false }
        first += count
      }
      return true
    }
  }

  private mutating func add(_ name: String, _ shape: [Int], _ rows: Range<Int>, _ value: TensorExpression) -> Bool {
    if shapes[name] == nil { order.append(name) }
    guard shapes[name] ?? shape == shape else { return false }
    shapes[name] = shape
    parts[name, default: []].append(Part(rows: rows, value: value))
    return true
  }

  /// The parts combined; nil if rows are missing or filled twice.
  func expression(_ name: String, _ shape: [Int]) -> TensorExpression? {
    let parts = (parts[name] ?? []).sorted { $0.rows.lowerBound < $1.rows.lowerBound }
    var end = 0
    for part in parts {
      guard part.rows.lowerBound == end else { return nil }
      end = part.rows.upperBound
    }
    guard end == shape.first ?? 1 else { return nil }
    let expression = parts.count == 1 ? parts[0].value : TensorExpression.concat(parts.map(\.value))
    return expression.shape == shape ? expression : nil
  }
}
