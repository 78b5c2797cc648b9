import CZooKernels
import ZooModels

/// What multiplies by weight matrices: OpenBLAS, Accelerate, or what a package trait adds.
public protocol LinearAlgebra: Sendable {
  /// The library and the kernel that it chose, such as `OpenBLAS 0.3.21 Cooperlake`.
  var name: String { get }
  var precision: Precision { get }
  /// True where threads do best with rows of their own; false where they share every product.
  var splitsRows: Bool { get }
  /// The same in f32.
  var exact: any LinearAlgebra { get }
  /// Makes a matrix ready for products in one direction.
  ///
  /// - Parameter lasting: True where many products will follow, so that a copy in the library's own order pays for itself.
  func prepare(_ matrix: WeightMatrix, direction: Direction, lasting: Bool) -> any PreparedMatrix
}

extension LinearAlgebra {
  public var precision: Precision { .f32 }
  public var exact: any LinearAlgebra { self }
}

/// Which way a weight matrix `W [out, in]` is used.
public enum Direction: Sendable {
  /// `y = x W^T`: `[rows, in]` to `[rows, out]`, as in a forward pass.
  case forward
  /// `y = x W`: `[rows, out]` to `[rows, in]`, as gradients flow.
  case backward

  func ends(of matrix: WeightMatrix) -> (inputs: Int, outputs: Int) {
    self == .forward ? (matrix.inputs, matrix.outputs) : (matrix.outputs, matrix.inputs)
  }
}

/// A weight matrix ready for products.
public protocol PreparedMatrix: Sendable {
  /// Columns of `x` and of `y`.
  var inputs: Int { get }
  var outputs: Int { get }
  /// Does now what the first product would have to do.
  func makeReady()
  /// Writes `outputs` floats for each of `rows` rows; then the epilogue is applied to them.
  func multiply(
    _ x: UnsafePointer<Float>, rows: Int, into y: UnsafeMutablePointer<Float>, epilogue: Epilogue, parallel: Parallel)
  /// The same for x with its columns multiplied by `columns`.
  func multiply(
    _ x: UnsafePointer<Float>, scaledBy columns: UnsafePointer<Float>, rows: Int, into y: UnsafeMutablePointer<Float>,
    parallel: Parallel)
}

extension PreparedMatrix {
  public func makeReady() {}

  public func multiply(
    _ x: UnsafePointer<Float>, scaledBy columns: UnsafePointer<Float>, rows: Int, into y: UnsafeMutablePointer<Float>,
    parallel: Parallel
  ) {
    withScratch(rows * inputs) { scaled in
      zoo_scale_columns(x, columns, scaled, rows, inputs)
      multiply(scaled, rows: rows, into: y, epilogue: .none, parallel: parallel)
    }
  }
}

/// What follows a product, over each row.
public enum Epilogue: @unchecked Sendable {
  case none
  case bias(UnsafePointer<Float>)
  /// The bias, then the activation.
  case activation(UnsafePointer<Float>, Activation)
}
