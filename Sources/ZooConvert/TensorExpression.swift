/// How a canonical tensor is made from source tensors: a closed set of operations that move elements and never compute.
///
/// A leaf states the shape that its source must have, so a plan can be checked from headers alone.
public indirect enum TensorExpression: Sendable, Hashable {
  /// The source tensor with this name, which must have this shape.
  case tensor(String, shape: [Int])
  /// Zeros: a bias that the source does not have because it is zero by construction.
  case zeros([Int])
  /// Axis `i` of the result is axis `axes[i]` of the operand.
  case transpose(TensorExpression, axes: [Int])
  /// The indices `range` along one axis.
  case slice(TensorExpression, axis: Int, range: Range<Int>)
  /// The same elements in row-major order in another shape.
  case reshape(TensorExpression, [Int])
  /// Operands concatenated along the first axis.
  case concat([TensorExpression])

  /// The shape of the result, or nil if the operations do not fit together.
  public var shape: [Int]? {
    switch self {
    case .tensor(_, let shape), .zeros(let shape): return shape
    case .transpose(let operand, let axes):
      guard let shape = operand.shape, axes.sorted() == Array(shape.indices) else { return nil }
      return axes.map { shape[$0] }
    case .slice(let operand, let axis, let range):
      guard var shape = operand.shape, shape.indices.contains(axis), range.lowerBound >= 0,
        range.upperBound <= shape[axis]
      else { return nil }
      shape[axis] = range.count
      return shape
    case .reshape(let operand, let target):
      guard let shape = operand.shape, elementProduct(shape) == elementProduct(target) else { return nil }
      return target
    case .concat(let operands):
      let shapes = operands.compactMap(\.shape)
      guard let first = shapes.first, shapes.count == operands.count, !first.isEmpty,
        shapes.allSatisfy({ $0.dropFirst() == first.dropFirst() })
      else { return nil }
      return [shapes.reduce(0) { $0 + $1[0] }] + first.dropFirst()
    }
  }

  /// The source tensors with the shapes they must have, in the order of use.
  public var sources: [(name: String, shape: [Int])] {
    switch self {
    case .tensor(let name, let shape): [(name, shape)]
    case .zeros: []
    case .transpose(let operand, _), .slice(let operand, _, _), .reshape(let operand, _): operand.sources
    case .concat(let operands): operands.flatMap(\.sources)
    }
  }

  /// Whether the bytes of one source tensor are the bytes of the result.
  public var isCopy: Bool {
    switch self {
    case .tensor: true
    case .reshape(let operand, _): operand.isCopy
    default: false
    }
  }
}

extension TensorExpression: CustomStringConvertible {
  /// `concat(transpose(q.weight, 1 0), ...)`.
  public var description: String {
    switch self {
    case .tensor(let name, _): name
    case .zeros(let shape): "zeros(\(shapeText(shape)))"
    case .transpose(let operand, let axes): "transpose(\(operand), \(axes.map(String.init).joined(separator: " ")))"
    case .slice(let operand, let axis, let range):
      "\(operand)[\(String(repeating: ":, ", count: axis))\(range.lowerBound)..<\(range.upperBound)]"
    case .reshape(let operand, let shape): "reshape(\(operand), \(shapeText(shape)))"
    case .concat(let operands): "concat(\(operands.map(\.description).joined(separator: ", ")))"
    }
  }
}

extension TensorExpression {
  /// A matrix with its axes swapped.
  var transposed: TensorExpression { .transpose(self, axes: [1, 0]) }

  /// The same elements in another shape, for example without a leading axis of length 1.
  func reshaped(_ shape: [Int]) -> TensorExpression { .reshape(self, shape) }

  /// The same with the sources renamed.
  func renamed(_ change: (String) -> String) -> TensorExpression {
    switch self {
    case .tensor(let name, let shape): .tensor(change(name), shape: shape)
    case .zeros: self
    case .transpose(let operand, let axes): .transpose(operand.renamed(change), axes: axes)
    case .slice(let operand, let axis, let range): .slice(operand.renamed(change), axis: axis, range: range)
    case .reshape(let operand, let shape): .reshape(operand.renamed(change), shape)
    case .concat(let operands): .concat(operands.map { $0.renamed(change) })
    }
  }

  /// Rows `range` of the first axis.
  func rows(_ range: Range<Int>) -> TensorExpression { .slice(self, axis: 0, range: range) }
}

/// `3x4`, or `scalar`.
package func shapeText(_ shape: [Int]) -> String {
  shape.isEmpty ? "scalar" : shape.map(String.init).joined(separator: "x")
}

/// The product of the dimensions, or nil on overflow.
func elementProduct(_ shape: [Int]) -> Int? {
  var product = 1
  for side in shape {
    let (next, overflow) = product.multipliedReportingOverflow(by: side)
    if overflow || side < 0 { return nil }
    product = next
  }
  return product
}
