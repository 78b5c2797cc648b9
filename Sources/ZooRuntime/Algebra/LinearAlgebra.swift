import CZooKernels
import ZooModels

/// What multiplies by weight matrices: OpenBLAS, Accelerate, or what a package trait adds.
package protocol LinearAlgebra: Sendable {
  /// The library and the kernel that it chose, such as `OpenBLAS 0.3.21 Cooperlake`.
  var name: String { get }
  var precision: Precision { get }
  /// True if work should be split across rows, one range per thread; false if threads should share every product.
  var splitsRows: Bool { get }
  /// The same in f32.
  var exact: any LinearAlgebra { get }
  /// What computes attention, and the matrices before and behind the blocks: itself, but for int8.
  var finer: any LinearAlgebra { get }
  /// Makes a matrix ready for products in one direction.
  ///
  /// - Parameter lasting: True where many products will follow, so that a copy in the library's own order pays for itself.
  func prepare(_ matrix: WeightMatrix, direction: Direction, lasting: Bool) -> any PreparedMatrix
  /// The same of a part of each weight, for products in f32 that are not to last; nil where such a matrix must be made first.
  func prepare(_ matrix: WeightMatrix, part: WeightPart, direction: Direction) -> (any PreparedMatrix)?
}

extension LinearAlgebra {
  package var precision: Precision { .f32 }
  package var splitsRows: Bool { false }
  package var exact: any LinearAlgebra { self }
  package var finer: any LinearAlgebra { self }
  package func prepare(_ matrix: WeightMatrix, part: WeightPart, direction: Direction) -> (any PreparedMatrix)? { nil }
}

/// A weight as it is, its positive or negative part, or its size.
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

/// Which way a weight matrix `W [out, in]` is used.
package enum Direction: Sendable {
  /// `y = x W^T`: `[rows, in]` to `[rows, out]`, as in a forward pass.
  case forward
  /// `y = x W`: `[rows, out]` to `[rows, in]`, as gradients flow.
  case backward

  func ends(of matrix: WeightMatrix) -> (inputs: Int, outputs: Int) {
    self == .forward ? (matrix.inputs, matrix.outputs) : (matrix.outputs, matrix.inputs)
  }
}

/// A weight matrix ready for products.
package protocol PreparedMatrix: Sendable {
  /// Columns of `x` and of `y`.
  var inputs: Int { get }
  var outputs: Int { get }
  /// Does now what the first product would have to do.
  func makeReady()
  /// Writes `outputs` floats for each of `rows` rows of x, or, with factors, for each of them with each: y is then
  /// `[factors, rows, outputs]`. The epilogue is applied to what is written.
  func multiply(
    _ x: UnsafePointer<Float>, scaledBy factors: ColumnFactors?, rows: Int, into y: UnsafeMutablePointer<Float>,
    epilogue: Epilogue, parallel: Parallel)
  /// y `[rows, inputs]` = x `[rows, outputs]` times the matrix transposed, for so few rows that reading it is what takes the time.
  /// False, and nothing done, where that takes a matrix prepared for this direction.
  func multiplyTransposed(
    _ x: UnsafePointer<Float>, rows: Int, into y: UnsafeMutablePointer<Float>, parallel: Parallel
  ) -> Bool
}

/// Up to so many rows take about the time in which the matrix is read.
let fewRows = 16

/// `[count, inputs]`: what the columns of x are multiplied by on its way into a product; all rows are used once with each.
package struct ColumnFactors: @unchecked Sendable {
  package let pointer: UnsafePointer<Float>
  package let count: Int

  package init(_ pointer: UnsafePointer<Float>, count: Int = 1) {
    (self.pointer, self.count) = (pointer, count)
  }
}

extension PreparedMatrix {
  package func makeReady() {}

  package func multiplyTransposed(
    _ x: UnsafePointer<Float>, rows: Int, into y: UnsafeMutablePointer<Float>, parallel: Parallel
  ) -> Bool { false }

  /// x `[rows, inputs]` with its columns multiplied by factors: `body` gets `[factors, rows, inputs]` and how many rows these are.
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

/// What follows a product y `[rows, outputs]`: `y := act(y + bias)`.
package struct Epilogue: @unchecked Sendable {
  /// `[outputs]`; nil for none.
  package var bias: UnsafePointer<Float>?
  package var activation: Activation?
  /// `[rows, outputs]`: gets `act'(y + bias)` where there is an activation.
  package var derivative: UnsafeMutablePointer<Float>?
  /// `[rows, outputs]`: gets `act'(y + bias) * (y - centre)` where there is a derivative; needs `centre`.
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

  /// The same for the rows behind `offset` values of y.
  func behind(_ offset: Int) -> Epilogue {
    Epilogue(
      bias: bias, activation: activation, derivative: derivative.map { $0 + offset },
      moment: moment.map { $0 + offset }, centre: centre)
  }

  /// Applies to y what the product itself could not.
  package func apply(to y: UnsafeMutablePointer<Float>, rows: Int, width: Int, parallel: Parallel) {
    if isEmpty { return }
    parallel.forRanges(rows, atLeast: 8) { range in
      let offset = range.lowerBound * width
      var native = behind(offset).native(from: 0)
      zoo_follow(y + offset, range.count, width, &native)
    }
  }

  /// For the columns from one on.
  func native(from column: Int) -> zoo_epilogue {
    zoo_epilogue(
      bias: bias.map { $0 + column }, activation: activation?.kernel ?? Int32(ZOO_NO_ACTIVATION),
      derivative: derivative.map { $0 + column }, moment: moment.map { $0 + column },
      centre: centre.map { $0 + column })
  }
}
