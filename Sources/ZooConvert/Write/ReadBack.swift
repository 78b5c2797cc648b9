import Dispatch
import ZooCheckpoints
import ZooTensors

/// Reads the written file back and compares the digest of every tensor with that of what was evaluated from the source.
///
/// Two tensors at a time: one on the caller's thread, which also tells the progress, and one on another.
func readBack(
  _ path: String, against digests: [String: String], _ plan: ConversionPlan,
  progress: (ConversionProgress) throws -> Void
) throws {
  let written = try Checkpoint.open(path)
  let queue = DispatchQueue(label: "zoo.convert.readback")
  let total = plan.byteCount
  var done = 0
  func check(_ row: ConversionPlan.Row, _ digest: String) throws {
    let entry = written.entry(row.target)
    guard digest == digests[row.target], entry?.dtype == row.dtype, entry?.shape == row.shape else {
      throw ConvertError.digestMismatch(tensor: row.target, file: path)
    }
  }
  for first in stride(from: 0, to: plan.rows.count, by: 2) {
    let row = plan.rows[first]
    let other = first + 1 < plan.rows.count ? plan.rows[first + 1] : nil
    let lane = Lane()
    if let name = other?.target { queue.async { lane.run { try digest(name, in: written) } } }
    let mine = Result {
      try digest(row.target, in: written) { bytes in
        done += bytes
        try progress(.init(phase: .verifying, tensor: row.target, bytesDone: done, bytesTotal: total))
      }
    }
    queue.sync {}
    try check(row, mine.get())
    if let other {
      try check(other, lane.result.get())
      done += other.byteCount
      try progress(.init(phase: .verifying, tensor: other.target, bytesDone: done, bytesTotal: total))
    }
  }
}

/// Where the other thread leaves its digest; `queue.sync` comes between writing and reading it.
private final class Lane: @unchecked Sendable {
  private(set) var result: Result<String, any Error> = .success("")

  func run(_ work: () throws -> String) { result = Result(catching: work) }
}

/// The digest of a written tensor; tells the number of bytes after every piece.
private func digest(
  _ name: String, in written: Checkpoint, _ progress: (Int) throws -> Void = { _ in }
) throws -> String {
  let tensor = try written.tensor(name)
  let hasher = SHA256Hasher()
  try withExtendedLifetime(tensor) {
    for first in stride(from: 0, to: tensor.data.count, by: pieceSize) {
      let bytes = tensor.data.bytes[first..<min(tensor.data.count, first + pieceSize)]
      hasher.update(UnsafeRawBufferPointer(rebasing: bytes))
      if (first / pieceSize) % (releaseInterval / pieceSize) == 0 { written.release() }
      try progress(bytes.count)
    }
  }
  return "\(hasher.finish())"
}
