import Testing
import ZooModels
import ZooRuntime
import ZooTensors

/// Products in int8 by prepared matrices whose factors are integers: sums are exact, for any number of threads and rows.
@Suite struct Int8ProductTests {
  /// Rows from 0 to 255 and weights from -127 to 127, including their bounds, so that all scales are 1.
  private struct Product {
    let rows: Int, inputs: Int, outputs: Int
    let x: [Float], weights: [Float]

    init(rows: Int, inputs: Int, outputs: Int) {
      (self.rows, self.inputs, self.outputs) = (rows, inputs, outputs)
      x = (0..<rows * inputs).map { index in
        let place = index % inputs
        return place == 0 ? 0 : place == inputs - 1 ? 255 : Float(index * 31 % 256)
      }
      weights = (0..<outputs * inputs).map { index in
        index % inputs == 0 ? (index / inputs % 2 == 0 ? 127 : -127) : Float(index * 47 % 255 - 127)
      }
    }

    /// - Parameter stored: True for integers as they are stored in a file.
    func prepare(
      _ direction: Direction = .forward, stored: Bool = false, lasting: Bool = false, on backend: Backend = .own
    ) throws -> any PreparedMatrix {
      let shape = [outputs, inputs], ones = FloatView(Tensor([Float](repeating: 1, count: outputs), shape: [outputs]))
      let matrix =
        stored
        ? WeightMatrix(
          Tensor(dtype: .i8, shape: shape, data: ByteView(copying: weights.map { Int8($0) })), scales: ones)
        : WeightMatrix(Tensor(weights, shape: shape))
      return try makeAlgebra(backend: backend, precision: .int8).prepare(matrix, direction: direction, lasting: lasting)
    }

    /// x, its columns multiplied by `factors`, times the weights.
    func expected(_ factors: [Float]? = nil) -> [Float] {
      (0..<rows * outputs).map { index in
        let (row, column) = (index / outputs, index % outputs)
        return (0..<inputs).reduce(Float(0)) { (sum: Float, place: Int) -> Float in
          sum + x[row * inputs + place] * (factors?[place] ?? 1) * weights[column * inputs + place]
        }
      }
    }
  }

  /// Those of this build and this processor.
  private static let backends = Backend.available.filter { backend in
    backend != .automatic && (try? makeAlgebra(backend: backend, precision: .int8)) != nil
  }

  @Test(
    arguments: [(1, 2, 1), (3, 37, 5), (50, 131, 77), (300, 64, 259), (20, 175, 208), (33, 48, 1601)], [1, 2, 5])
  func wholeNumbersAreExact(size: (Int, Int, Int), threads: Int) throws {
    let product = Product(rows: size.0, inputs: size.1, outputs: size.2)
    let expected = product.expected()
    for backend in Self.backends {
      for (lasting, stored) in [(false, false), (false, true), (true, false), (true, true)] {
        var y = [Float](repeating: .nan, count: product.rows * product.outputs)
        try product.prepare(stored: stored, lasting: lasting, on: backend).multiply(
          product.x, scaledBy: nil, rows: product.rows, into: &y, epilogue: .none, parallel: Parallel(threads: threads))
        let isEqual = y == expected
        #expect(isEqual, "\(backend)")
      }
    }
  }

  @Test(arguments: backends) func columnsAreScaledOnTheWayIn(backend: Backend) throws {
    let product = Product(rows: 40, inputs: 30, outputs: 70), prepared = try product.prepare(on: backend)
    // Powers of two, so that the scales of rows are powers of two.
    let factors = [Float](repeating: 2, count: 30) + [Float](repeating: 0.25, count: 30)
    var y = [Float](repeating: .nan, count: 2 * 40 * 70)
    factors.withUnsafeBufferPointer {
      prepared.multiply(
        product.x, scaledBy: ColumnFactors($0.baseAddress!, count: 2), rows: 40, into: &y, epilogue: .none,
        parallel: Parallel(threads: 2))
    }
    #expect(y == product.expected(Array(factors[..<30])) + product.expected(Array(factors[30...])))
  }

