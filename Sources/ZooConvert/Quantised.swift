import CZooKernels
import ZooCheckpoints
import ZooModels
import ZooTensors

extension ConversionPlan {
  /// The same plan with 8-bit integers for every tensor that may be stored so: each becomes two, its integers and their scales.
  var quantised: ConversionPlan {
    let rows = rows.flatMap { row -> [Row] in
      let spec = TensorSpec(name: row.target, shape: row.shape)
      guard spec.mayBeInt8 else { return [row] }
      let scales = spec.scales
      return [
        Row(target: row.target, shape: row.shape, dtype: .i8, expression: row.expression),
        Row(target: scales.name, shape: scales.shape, dtype: .f32, expression: row.expression, isScale: true),
      ]
    }
    return ConversionPlan(
      layout: layout, architecture: architecture, rows: rows, dropped: dropped, problems: problems,
      sourceCount: sourceCount)
  }

  var isQuantised: Bool { rows.contains(where: \.isScale) }
}

extension ConversionPlan.Row {
  /// Calls `body` with the tensor's bytes as they are written, in order and in pieces.
  func stream(in checkpoint: Checkpoint, _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
    guard isScale || dtype == .i8 else {
      return try expression.forEachPiece(in: checkpoint) { try $0.stream(as: dtype, chunk: pieceSize, body) }
    }
    let quantiser = RowQuantiser(width: expression.shape?.last ?? 1, givesScales: isScale)
    try expression.forEachPiece(in: checkpoint) { piece in
      try piece.stream(as: .f32, chunk: pieceSize) { try quantiser.take($0, body) }
    }
  }
}

/// Quantises rows, which come in pieces of any size, to 8-bit integers and scales.
private final class RowQuantiser {
  private let width: Int, givesScales: Bool
  /// The current row, and the number of its bytes received so far.
  private var row: [Float], count = 0
  private var integers: [Int8] = [], scales: [Float] = []

  init(width: Int, givesScales: Bool) {
    (self.width, self.givesScales) = (width, givesScales)
    row = [Float](repeating: 0, count: width)
  }

  /// Takes a piece of f32 numbers; `body` gets the bytes of the rows that end in it.
  func take(_ piece: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) throws -> Void) rethrows {
    let size = width * MemoryLayout<Float>.stride, rows = (count + piece.count) / size
    if integers.count < max(1, rows) * width { integers = [Int8](repeating: 0, count: max(1, rows) * width) }
    scales.removeAll(keepingCapacity: true)
    var rest = piece[...]
    while !rest.isEmpty {
      let part = rest.prefix(size - count)
      row.withUnsafeMutableBytes { row in
        UnsafeMutableRawBufferPointer(rebasing: row[count...]).copyMemory(from: UnsafeRawBufferPointer(rebasing: part))
      }
      count += part.count
      rest = rest.dropFirst(part.count)
      guard count == size else { continue }
      count = 0
      let place = scales.count * width
      scales.append(integers.withUnsafeMutableBufferPointer { zoo_int8_weights(row, width, $0.baseAddress! + place) })
    }
    if givesScales { return try scales.withUnsafeBytes(body) }
    try integers.withUnsafeBytes { try body(UnsafeRawBufferPointer(rebasing: $0.prefix(scales.count * width))) }
  }
}
