#if OneDNN && os(Linux)
  import COneDNNShim
  import CZooKernels
  import ZooTensors

  /// A weight matrix for one direction in oneDNN's own order.
  final class PackedWeights: Sendable {
    let inputs: Int, outputs: Int
    let precision: Precision
    private let block: MemoryBlock
    /// Of 8-bit integers: the scales of all columns, then the sums of their integers.
    private let factors: FloatBuffer

    var bytes: UnsafeRawPointer { UnsafeRawPointer(block.bytes.baseAddress!) }
    var scales: UnsafePointer<Float> { UnsafePointer(factors.pointer) }
    var sums: UnsafePointer<Float> { scales + outputs }

    /// Packs a copy and releases the original's memory if it can be read again. Nil if oneDNN cannot pack it.
    init?(_ matrix: WeightMatrix, direction: Direction, precision: Precision) {
      self.precision = precision
      (inputs, outputs) = direction.ends(of: matrix)
      var shape = ProductShape(
        rows: 1, depth: inputs, columns: outputs, order: ProductShape.packed, precision: precision,
        epilogue: .none
      ).native
      let size = zoo_onednn_packed_size(&shape)
      guard size > 0 else { return nil }
      block = MemoryBlock(byteCount: size)
      factors = FloatBuffer(precision == .int8 ? 2 * outputs : 0)
      var packed: Int32 = 0
      if precision == .int8 {
        let scales = factors.pointer, sums = scales + outputs, target = block.bytes.baseAddress
        Int8Cutting(matrix, direction: direction).withIntegers(0..<outputs, scales: scales) { rows in
          zoo_int8_sums(rows, inputs, inputs, outputs, sums)
          packed = zoo_onednn_pack(&shape, Direction.forward.order, rows, target)
        }
      } else {
        // Not `matrix.floats`, which would keep the widened copy.
        let source = matrix.unkept
        packed = zoo_onednn_pack(&shape, direction.order, source.pointer, block.bytes.baseAddress)
        withExtendedLifetime(source) {}
      }
      guard packed == 1 else { return nil }
      matrix.tensor.data.release()
    }
  }

  extension Direction {
    /// The memory layout of a matrix `[out, in]` when seen as `[inputs, outputs]` of this direction: a `zoo_onednn_order`.
    var order: Int32 { Int32((self == .forward ? ZOO_ONEDNN_COLUMNS : ZOO_ONEDNN_ROWS).rawValue) }
  }
#endif
