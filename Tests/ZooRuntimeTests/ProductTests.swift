import Foundation
import Testing
import ZooModels
import ZooRuntime
import ZooTensors

/// Every backend's products, compared with sums in double precision, computed here element by element.
@Suite struct ProductTests {
  struct Size: Sendable, CustomTestStringConvertible {
    let rows: Int, inputs: Int, outputs: Int
    var testDescription: String { "\(rows) x \(inputs) x \(outputs)" }
  }

  static let sizes = [
    Size(rows: 1, inputs: 1, outputs: 1), Size(rows: 3, inputs: 37, outputs: 5),
    Size(rows: 17, inputs: 64, outputs: 259),
    Size(rows: 50, inputs: 131, outputs: 77), Size(rows: 33, inputs: 48, outputs: 1601),
    Size(rows: 19, inputs: 2301, outputs: 70), Size(rows: 20, inputs: 175, outputs: 208),
  ]
  static let epilogues: [Activation?] = [.gelu, .geluTanh, .quickGELU, .silu, nil]

  /// Precisions in which a product of factors that bf16 represents is exact except for its sums; `Int8ProductTests` covers the other.
  static let floats: [Precision] = [.f32, .bf16]

  static func algebras(_ precision: Precision) -> [any LinearAlgebra] {
    Backend.available.filter { $0 != .automatic }.compactMap { try? makeAlgebra(backend: $0, precision: precision) }
  }

  @Test func everyBackendOfThisBuildIsTried() {
    let names = Self.algebras(.f32).map { String($0.name.prefix(3)) }
    #expect(names.count == Backend.available.count - 1)
    #expect(names.contains("own"))
  }

  @Test(arguments: sizes, [false, true])
  func bothDirectionsAgree(size: Size, lasting: Bool) throws {
    for direction in [Direction.forward, .backward] {
      for precision in Self.floats {
        var product = Product(size, direction)
        if precision == .bf16 { product.roundToBF16() }
        let expected = product.expected
        for algebra in Self.algebras(precision) {
          let found = product.run(algebra, lasting: lasting)
          #expect(maxError(found, expected, scale: product.magnitude) < 3e-6, "\(algebra.name)")
        }
      }
    }
  }

  @Test(arguments: sizes, floats)
  func columnsAreScaledOnTheWayIn(size: Size, precision: Precision) throws {
    var product = Product(size, .backward)
    product.roundToBF16()
    // Powers of two, so that bf16 represents the products too; every row is used once with each of three.
    let factors = (0..<3 * size.inputs).map { Float(sign: .plus, exponent: $0 % 5 - 2, significand: 1) }
    let expected = (0..<3).flatMap { number in
      var scaled = product
      for index in scaled.x.indices { scaled.x[index] *= factors[number * size.inputs + index % size.inputs] }
      return scaled.expected
    }
    for algebra in Self.algebras(precision) {
      let prepared = algebra.prepare(product.matrix, direction: .backward, lasting: false)
      var y = [Float](repeating: .nan, count: 3 * size.rows * size.outputs)
      factors.withUnsafeBufferPointer {
        prepared.multiply(
          product.x, scaledBy: ColumnFactors($0.baseAddress!, count: 3), rows: size.rows, into: &y, epilogue: .none,
          parallel: Parallel(threads: 2))
      }
      #expect(maxError(y, expected, scale: 4 * product.magnitude) < 1e-6, "\(algebra.name)")
    }
  }

  @Test(arguments: [1, 2, 7, 16], [1, 2, 3])
  func fewRowsShareTheColumns(rows: Int, threads: Int) throws {
    for precision in Self.floats {
      for (direction, lasting) in [(Direction.backward, false), (.backward, true), (.forward, true)] {
        var product = Product(Size(rows: rows, inputs: 70, outputs: 1000), direction)
        product.roundToBF16()
        let expected = product.expected
        for algebra in Self.algebras(precision) {
          let found = product.run(algebra, lasting: lasting, threads: threads)
          #expect(maxError(found, expected, scale: product.magnitude) < 3e-6, "\(algebra.name)")
        }
      }
    }
  }

  @Test(arguments: [1, 2, 7, 16], [(1000, 70), (33, 513)])
  func aFewRowsPassAMatrixBackwards(rows: Int, ends: (Int, Int)) throws {
    for precision in Self.floats {
      var product = Product(Size(rows: rows, inputs: ends.0, outputs: ends.1), .backward)
      product.roundToBF16()
      for algebra in Self.algebras(precision) {
        let prepared = algebra.prepare(product.matrix, direction: .forward, lasting: true)
        var y = [Float](repeating: .nan, count: rows * ends.1)
        if prepared.multiplyTransposed(product.x, rows: rows, into: &y, parallel: Parallel(threads: 2)) {
          #expect(maxError(y, product.expected, scale: product.magnitude) < 3e-6, "\(algebra.name)")
        } else {
          #expect(!(algebra is Kernels) && y.allSatisfy(\.isNaN), "\(algebra.name)")
        }
      }
    }
  }

