import ZooTensors

/// The numbers by which the bytes of an 8-bit tensor are multiplied, and which elements each applies to.
struct Float8Scales: Sendable {
  let name: String
  /// The numbers of rows and of elements in a row that share a scale.
  private let rows: Int
  private let columns: Int
  /// Number of scales in a row of scales.
  private let scalesPerRow: Int
  /// Number of elements in a row of the tensor.
  private let rowSize: Int
  private let read: @Sendable () throws(CheckpointError) -> ByteView
  private let entry: CheckpointEntry

  /// The side of the blocks that share a scale in DeepSeek's format, which transformers' fine-grained fp8 follows.
  private static let block = 128

  /// Names under which the scale of a tensor is stored: those of transformers, compressed-tensors and FBGEMM, of DeepSeek's blocks (which multiply
  /// too, despite the name), and of ComfyUI.
  static func names(for tensor: String) -> [String] {
    var names = ["\(tensor)_scale", "\(tensor)_scale_inv"]
    if tensor.hasSuffix(".weight") { names.append("\(tensor.dropLast("weight".count))scale_weight") }
    return names
  }

  /// Whether this is a tensor that 8-bit checkpoints store for 8-bit products, which is not needed when weights are widened.
  static func isForProducts(_ tensor: String) -> Bool {
    let leaves = ["input_scale", "scale_input", "output_scale", "scaled_fp8", "comfy_quant"]
    return leaves.contains { tensor == $0 || tensor.hasSuffix(".\($0)") }
  }

  /// Throws if a scale does not fit its tensor in a known way: one for all, one for each row, or one for each block of 128 x 128.
  init(_ scale: StoredTensor, for tensor: CheckpointEntry) throws(CheckpointError) {
    entry = scale.entry
    (name, read) = (entry.name, scale.read)
    let shape = tensor.shape, first = shape.first ?? 1
    rowSize = shape.dropFirst().reduce(1, *)
    let count = entry.shape.reduce(1) { $0 &* $1 }
    func blocks(_ side: Int) -> Int { (side + Self.block - 1) / Self.block }
    if entry.dtype.isWeight, count == 1 {
      (rows, columns, scalesPerRow) = (max(first, 1), max(rowSize, 1), 1)
    } else if entry.dtype.isWeight, entry.shape.first == first, count == first {
      (rows, columns, scalesPerRow) = (1, max(rowSize, 1), 1)
    } else if entry.dtype.isWeight, shape.count == 2, entry.shape == [blocks(first), blocks(rowSize)] {
      (rows, columns, scalesPerRow) = (Self.block, Self.block, blocks(rowSize))
    } else {
      throw CheckpointError(
        entry.file, .float8Scale, tensor: name, offset: entry.fileOffset,
        expected: "one number, one for each of \(first) rows, or one for each block of 128 x 128",
        found: "\(entry.dtype.rawValue) \(entry.shape) for \(shape)")
    }
  }

  /// The scales as `Float`, in their order.
  func values() throws(CheckpointError) -> [Float] {
    Tensor(dtype: entry.dtype, shape: entry.shape, data: try read()).floats() ?? []
  }

  /// The index of the scale of an element.
  func index(of element: Int) -> Int {
    element / rowSize / rows * scalesPerRow + element % rowSize / columns
  }
}
