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
  /// Writes `outputs` floats for each of `rows` rows of x, whose columns are multiplied by `columns` `[inputs]` where that is not
  /// nil; then the epilogue is applied to them.
  func multiply(
    _ x: UnsafePointer<Float>, scaledBy columns: UnsafePointer<Float>?, rows: Int, into y: UnsafeMutablePointer<Float>,
    epilogue: Epilogue, parallel: Parallel)
}

extension PreparedMatrix {
  public func makeReady() {}

  /// x `[rows, inputs]` with its columns multiplied by `columns`.
  func withScaled(
    _ x: UnsafePointer<Float>, by columns: UnsafePointer<Float>, rows: Int, parallel: Parallel,
    _ body: (UnsafePointer<Float>) -> Void
  ) {
    withScratch(rows * inputs) { scaled in
      parallel.forRanges(rows, atLeast: 8) { range in
        let offset = range.lowerBound * inputs
        zoo_scale_columns(x + offset, columns, scaled + offset, range.count, inputs)
      }
      body(scaled)
    }
  }
}

/// What follows a product y `[rows, outputs]`: `y := act(y + bias)`.
public struct Epilogue: @unchecked Sendable {
  /// `[outputs]`; nil for none.
  public var bias: UnsafePointer<Float>?
  public var activation: Activation?
  /// `[rows, outputs]`: gets `act'(y + bias)` where there is an activation.
  public var derivative: UnsafeMutablePointer<Float>?

  public static let none = Epilogue()

  public init(
    bias: UnsafePointer<Float>? = nil, activation: Activation? = nil, derivative: UnsafeMutablePointer<Float>? = nil
  ) {
    (self.bias, self.activation, self.derivative) = (bias, activation, derivative)
  }

  var isEmpty: Bool { bias == nil && activation == nil }

  /// The same for the rows behind `offset` values of y.
  func behind(_ offset: Int) -> Epilogue {
    Epilogue(bias: bias, activation: activation, derivative: derivative.map { $0 + offset })
  }

  /// Applies to y what the product itself could not.
  func apply(to y: UnsafeMutablePointer<Float>, rows: Int, width: Int, parallel: Parallel) {
    if isEmpty { return }
    parallel.forRanges(rows, atLeast: 8) { range in
      let offset = range.lowerBound * width
      if let activation {
        zoo_activate(y + offset, bias, activation.kernel, range.count, width, derivative.map { $0 + offset })
      } else if let bias {
        zoo_add_bias(y + offset, bias, range.count, width)
      }
    }
  }
}
