import CZooKernels
import ZooModels

/// Multiplication by weight matrices: OpenBLAS, Accelerate, or what a package trait adds.
package protocol LinearAlgebra: Sendable {
  /// The library and the kernel that it selected, such as `OpenBLAS 0.3.21 Cooperlake`.
  var name: String { get }
  var precision: Precision { get }
  /// True if work should be split across rows, one range per thread; false if threads should share every product.
  var splitsRows: Bool { get }
  /// The same library in f32.
  var exact: any LinearAlgebra { get }
  /// The algebra for attention and for the matrices before and after the blocks: the same, except for int8.
  var finer: any LinearAlgebra { get }
  /// Prepares a matrix for products in one direction.
  ///
  /// - Parameter lasting: True if many products will follow, so that a copy in the library's own order pays off.
  func prepare(_ matrix: WeightMatrix, direction: Direction, lasting: Bool) -> any PreparedMatrix
  /// The same for a part of each weight, for products in f32 that are not repeated; nil if such a matrix must be made first.
  func prepare(_ matrix: WeightMatrix, part: WeightPart, direction: Direction) -> (any PreparedMatrix)?
}

extension LinearAlgebra {
  package var precision: Precision { .f32 }
  package var splitsRows: Bool { false }
  package var exact: any LinearAlgebra { self }
  package var finer: any LinearAlgebra { self }
  package func prepare(_ matrix: WeightMatrix, part: WeightPart, direction: Direction) -> (any PreparedMatrix)? { nil }
}

/// A weight, its positive or negative part, or its absolute value.
package enum WeightPart: Sendable {
  case all, positive, negative, magnitude

  package var kernel: Int32 {
    switch self {
    case .all: Int32(ZOO_PART_ALL)
    case .positive: Int32(ZOO_PART_POSITIVE)
    case .negative: Int32(ZOO_PART_NEGATIVE)
    case .magnitude: Int32(ZOO_PART_MAGNITUDE)
    }
  }
}

/// The direction in which a weight matrix `W [out, in]` is used.
package enum Direction: Sendable {
  /// `y = x W^T`: `[rows, in]` to `[rows, out]`, as in a forward pass.
  case forward
  /// `y = x W`: `[rows, out]` to `[rows, in]`, as gradients flow.
  case backward

  func ends(of matrix: WeightMatrix) -> (inputs: Int, outputs: Int) {
    self == .forward ? (matrix.inputs, matrix.outputs) : (matrix.outputs, matrix.inputs)
  }
}

/// A weight matrix prepared for products.
package protocol PreparedMatrix: Sendable {
  /// The number of columns of `x`, and of `y`.
  var inputs: Int { get }
  var outputs: Int { get }
  /// Does the preparation that the first product would have to do.
  func makeReady()
  /// Whether products read the matrix as it is kept, so that two of half the rows cost no more than one.
  var isArranged: Bool { get }
  /// Writes `outputs` floats for each of `rows` rows of x, or, with factors, for each combination of a row and a factor: y is then
  /// `[factors, rows, outputs]`. The epilogue is applied to the result.
  func multiply(
    _ x: UnsafePointer<Float>, scaledBy factors: ColumnFactors?, rows: Int, into y: UnsafeMutablePointer<Float>,
    epilogue: Epilogue, parallel: Parallel)
  /// y `[rows, inputs]` = x `[rows, outputs]` times the transposed matrix, for so few rows that reading it dominates the time. Does nothing and
  /// returns false if that requires a matrix prepared for this direction.
  func multiplyTransposed(
    _ x: UnsafePointer<Float>, rows: Int, into y: UnsafeMutablePointer<Float>, parallel: Parallel
  ) -> Bool
}

/// Up to this number of rows, a product takes about as long as reading the matrix.
let fewRows = 16

/// `[count, inputs]`: factors for the columns of x on its way into a product; all rows are used once with each.
package struct ColumnFactors: @unchecked Sendable {
  package let pointer: UnsafePointer<Float>
  package let count: Int

  package init(_ pointer: UnsafePointer<Float>, count: Int = 1) {
    (self.pointer, self.count) = (pointer, count)
  }
}

extension PreparedMatrix {
  package func makeReady() {}
  package var isArranged: Bool { false }

  package func multiplyTransposed(
    _ x: UnsafePointer<Float>, rows: Int, into y: UnsafeMutablePointer<Float>, parallel: Parallel
  ) -> Bool { false }

  /// x `[rows, inputs]` with its columns multiplied by factors: `body` gets `[factors, rows, inputs]` and the number of these rows.
  func withScaled(
    _ x: UnsafePointer<Float>, by factors: ColumnFactors?, rows: Int, parallel: Parallel,
    _ body: (UnsafePointer<Float>, Int) -> Void
  ) {
    guard let factors else { return body(x, rows) }
    withScratch(factors.count * rows * inputs) { scaled in
      parallel.forRanges(rows, atLeast: 8) { range in
        let offset = range.lowerBound * inputs
        for index in 0..<factors.count {
          zoo_scale_columns(
            x + offset, factors.pointer + index * inputs, scaled + index * rows * inputs + offset, range.count, inputs)
        }
      }
      body(scaled, factors.count * rows)
    }
  }
}

/// The operations after a product y `[rows, outputs]`: `y := act(y + bias)`.
package struct Epilogue: @unchecked Sendable {
  /// `[outputs]`; nil for none.
  package var bias: UnsafePointer<Float>?
  package var activation: Activation?
  /// `[rows, outputs]`: gets `act'(y + bias)` if there is an activation.
  package var derivative: UnsafeMutablePointer<Float>?
  /// `[rows, outputs]`: gets `act'(y + bias) * (y - centre)` if there is a derivative; needs `centre`.
  package var moment: UnsafeMutablePointer<Float>?
  /// `[outputs]`.
  package var centre: UnsafePointer<Float>?

  package static let none = Epilogue()

  package init(
    bias: UnsafePointer<Float>? = nil, activation: Activation? = nil, derivative: UnsafeMutablePointer<Float>? = nil,
    moment: UnsafeMutablePointer<Float>? = nil, centre: UnsafePointer<Float>? = nil
  ) {
    (self.bias, self.activation, self.derivative) = (bias, activation, derivative)
    (self.moment, self.centre) = (moment, centre)
  }

  var isEmpty: Bool { bias == nil && activation == nil }

  /// The same for the rows after `offset` values of y.
  func behind(_ offset: Int) -> Epilogue {
    Epilogue(
      bias: bias, activation: activation, derivative: derivative.map { $0 + offset },
      moment: moment.map { $0 + offset }, centre: centre)
  }

  /// Applies the operations to y that the product itself could not.
  package func apply(to y: UnsafeMutablePointer<Float>, rows: Int, width: Int, parallel: Parallel) {
    if isEmpty { return }
    parallel.forRanges(rows, atLeast: 8) { range in
      let offset = range.lowerBound * width
      var native = behind(offset).native(from: 0)
      zoo_follow(y + offset, range.count, width, &native)
    }
  }

  /// For the columns starting at `column`.
  func native(from column: Int) -> zoo_epilogue {
    zoo_epilogue(
      bias: bias.map { $0 + column }, activation: activation?.kernel ?? Int32(ZOO_NO_ACTIVATION),
      derivative: derivative.map { $0 + column }, moment: moment.map { $0 + column },
      centre: centre.map { $0 + column }, nearly: 0)
  }
}
