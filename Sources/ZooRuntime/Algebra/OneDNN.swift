#if OneDNN && os(Linux)
  import COneDNNShim
  import ZooTensors

  /// Products by oneDNN on our own threads: bias and activation are part of the product.
  ///
  /// In f32 matrices are used where they lie, in both directions, or packed for each; in bf16 they are always packed, and
  /// what they are multiplied with is rounded on the way in. Sums and results are f32.
  public struct OneDNN: LinearAlgebra {
    public let precision: Precision
    /// True where every direction has a packed copy of its own.
    public let packs: Bool

    /// Nil where the processor does not multiply in this precision by itself.
    public init?(precision: Precision = .f32, packed: Bool = false) {
      guard precision == .f32 || zoo_onednn_has_bf16() == 1 else { return nil }
      self.precision = precision
      packs = packed || precision == .bf16
    }

    public var name: String { "oneDNN \(String(cString: zoo_onednn_version())) \(precision.rawValue)" }

    public func prepare(_ matrix: WeightMatrix, direction: Direction) -> any PreparedMatrix {
      let storage = packs ? PackedWeights(matrix, direction: direction, precision: precision) : nil
      if packs, storage == nil { return BLAS().prepare(matrix, direction: direction) }
      return OneDNNMatrix(matrix, direction: direction, packed: storage)
    }
  }

  /// A weight matrix and how its columns are dealt out: in panels, each a product of its own.
  private struct OneDNNMatrix: PreparedMatrix {
    let inputs: Int, outputs: Int
    private let weights: Weights
    private let panels: [Range<Int>]
    private let bf16: Bool

    private enum Weights: Sendable {
      case packed(PackedWeights)
      /// In place, elements `stride` apart down and across.
      case plain(FloatView, stride: (Int, Int))
    }

    init(_ matrix: WeightMatrix, direction: Direction, packed: PackedWeights?) {
      (inputs, outputs) = direction.ends(of: matrix)
      panels = columnPanels(outputs)
      bf16 = packed?.precision == .bf16
      weights = packed.map(Weights.packed) ?? .plain(matrix.floats, stride: direction.strides(of: matrix))
    }

    func multiply(
      _ x: UnsafePointer<Float>, rows: Int, into y: UnsafeMutablePointer<Float>, epilogue: Epilogue, parallel: Parallel
    ) {
      guard rows > 0 else { return }
      guard bf16 else { return run(x, rows: rows, into: y, epilogue, parallel) }
      withScratch((rows * inputs + 1) / 2) { scratch in
        scratch.withMemoryRebound(to: UInt16.self, capacity: rows * inputs) { narrowed in
          parallel.forRanges(rows, atLeast: 16) { range in
            let start = range.lowerBound * inputs
            zoo_onednn_narrow(x + start, narrowed + start, range.count * inputs)
          }
          run(narrowed, rows: rows, into: y, epilogue, parallel)
        }
      }
    }

    private func run(
      _ x: UnsafeRawPointer, rows: Int, into y: UnsafeMutablePointer<Float>, _ epilogue: Epilogue, _ parallel: Parallel
    ) {
      // Panels first; rows are split only where panels are too few for the threads.
      let pieces = max(1, min((parallel.threads + panels.count - 1) / panels.count, rows / 16))
      let rowBytes = inputs * (bf16 ? 2 : 4)
      parallel.forEach(panels.count * pieces) { index in
        let (number, piece) = (index / pieces, index % pieces)
        let columns = panels[number], first = rows * piece / pieces, count = rows * (piece + 1) / pieces - first
        let product = OneDNNProduct.of(
          ProductShape(
            rows: count, depth: inputs, columns: columns.count, stride0: stride.0, stride1: stride.1, ldy: outputs,
            bf16: bf16, epilogue: epilogue))
        product.run(
          x + first * rowBytes, weights(at: number), bias: epilogue.bias.map { $0 + columns.lowerBound },
          into: y + first * outputs + columns.lowerBound)
      }
    }

    private var stride: (Int, Int) { if case .plain(_, let stride) = weights { stride } else { (0, 0) } }

    private func weights(at panel: Int) -> UnsafeRawPointer {
      switch weights {
      case .packed(let packed): packed.panel(panel)
      case .plain(let view, let stride): UnsafeRawPointer(view.pointer + panels[panel].lowerBound * stride.1)
      }
    }
  }

  extension Direction {
    func ends(of matrix: WeightMatrix) -> (inputs: Int, outputs: Int) {
      self == .forward ? (matrix.inputs, matrix.outputs) : (matrix.outputs, matrix.inputs)
    }

    /// How far the elements of `B [inputs, outputs]` lie apart, down and across.
    func strides(of matrix: WeightMatrix) -> (Int, Int) { self == .forward ? (1, matrix.inputs) : (matrix.inputs, 1) }
  }

  /// Panels of columns: an even number, some 400 columns each, at multiples of 64.
  func columnPanels(_ columns: Int) -> [Range<Int>] {
    let count = columns < 256 ? 1 : 2 * max(1, columns / 768)
    func edge(_ index: Int) -> Int { index == count ? columns : (columns * index / count + 32) / 64 * 64 }
    return (0..<count).map { edge($0)..<edge($0 + 1) }
  }

  extension Epilogue {
    fileprivate var bias: UnsafePointer<Float>? {
      switch self {
      case .none: nil
      case .bias(let bias), .activation(let bias, _): bias
      }
    }
  }
#endif
