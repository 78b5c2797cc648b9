#if OneDNN && os(Linux)
  import COneDNNShim
  import ZooTensors

  /// A weight matrix for one direction in oneDNN's own order.
  final class PackedWeights: Sendable {
    let inputs: Int, outputs: Int
    let precision: Precision
    private let block: MemoryBlock

    var bytes: UnsafeRawPointer { UnsafeRawPointer(block.bytes.baseAddress!) }

    /// Packs a copy and releases the original's memory if it can be read again. Nil if oneDNN cannot pack it.
    init?(_ matrix: WeightMatrix, direction: Direction, precision: Precision) {
      self.precision = precision
      (inputs, outputs) = direction.ends(of: matrix)
      var shape = zoo_onednn_shape()
      (shape.rows, shape.depth, shape.columns) = (1, Int64(inputs), Int64(outputs))
      shape.stride = shape.columns
      shape.bf16 = precision == .bf16 ? 1 : 0
      let size = zoo_onednn_packed_size(&shape)
      guard size > 0 else { return nil }
      block = MemoryBlock(byteCount: size)
      // Not `matrix.floats`, which would keep the widened copy.
      let source = matrix.unkept
      guard zoo_onednn_pack(&shape, Int32(direction.order.rawValue), source.pointer, block.bytes.baseAddress) == 1
      else { return nil }
      matrix.tensor.data.release()
    }
  }
#endif
