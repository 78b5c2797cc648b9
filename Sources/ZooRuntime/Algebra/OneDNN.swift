#if OneDNN && os(Linux)
  import COneDNNShim
  import CZooKernels
  import ZooTensors

  /// Products by oneDNN on our own threads: bias and activation are part of the product.
  ///
  /// In f32, matrices are used in place, in both directions, or packed for each if they are kept; in bf16 they are packed, and the other factor is
  /// rounded on the way in. Sums and results are f32.
  package struct OneDNN: LinearAlgebra {
    package let precision: Precision

    /// Nil if the processor does not have native products in this precision.
    package init?(precision: Precision = .f32) {
      guard precision == .f32 || zoo_onednn_has_bf16() == 1 else { return nil }
      self.precision = precision
    }

    package var splitsRows: Bool { true }
    package var exact: any LinearAlgebra { OneDNN() ?? self }

    package var name: String { "oneDNN \(String(cString: zoo_onednn_version())) \(precision.rawValue)" }

    package func prepare(_ matrix: WeightMatrix, direction: Direction, lasting: Bool) -> any PreparedMatrix {
      OneDNNMatrix(matrix, direction: direction, precision: precision, lasting: lasting)
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
    private enum Form { case packed(PackedWeights), whole(WeightMatrix) }

    init(_ matrix: WeightMatrix, direction: Direction, precision: Precision, lasting: Bool) {
      (inputs, outputs) = direction.ends(of: matrix)
      self.direction = direction
      // A gradient shared by all rows needs one row for each prompt: a copy does not pay off for that.
      inPlace = direction == .backward && matrix.tensor.dtype == .f32 ? matrix : nil
      releases = precision == .bf16 && !lasting
      form = Lazy {
        guard lasting || precision == .bf16,
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
      // oneDNN's products have no derivative, and support an activation only after a bias.
      let isOwn = epilogue.derivative == nil && (epilogue.activation == nil || epilogue.bias != nil)
      parallel.forRows(rows) { range, _ in
        run(
          x + range.lowerBound * inputs, scale: scale, rows: range.count, into: y + range.lowerBound * outputs,
          isOwn ? epilogue : .none)
      }
      if !isOwn { epilogue.apply(to: y, rows: rows, width: outputs, parallel: parallel) }
    }

    /// On this thread: x, with its columns multiplied by `scale`, times the matrix.
    private func run(
      _ x: UnsafePointer<Float>, scale: UnsafePointer<Float>?, rows: Int, into y: UnsafeMutablePointer<Float>,
      _ epilogue: Epilogue
    ) {
      switch form.value {
      case .packed(let packed):
        run(
          x, scale: scale, rows: rows, into: y, epilogue, weights: packed.bytes, order: ZOO_ONEDNN_PACKED,
          narrows: packed.precision == .bf16)
      case .whole(let matrix):
        // Kept alive to the end: another thread may release the matrix meanwhile.
        let floats = matrix.floats
        run(
          x, scale: scale, rows: rows, into: y, epilogue, weights: floats.pointer, order: direction.order,
          narrows: false)
        withExtendedLifetime(floats) {}
      }
    }

    private func run(
      _ x: UnsafePointer<Float>, scale: UnsafePointer<Float>?, rows: Int, into y: UnsafeMutablePointer<Float>,
      _ epilogue: Epilogue, weights: UnsafeRawPointer, order: zoo_onednn_order, narrows: Bool
    ) {
      let product = OneDNNProduct.of(
        ProductShape(
          rows: rows, depth: inputs, columns: outputs, order: order, bf16: narrows, epilogue: epilogue))
      if narrows {
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
          rows: rows, depth: inputs, columns: columns.count, order: direction.order, bf16: false, epilogue: .none)
        shape.stride = outputs
        OneDNNProduct.of(shape).run(
          x, floats.pointer + columns.lowerBound, bias: nil, into: y + columns.lowerBound)
      }
      if releases { matrix.tensor.data.release() }
    }
  }

  extension Direction {
    /// The memory layout of a matrix `[out, in]` when seen as `[inputs, outputs]` of this direction.
    var order: zoo_onednn_order { self == .forward ? ZOO_ONEDNN_COLUMNS : ZOO_ONEDNN_ROWS }
  }
#endif
