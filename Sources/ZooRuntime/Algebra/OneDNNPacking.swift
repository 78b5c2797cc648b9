#if OneDNN && os(Linux)
  import COneDNNShim
  import ZooTensors

  /// A weight matrix for one direction in oneDNN's own order, panel by panel.
  final class PackedWeights: Sendable {
    let precision: Precision
    private let block: MemoryBlock
    private let offsets: [Int]

    /// Nil where oneDNN cannot pack it.
    init?(_ matrix: WeightMatrix, direction: Direction, precision: Precision) {
      self.precision = precision
      let ends = direction.ends(of: matrix), stride = direction.strides(of: matrix)
      let panels = columnPanels(ends.outputs)
      let shapes = panels.map { columns in
        var shape = zoo_onednn_shape()
        (shape.rows, shape.depth, shape.columns) = (1, Int64(ends.inputs), Int64(columns.count))
        shape.bf16 = precision == .bf16 ? 1 : 0
        return shape
      }
      var offsets = [0]
      for shape in shapes {
        let size = withUnsafePointer(to: shape) { zoo_onednn_packed_size($0) }
        guard size > 0 else { return nil }
        offsets.append(offsets.last! + (size + 63) / 64 * 64)
      }
      block = MemoryBlock(byteCount: offsets.last!)
      self.offsets = offsets
      // A forward panel is some rows of the matrix; a backward one is some columns of all of it.
      let whole = direction == .backward ? matrix.rows(0..<matrix.outputs) : nil
      let steps = [Int64(stride.0), Int64(stride.1)]
      let target = block.bytes.baseAddress!
      for (index, columns) in panels.enumerated() {
        let part = whole ?? matrix.rows(columns)
        let start = whole.map { $0.pointer + columns.lowerBound } ?? part.pointer
        let done = withUnsafePointer(to: shapes[index]) {
          zoo_onednn_pack($0, steps, start, target + offsets[index])
        }
        if done == 0 { return nil }
      }
      matrix.tensor.data.discard()
    }

    func panel(_ index: Int) -> UnsafeRawPointer { UnsafeRawPointer(block.bytes.baseAddress! + offsets[index]) }
  }
#endif