  /// A few rows are multiplied without the copy for the forward direction, if there is one. Each column also has a weight of 127.
  @Test(arguments: [1, 5, 16, 17], [false, true])
  func rowsPassBackwards(rows: Int, stored: Bool) throws {
    let product = Product(rows: 1, inputs: 1001, outputs: 510), parallel = Parallel(threads: 2)
    let g = (0..<rows * 510).map { (index: Int) -> Float in
      let place = index % 510
      return place == 0 ? 0 : place == 509 ? 255 : Float(index * 13 % 256)
    }
    let expected = (0..<rows * 1001).map { (index: Int) -> Float in
      let (row, place) = (index / 1001, index % 1001)
      return (0..<510).reduce(Float(0)) { (sum: Float, column: Int) -> Float in
        sum + g[row * 510 + column] * product.weights[column * 1001 + place]
      }
    }
    for lasting in [false, true] {
      let forwards = try product.prepare(stored: stored, lasting: lasting)
      var y = [Float](repeating: .nan, count: rows * 1001)
      if rows <= 16 {
        let isCopied = lasting || !stored
        #expect(forwards.multiplyTransposed(g, rows: rows, into: &y, parallel: parallel) == isCopied)
        if isCopied { #expect(y == expected) }
      }
      for backend in Self.backends {
        y = [Float](repeating: .nan, count: rows * 1001)
        try product.prepare(.backward, stored: stored, lasting: lasting, on: backend).multiply(
          g, scaledBy: nil, rows: rows, into: &y, epilogue: .none, parallel: parallel)
        let isEqual = y == expected
        #expect(isEqual, "\(backend)")
      }
    }
  }

  @Test(arguments: backends) func biasAndActivationFollow(backend: Backend) throws {
    let product = Product(rows: 301, inputs: 29, outputs: 130), bias = (0..<130).map { Float($0 - 65) }
    var y = [Float](repeating: .nan, count: 301 * 130), slope = y
    let prepared = try product.prepare(on: backend)
    bias.withUnsafeBufferPointer { bias in
      slope.withUnsafeMutableBufferPointer { slope in
        prepared.multiply(
          product.x, scaledBy: nil, rows: 301, into: &y,
          epilogue: Epilogue(bias: bias.baseAddress!, activation: .relu, derivative: slope.baseAddress!),
          parallel: Parallel(threads: 2))
      }
    }
    let plain = product.expected().enumerated().map { $0.element + bias[$0.offset % 130] }
    #expect(y == plain.map { max(0, $0) })
    #expect(slope == plain.map { $0 > 0 ? 1 : 0 })
  }

  /// Sums of integers are exact whoever computes them, so that only the last step can differ.
  @Test(arguments: [(197, 192, 576), (77, 511, 130)])
  func allBackendsRoundAlike(rows: Int, inputs: Int, outputs: Int) throws {
    func noise(_ count: Int, _ seed: UInt32) -> [Float] {
      var state = seed
      return (0..<count).map { _ in
        state = state &* 1_664_525 &+ 1_013_904_223
        return Float(Int32(bitPattern: state)) / 0x1p31
      }
    }
    let x = noise(rows * inputs, 1),
      weights = WeightMatrix(Tensor(noise(inputs * outputs, 2), shape: [outputs, inputs]))
    let results = try Self.backends.map { backend in
      var y = [Float](repeating: .nan, count: rows * outputs)
      try makeAlgebra(backend: backend, precision: .int8).prepare(weights, direction: .forward, lasting: true).multiply(
        x, scaledBy: nil, rows: rows, into: &y, epilogue: .none, parallel: Parallel(threads: 2))
      return y
    }
    let most = try #require(results.first?.map(abs).max())
    #expect(most > 1)
    for result in results.dropFirst() {
      #expect(zip(result, results[0]).allSatisfy { abs($0 - $1) <= 1e-6 * most })
    }
  }
}
