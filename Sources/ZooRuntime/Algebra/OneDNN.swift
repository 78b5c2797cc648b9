#if OneDNN && os(Linux)
  import COneDNNShim
  import CZooKernels
  import ZooTensors

  /// Products by oneDNN on our own threads: bias and activation are part of the product.
  ///
  /// In f32, matrices are used in place, in both directions, or packed for each if they are kept; in bf16 and int8 they are packed, and the other
  /// factor is rounded on the way in. Results are f32, and so are sums, but for the exact ones of int8, which is rounded as `Kernels` does it.
  package struct OneDNN: LinearAlgebra {
    package let precision: Precision

    /// Nil if the processor does not have native products in this precision.
    package init?(precision: Precision = .f32) {
      guard zoo_onednn_has(precision.types) == 1 else { return nil }
      self.precision = precision
    }

    package var splitsRows: Bool { true }
    package var exact: any LinearAlgebra { OneDNN() ?? self }
    package var finer: any LinearAlgebra { precision == .int8 ? OneDNN(precision: .bf16) ?? exact : self }

    package var name: String { "oneDNN \(String(cString: zoo_onednn_version())) \(precision.rawValue)" }

    package func prepare(_ matrix: WeightMatrix, direction: Direction, lasting: Bool) -> any PreparedMatrix {
      guard precision != .int8 || direction.ends(of: matrix).inputs <= ZOO_INT8_DEPTH else {
        return finer.prepare(matrix, direction: direction, lasting: lasting)
      }
      return OneDNNMatrix(matrix, direction: direction, precision: precision, lasting: lasting)
    }
  }

  /// A weight matrix for one direction; threads divide the rows of the other factor.
  private struct OneDNNMatrix: PreparedMatrix {
    let inputs: Int, outputs: Int
    /// For a few rows, the matrix to read in place, and whether its memory is released afterwards.
    private let inPlace: WeightMatrix?, releases: Bool
    private let direction: Direction
    private let form: Lazy<Form>

    /// A copy in oneDNN's own order, or the matrix in place.
    private enum Form {
      case packed(PackedWeights), whole(WeightMatrix)

      var isInt8: Bool { if case .packed(let packed) = self { packed.precision == .int8 } else { false } }
    }

    init(_ matrix: WeightMatrix, direction: Direction, precision: Precision, lasting: Bool) {
      (inputs, outputs) = direction.ends(of: matrix)
      self.direction = direction
      // A gradient shared by all rows needs one row for each prompt: a copy does not pay off for that.
      inPlace = direction == .backward && matrix.tensor.dtype == .f32 ? matrix : nil
      releases = precision != .f32 && !lasting
      form = Lazy {
        guard lasting || precision != .f32,
          let packed = PackedWeights(matrix, direction: direction, precision: precision)
        else { return .whole(matrix) }
        return .packed(packed)
      }
    }

    func makeReady() { _ = form.value }

    func multiply(
      _ x: UnsafePointer<Float>, scaledBy factors: ColumnFactors?, rows: Int,
      into y: UnsafeMutablePointer<Float>, epilogue: Epilogue, parallel: Parallel
    ) {
      guard let factors else {
        return multiply(x, scale: nil, rows: rows, into: y, epilogue: epilogue, parallel: parallel)
      }
      for index in 0..<factors.count {
        let offset = index * rows * outputs
        multiply(
          x, scale: factors.pointer + index * inputs, rows: rows, into: y + offset, epilogue: epilogue.behind(offset),
          parallel: parallel)
      }
    }

    private func multiply(
      _ x: UnsafePointer<Float>, scale: UnsafePointer<Float>?, rows: Int, into y: UnsafeMutablePointer<Float>,
      epilogue: Epilogue, parallel: Parallel
    ) {
      if let inPlace, rows <= fewRows, scale == nil, epilogue.isEmpty {
        return multiplyFew(x, by: inPlace, rows: rows, into: y, parallel: parallel)
      }
      let form = form.value
      // oneDNN's products have no derivative, and support an activation only after a bias; the last step after sums of integers is ours.
      let isOwn =
        form.isInt8 || epilogue.derivative == nil && (epilogue.activation == nil || epilogue.bias != nil)
      parallel.forRows(rows) { range, _ in
        let x = x + range.lowerBound * inputs, y = y + range.lowerBound * outputs
        switch form {
        case .packed(let packed) where form.isInt8:
          runIntegers(
            x, scale: scale, rows: range.count, by: packed, into: y, epilogue.behind(range.lowerBound * outputs))
        case .packed(let packed):
          run(
            x, scale: scale, rows: range.count, into: y, isOwn ? epilogue : .none, weights: packed.bytes,
            order: ProductShape.packed, packed.precision)
        case .whole(let matrix):
          // Kept alive to the end: another thread may release the matrix meanwhile.
          let floats = matrix.floats
          run(
            x, scale: scale, rows: range.count, into: y, isOwn ? epilogue : .none, weights: floats.pointer,
            order: direction.order, .f32)
          withExtendedLifetime(floats) {}
        }
      }
      if !isOwn { epilogue.apply(to: y, rows: rows, width: outputs, parallel: parallel) }
    }

    /// On this thread: x, with its columns multiplied by `scale`, times the matrix.
    private func run(
      _ x: UnsafePointer<Float>, scale: UnsafePointer<Float>?, rows: Int, into y: UnsafeMutablePointer<Float>,
      _ epilogue: Epilogue, weights: UnsafeRawPointer, order: Int32, _ precision: Precision
    ) {
      let product = OneDNNProduct.of(
        ProductShape(
          rows: rows, depth: inputs, columns: outputs, order: order, precision: precision, epilogue: epilogue))
      if precision == .bf16 {
        withScratch((rows * inputs + 1) / 2) { scratch in
          scratch.withMemoryRebound(to: UInt16.self, capacity: rows * inputs) { narrowed in
            zoo_narrow_rows(x, scale, rows, inputs, narrowed, inputs)
            product.run(narrowed, weights, bias: epilogue.bias, into: y)
          }
        }
      } else {
        withScaled(x, by: scale.map { ColumnFactors($0) }, rows: rows, parallel: Parallel(threads: 1)) { x, _ in
          product.run(x, weights, bias: epilogue.bias, into: y)
        }
      }
    }

    /// The same with x quantised row by row; oneDNN computes the sums of integers.
    private func runIntegers(
      _ x: UnsafePointer<Float>, scale: UnsafePointer<Float>?, rows: Int, by weights: PackedWeights,
      into y: UnsafeMutablePointer<Float>, _ epilogue: Epilogue
    ) {
      let words = (inputs + 3) / 4
      let product = OneDNNProduct.of(
        ProductShape(
          rows: rows, depth: inputs, columns: outputs, order: ProductShape.packed, precision: .int8,
          epilogue: .none))
      withScratch(rows * (words + 2)) { scratch in
        let factors = scratch + rows * words
        scratch.withMemoryRebound(to: UInt8.self, capacity: rows * words * 4) { bytes in
          zoo_int8_rows(x, scale, rows, inputs, bytes, words * 4, factors)
          product.run(bytes, weights.bytes, bias: nil, into: y)
          var after = epilogue.native(from: 0)
          zoo_int8_finish(y, outputs, factors, weights.scales, weights.sums, rows, outputs, &after)
        }
      }
    }

    /// A few rows, limited by the speed of reading the matrix: threads divide its columns.
    private func multiplyFew(
      _ x: UnsafePointer<Float>, by matrix: WeightMatrix, rows: Int, into y: UnsafeMutablePointer<Float>,
      parallel: Parallel
    ) {
      let panels = Panels(rows: 1, columns: outputs, threads: parallel.threads), floats = matrix.floats
      defer { withExtendedLifetime(floats) {} }
      parallel.forEach(panels.count) { index in
        let columns = panels[index].columns
        var shape = ProductShape(
          rows: rows, depth: inputs, columns: columns.count, order: direction.order, precision: .f32, epilogue: .none)
        shape.stride = outputs
        OneDNNProduct.of(shape).run(
          x, floats.pointer + columns.lowerBound, bias: nil, into: y + columns.lowerBound)
      }
      if releases { matrix.tensor.data.release() }
    }
  }
#endif
