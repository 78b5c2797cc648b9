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
      guard packs else { return OneDNNMatrix(matrix, direction: direction) }
      return PackedWeights(matrix, direction: direction, precision: precision).map(OneDNNMatrix.init(packed:))
        ?? BLAS().prepare(matrix, direction: direction)
    }
  }

  /// A weight matrix for one direction; threads share the rows of what it is multiplied with.
  private struct OneDNNMatrix: PreparedMatrix {
    let inputs: Int, outputs: Int
    private let weights: Weights

    private enum Weights: Sendable {
      case packed(PackedWeights)
      case inPlace(FloatView, Direction)
    }

    init(packed: PackedWeights) {
      (inputs, outputs) = (packed.inputs, packed.outputs)
      weights = .packed(packed)
    }

    init(_ matrix: WeightMatrix, direction: Direction) {
      (inputs, outputs) = direction.ends(of: matrix)
      weights = .inPlace(matrix.floats, direction)
    }

    func multiply(
      _ x: UnsafePointer<Float>, rows: Int, into y: UnsafeMutablePointer<Float>, epilogue: Epilogue, parallel: Parallel
    ) {
      // As few pieces as keep the threads busy: 49 rows run at 85 % of the rate of 98.
      let pieces = max(1, min(parallel.threads * max(1, rows / (parallel.threads * 384)), rows / 4))
      parallel.forEach(pieces) { piece in
        let first = rows * piece / pieces, count = rows * (piece + 1) / pieces - first
        guard count > 0 else { return }
        let shape = ProductShape(
          rows: count, depth: inputs, columns: outputs, order: order, bf16: precision == .bf16, epilogue: epilogue)
        run(.of(shape), x + first * inputs, rows: count, into: y + first * outputs, bias: epilogue.bias)
      }
    }

    /// On this thread.
    private func run(
      _ product: OneDNNProduct, _ x: UnsafePointer<Float>, rows: Int, into y: UnsafeMutablePointer<Float>,
      bias: UnsafePointer<Float>?
    ) {
      switch weights {
      case .inPlace(let view, _): product.run(x, view.pointer, bias: bias, into: y)
      case .packed(let packed) where packed.precision == .f32: product.run(x, packed.bytes, bias: bias, into: y)
      case .packed(let packed):
        withScratch((rows * inputs + 1) / 2) { scratch in
          scratch.withMemoryRebound(to: UInt16.self, capacity: rows * inputs) { narrowed in
            zoo_onednn_narrow(x, narrowed, rows * inputs)
            product.run(narrowed, packed.bytes, bias: bias, into: y)
          }
        }
      }
    }

    private var precision: Precision { if case .packed(let packed) = weights { packed.precision } else { .f32 } }

    private var order: Int32 {
      if case .inPlace(_, let direction) = weights { direction.order } else { Int32(ZOO_ONEDNN_PACKED.rawValue) }
    }
  }

  extension Direction {
    func ends(of matrix: WeightMatrix) -> (inputs: Int, outputs: Int) {
      self == .forward ? (matrix.inputs, matrix.outputs) : (matrix.outputs, matrix.inputs)
    }

    /// How a matrix `[out, in]` lies in memory when seen as `[inputs, outputs]` of this direction.
    var order: Int32 { Int32((self == .forward ? ZOO_ONEDNN_COLUMNS : ZOO_ONEDNN_ROWS).rawValue) }
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
