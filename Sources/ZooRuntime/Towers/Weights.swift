import ZooModels
import ZooTensors

/// The canonical tensors of a model, by name.
struct Weights: Sendable {
  private let lookup: @Sendable (String) throws -> Tensor
  let algebra: any LinearAlgebra

  init(algebra: any LinearAlgebra, lookup: @escaping @Sendable (String) throws -> Tensor) {
    self.algebra = algebra
    self.lookup = lookup
  }

  /// For single rows.
  var exact: Weights { Weights(algebra: algebra.exact, lookup: lookup) }

  /// For matrices before and after the blocks.
  var finer: Weights { Weights(algebra: algebra.finer, lookup: lookup) }

  func vector(_ name: String) throws -> FloatView { FloatView(try lookup(name)) }

  func matrix(_ name: String) throws -> WeightMatrix {
    let tensor = try lookup(name), scales = TensorSpec(name: name, shape: tensor.shape).scales.name
    return tensor.dtype == .i8 ? WeightMatrix(tensor, scales: try vector(scales)) : WeightMatrix(tensor)
  }

  func scalar(_ name: String) throws -> Float { try vector(name).array[0] }

  func norm(_ name: String, eps: Float, rms: Bool = false) throws -> Norm {
    let weight = try vector("\(name).weight")
    return rms ? Norm(rms: weight, eps: eps) : Norm(weight: weight, bias: try vector("\(name).bias"), eps: eps)
  }

  func linear(_ name: String, bias: Bool = true) throws -> Linear {
    Linear(
      weight: try matrix("\(name).weight"), bias: bias ? try vector("\(name).bias") : nil, algebra: algebra)
  }

  /// The map that outputs the embedding: the only linear map, or the second of two.
  func projection(_ name: String, _ kind: Projection) throws -> Linear? {
    switch kind {
    case .none: nil
    case .linear, .linearWithBias: try linear(name, bias: kind == .linearWithBias)
    case .mlp: try linear("\(name).fc2", bias: false)
    }
  }
}