  @Test(arguments: sizes)
  func bf16AgreesWithRoundedFactors(size: Size) throws {
    for direction in [Direction.forward, .backward] {
      let product = Product(size, direction), exact = product.expected
      var rounded = product
      rounded.roundToBF16()
      let expected = rounded.expected
      for algebra in Self.algebras(.bf16) {
        let found = rounded.run(algebra)
        #expect(maxError(found, expected, scale: product.magnitude) < 3e-6, "\(algebra.name)")
        #expect(maxError(product.run(algebra), exact, scale: product.magnitude) < 8e-3, "\(algebra.name)")
      }
    }
  }

  @Test(arguments: epilogues, [1, 4])
  func epiloguesFollowTheProduct(activation: Activation?, threads: Int) throws {
    let size = Size(rows: 301, inputs: 29, outputs: 130)
    let bias = (0..<size.outputs).map { Float(($0 * 7) % 11) / 4 - 1 }
    for precision in Self.floats {
      var product = Product(size, .forward)
      product.roundToBF16()
      let plain = product.expected
      let expected = plain.enumerated().map { index, value in
        let x = value + Double(bias[index % size.outputs])
        return activation.map { apply($0, x) } ?? x
      }
      let slopes = plain.enumerated().map { index, value in
        let x = value + Double(bias[index % size.outputs])
        return activation.map { (apply($0, x + 1e-4) - apply($0, x - 1e-4)) / 2e-4 } ?? 0
      }
      let moments = zip(slopes, plain).enumerated().map { index, pair in
        pair.0 * (pair.1 - Double(bias[index % size.outputs]))
      }
      for algebra in Self.algebras(precision) {
        for wantsSlope in [false, true] {
          var slope = [Float](repeating: 0, count: wantsSlope ? size.rows * size.outputs : 0), moment = slope
          let found = bias.withUnsafeBufferPointer { bias in
            slope.withUnsafeMutableBufferPointer { slope in
              moment.withUnsafeMutableBufferPointer { moment in
                product.run(
                  algebra,
                  epilogue: Epilogue(
                    bias: bias.baseAddress!, activation: activation, derivative: wantsSlope ? slope.baseAddress! : nil,
                    moment: wantsSlope && activation != nil ? moment.baseAddress! : nil, centre: bias.baseAddress!),
                  threads: threads)
              }
            }
          }
          #expect(maxError(found, expected, scale: 1) < 1e-5, "\(algebra.name)")
          if wantsSlope {
            #expect(maxError(slope, slopes, scale: 1) < 1e-5, "\(algebra.name)")
            #expect(maxError(moment, moments, scale: 10) < 1e-5, "\(algebra.name)")
          }
        }
        if let activation {
          let activated = plain.map { apply(activation, $0) }
          let found = product.run(algebra, epilogue: Epilogue(activation: activation), threads: threads)
          #expect(maxError(found, activated, scale: 1) < 1e-5, "\(algebra.name) without a bias")
        }
      }
    }
  }

