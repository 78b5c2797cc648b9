import ZooModels

/// What multiplies by weight matrices: OpenBLAS, Accelerate, or what a package trait adds.
public protocol LinearAlgebra: Sendable {
  /// The library and the kernel that it chose, such as `OpenBLAS 0.3.21 Cooperlake`.
  var name: String { get }
  /// Makes a matrix ready for products in one direction.
  func prepare(_ matrix: WeightMatrix, direction: Direction) -> any PreparedMatrix
}

/// Which way a weight matrix `W [out, in]` is used.
public enum Direction: Sendable {
  /// `y = x W^T`: `[rows, in]` to `[rows, out]`, as in a forward pass.
  case forward
  /// `y = x W`: `[rows, out]` to `[rows, in]`, as gradients flow.
  case backward
}

/// A weight matrix ready for products.
public protocol PreparedMatrix: Sendable {
  /// Columns of `x` and of `y`.
  var inputs: Int { get }
  var outputs: Int { get }
  /// Writes `outputs` floats for each of `rows` rows; then the epilogue is applied to them.
  func multiply(
    _ x: UnsafePointer<Float>, rows: Int, into y: UnsafeMutablePointer<Float>, epilogue: Epilogue, parallel: Parallel)
}

/// What follows a product, over each row.
public enum Epilogue: @unchecked Sendable {
  case none
  case bias(UnsafePointer<Float>)
  /// The bias, then the activation.
  case activation(UnsafePointer<Float>, Activation)
}
