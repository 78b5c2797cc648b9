#if OneDNN && os(Linux)
  import COneDNNShim
  import Synchronization
  import ZooModels

  /// The key of a compiled product.
  struct ProductShape: Hashable, Sendable {
    var rows: Int, depth: Int, columns: Int
    /// The order of weights in `PackedWeights`.
    static let packed = Int32(ZOO_ONEDNN_PACKED.rawValue)

    /// The memory layout of the weights: a `zoo_onednn_order`.
    var order: Int32
    /// The row stride of x in elements; oneDNN's order for packed weights depends on it, too.
    let xStride: Int
    /// The row stride in floats of the result, and of weights that are stored in rows.
    var stride: Int
    var precision: Precision
    var bias: Bool, activation: Int32

    init(rows: Int, depth: Int, columns: Int, order: Int32, precision: Precision, epilogue: Epilogue) {
      (self.rows, self.depth, self.columns, self.precision) = (rows, depth, columns, precision)
      self.order = order
      (xStride, stride) = (precision == .int8 ? (depth + 3) / 4 * 4 : depth, columns)
      bias = epilogue.bias != nil
      activation = Int32((epilogue.activation?.product ?? ZOO_ONEDNN_NONE).rawValue)
    }

    var native: zoo_onednn_shape {
      zoo_onednn_shape(
        rows: Int64(rows), depth: Int64(depth), columns: Int64(columns), x_stride: Int64(xStride),
        stride: Int64(stride), order: order, types: precision.types, bias: bias ? 1 : 0, activation: activation)
    }
  }

  extension Precision {
    /// A `zoo_onednn_types`.
    var types: Int32 {
      switch self {
      case .f32: Int32(ZOO_ONEDNN_F32.rawValue)
      case .bf16: Int32(ZOO_ONEDNN_BF16.rawValue)
      case .int8: Int32(ZOO_ONEDNN_INT8.rawValue)
      }
    }
  }

  extension Activation {
    fileprivate var product: zoo_onednn_activation {
      switch self {
      case .gelu: ZOO_ONEDNN_GELU
      case .geluTanh: ZOO_ONEDNN_GELU_TANH
      case .quickGELU: ZOO_ONEDNN_QUICK_GELU
      case .silu: ZOO_ONEDNN_SILU
      case .relu: ZOO_ONEDNN_RELU
      }
    }
  }

  /// Compiled code for products of one shape. All matrices of a shape share it, and many threads may run it concurrently.
  final class OneDNNProduct: @unchecked Sendable {
    private let handle: OpaquePointer
    private let scratchBytes: Int

    private static let compiled = Mutex<[ProductShape: OneDNNProduct]>([:])

    /// The product for a shape, compiled on first use. Old ones are evicted if there are many.
    static func of(_ shape: ProductShape) -> OneDNNProduct {
      compiled.withLock { compiled in
        if let product = compiled[shape] { return product }
        if compiled.count >= 1024 { compiled.removeAll() }
        let product = OneDNNProduct(shape)
        compiled[shape] = product
        return product
      }
    }

    private init(_ shape: ProductShape) {
      guard let handle = withUnsafePointer(to: shape.native, { zoo_onednn_product_create($0) }) else {
        preconditionFailure("oneDNN has no product of \(shape)")
      }
      self.handle = handle
      scratchBytes = zoo_onednn_product_scratch(handle)
    }

    deinit { zoo_onednn_product_destroy(handle) }

    /// oneDNN's name for the implementation.
    var kind: String { String(cString: zoo_onednn_product_kind(handle)) }

    func run(
      _ x: UnsafeRawPointer, _ weights: UnsafeRawPointer, bias: UnsafePointer<Float>?,
      into y: UnsafeMutablePointer<Float>
    ) {
      withUnsafeTemporaryAllocation(byteCount: max(scratchBytes, 64), alignment: 64) { scratch in
        let done = zoo_onednn_product_run(handle, x, weights, bias, y, scratch.baseAddress)
        precondition(done == 1, "oneDNN could not run \(kind)")
      }
    }
  }
#endif
