import Foundation
import ZooCheckpoints

/// Reads the written file back and compares every tensor with what the plan makes of the source: byte by byte, or, where that would have
/// to be inflated again, by its digest.
func readBack(
  _ path: String, against digests: [String: String], _ plan: ConversionPlan, of checkpoint: Checkpoint,
  progress: (ConversionProgress) throws -> Void
) throws {
  let written = try Checkpoint.open(path)
  var done = 0, unreleased = 0
  for row in plan.rows {
    let mismatch = ConvertError.digestMismatch(tensor: row.target, file: path)
    guard let entry = written.entry(row.target), entry.dtype == row.dtype, entry.shape == row.shape else {
      throw mismatch
    }
    let tensor = try written.tensor(row.target)
    defer { withExtendedLifetime(tensor) {} }
    func advance(_ count: Int) throws {
      done += count
      unreleased += count
      if unreleased >= releaseInterval {
        written.release()
        checkpoint.release()
        unreleased = 0
      }
      try progress(.init(phase: .verifying, tensor: row.target, bytesDone: done, bytesTotal: plan.byteCount))
    }
    var offset = 0
    func next(_ count: Int) -> UnsafeRawBufferPointer {
      defer { offset += count }
      return UnsafeRawBufferPointer(rebasing: tensor.data.bytes[offset..<min(offset + count, tensor.data.count)])
    }
    if row.expression.isReadInParts(in: checkpoint) {
      let hasher = SHA256Hasher()
      while offset < tensor.data.count {
        let bytes = next(pieceSize)
        hasher.update(bytes)
        try advance(bytes.count)
      }
      guard "\(hasher.finish())" == digests[row.target] else { throw mismatch }
    } else {
      try row.expression.forEachPiece(in: checkpoint) { piece in
        try piece.stream(as: row.dtype, chunk: pieceSize) { wanted in
          let found = next(wanted.count)
          guard found.count == wanted.count, let a = found.baseAddress, let b = wanted.baseAddress,
            memcmp(a, b, wanted.count) == 0
          else { throw mismatch }
          try advance(wanted.count)
        }
      }
    }
  }
}

extension Expression {
  /// True where some source tensor of it is compressed.
  fileprivate func isReadInParts(in checkpoint: Checkpoint) -> Bool {
    switch self {
    case .tensor(let name, _): checkpoint.isReadInParts(name)
    case .zeros: false
    case .concat(let operands): operands.contains { $0.isReadInParts(in: checkpoint) }
    case .transpose(let operand, _), .slice(let operand, _, _), .reshape(let operand, _):
      operand.isReadInParts(in: checkpoint)
    }
  }
}