  @Test func manyTasksShareAMatrix() async {
    let product = Product(Size(rows: 40, inputs: 96, outputs: 512), .forward), expected = product.expected
    for algebra in Self.algebras(.f32) {
      let prepared = algebra.prepare(product.matrix, direction: .forward, lasting: true)
      let results = await withTaskGroup(of: [Float].self) { group in
        for rows in 33...40 {
          group.addTask { product.run(prepared, rows: rows) }
        }
        return await group.reduce(into: []) { $0.append($1) }
      }
      #expect(results.count == 8)
      for found in results {
        #expect(
          maxError(found, Array(expected.prefix(found.count)), scale: product.magnitude) < 3e-6, "\(algebra.name)")
      }
    }
  }

  @Test func packedCopiesLetGoOfTheOriginal() {
    /// A packed matrix, and whether the original it was packed from still exists.
    func pack(_ algebra: any LinearAlgebra) -> (any PreparedMatrix, () -> Bool) {
      let block = MemoryBlock(byteCount: 64 * 48 * 4)
      let bytes = ByteView(UnsafeRawBufferPointer(block.bytes), owner: block)
      let prepared = algebra.prepare(
        WeightMatrix(Tensor(dtype: .f32, shape: [64, 48], data: bytes)), direction: .forward, lasting: true)
      prepared.makeReady()
      return (prepared, { [weak block] in block != nil })
    }
    for algebra in Precision.allCases.flatMap(Self.algebras) where !(algebra is BLAS) {
      let (prepared, originalIsKept) = pack(algebra)
      #expect(!originalIsKept(), "\(algebra.name)")
      withExtendedLifetime(prepared) {}
    }
  }

  @Test func halfPrecisionWeightsAreWidened() throws {
    let half = Tensor(
      dtype: .f16, shape: [2, 3], data: ByteView(copying: [0x3C00, 0x4000, 0xBC00, 0x3800, 0, 0x4400] as [UInt16]))
    for precision in Self.floats {
      for algebra in Self.algebras(precision) {
        let prepared = algebra.prepare(WeightMatrix(half), direction: .forward, lasting: false)
        var y: [Float] = [0, 0]
        prepared.multiply([1, 2, 4], scaledBy: nil, rows: 1, into: &y, epilogue: .none, parallel: Parallel(threads: 1))
        #expect(y == [1, 16.5], "\(algebra.name)")
      }
    }
  }

  /// The widened copy of a matrix of this size goes back to the system as soon as nothing keeps it: packing must.
  @Test(arguments: Precision.allCases) func widenedWeightsAreKeptUntilTheyArePacked(precision: Precision) {
    let width = 3072, ones = ByteView(copying: [UInt16](repeating: 0x3C00, count: width * width))
    let half = Tensor(dtype: .f16, shape: [width, width], data: ones), x = [Float](repeating: 1, count: width)
    for algebra in Self.algebras(precision) {
      for direction in [Direction.forward, .backward] {
        var y = [Float](repeating: .nan, count: width)
        algebra.prepare(WeightMatrix(half), direction: direction, lasting: false).multiply(
          x, scaledBy: nil, rows: 1, into: &y, epilogue: .none, parallel: Parallel(threads: 1))
        let isRight = y.allSatisfy { abs($0 - Float(width)) < 0.01 }
        #expect(isRight, "\(algebra.name)")
      }
    }
  }
}

/// A product of seeded random factors.
private struct Product: Sendable {
  let size: ProductTests.Size, direction: Direction
  var x: [Float]
  private var weights: [Float]

  init(_ size: ProductTests.Size, _ direction: Direction) {
    (self.size, self.direction) = (size, direction)
    var state: UInt64 = 42
    func random() -> Float {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Float(Int32(truncatingIfNeeded: state >> 32)) * 0x1p-31
    }
    x = (0..<size.rows * size.inputs).map { _ in random() }
    weights = (0..<size.outputs * size.inputs).map { _ in random() }
  }

  mutating func roundToBF16() {
    func rounded(_ value: Float) -> Float {
      let bits = value.bitPattern
      return Float(bitPattern: (bits &+ 0x7FFF &+ (bits >> 16 & 1)) & 0xFFFF_0000)
    }
    x = x.map(rounded)
    weights = weights.map(rounded)
  }

  /// `[out, in]`, so that the product of either direction has `size.outputs` columns.
  var matrix: WeightMatrix {
    WeightMatrix(
      Tensor(weights, shape: direction == .forward ? [size.outputs, size.inputs] : [size.inputs, size.outputs]))
  }

  var magnitude: Double { Double(size.inputs).squareRoot() }

  var expected: [Double] {
    let (depth, columns) = (size.inputs, size.outputs)
    let (down, across) = direction == .forward ? (1, depth) : (columns, 1)
    return (0..<size.rows * columns).map { index in
      let (row, column) = (index / columns, index % columns)
      var sum = 0.0
      for k in 0..<depth { sum += Double(x[row * depth + k]) * Double(weights[k * down + column * across]) }
      return sum
    }
  }

  func run(
    _ algebra: any LinearAlgebra, lasting: Bool = false, epilogue: Epilogue = .none, threads: Int = 2
  ) -> [Float] {
    run(
      algebra.prepare(matrix, direction: direction, lasting: lasting), rows: size.rows, epilogue: epilogue,
      threads: threads)
  }

  func run(_ prepared: any PreparedMatrix, rows: Int, epilogue: Epilogue = .none, threads: Int = 2) -> [Float] {
    var y = [Float](repeating: .nan, count: rows * size.outputs)
    prepared.multiply(x, scaledBy: nil, rows: rows, into: &y, epilogue: epilogue, parallel: Parallel(threads: threads))
    return y
  }
}

private func maxError(_ found: [Float], _ expected: [Double], scale: Double) -> Double {
  guard found.count == expected.count else { return .infinity }
  return zip(found, expected).reduce(0) { worst, pair in
    let error = abs(Double(pair.0) - pair.1) / scale
    return error.isNaN ? .infinity : max(worst, error)
  }
}

private func apply(_ activation: Activation, _ x: Double) -> Double {
  switch activation {
  case .gelu: x * 0.5 * erfc(-x / 2.0.squareRoot())
  case .geluTanh: x * 0.5 * (1 + tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
  case .quickGELU: x / (1 + exp(-1.702 * x))
  case .silu: x / (1 + exp(-x))
  case .relu: max(0, x)
  }
}
