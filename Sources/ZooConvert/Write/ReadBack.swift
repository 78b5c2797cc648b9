import Dispatch
import Foundation
import Synchronization
import ZooCheckpoints

/// Reads the written file back, compares every tensor with what the plan makes of the source, and digests it.
///
/// Tensors that were digested while they were written, because making them again would be slow, are compared by that. Two threads share the
/// tensors; the caller's also tells the progress.
///
/// - Returns: The SHA-256 of each tensor.
func readBack(
  _ path: String, _ findings: [String: TensorInspector.Findings], _ plan: ConversionPlan, of checkpoint: Checkpoint,
  progress: (ConversionProgress) throws -> Void
) throws -> [String: String] {
  let written = try Checkpoint.open(path)
  let state = Mutex(ReadBackState())
  let total = plan.byteCount
  /// Works until there is nothing left or something failed, here or on the other thread.
  @Sendable func work(_ advanced: (ConversionProgress) throws -> Void) {
    while let index = state.withLock({ $0.take(below: plan.rows.count) }) {
      let row = plan.rows[index]
      let result = Result {
        try digest(row, written: written, source: checkpoint, known: findings[row.target]?.digest) { count in
          let (done, release) = try state.withLock { try $0.advance(count) }
          if release {
            written.release()
            checkpoint.release()
          }
          try advanced(.init(phase: .verifying, tensor: row.target, bytesDone: done, bytesTotal: total))
        }
      }
      state.withLock { $0.finish(row.target, result) }
    }
  }
  let other = DispatchGroup()
  DispatchQueue.global(qos: .userInitiated).async(group: other) { work { _ in } }
  work(progress)
  other.wait()
  let digests = try state.withLock { state in
    if let error = state.failure { throw error }
    return state.digests
  }
  // The other thread may have had the last word.
  if let last = plan.rows.last {
    try progress(.init(phase: .verifying, tensor: last.target, bytesDone: total, bytesTotal: total))
  }
  return digests
}

/// What the two threads share.
private struct ReadBackState {
  private(set) var digests: [String: String] = [:]
  private(set) var failure: (any Error)?
  private var next = 0, done = 0, unreleased = 0

  mutating func take(below count: Int) -> Int? {
    guard failure == nil, next < count else { return nil }
    defer { next += 1 }
    return next
  }

  /// Throws what stopped the other thread.
  mutating func advance(_ count: Int) throws -> (done: Int, release: Bool) {
    if let failure { throw failure }
    done += count
    unreleased += count
    guard unreleased >= releaseInterval else { return (done, false) }
    unreleased = 0
    return (done, true)
  }

  mutating func finish(_ tensor: String, _ result: Result<String, any Error>) {
    switch result {
    case .success(let digest): digests[tensor] = digest
    case .failure(let error): failure = failure ?? error
    }
  }
}

/// The digest of a written tensor, which must be what the source gives.
private func digest(
  _ row: ConversionPlan.Row, written: Checkpoint, source: Checkpoint, known: String?, advance: (Int) throws -> Void
) throws -> String {
  let mismatch = ConvertError.digestMismatch(tensor: row.target, file: written.path)
  guard let entry = written.entry(row.target), entry.dtype == row.dtype, entry.shape == row.shape else {
    throw mismatch
  }
  let tensor = try written.tensor(row.target), hasher = SHA256Hasher()
  defer { withExtendedLifetime(tensor) {} }
  var offset = 0
  func next(_ count: Int) throws -> UnsafeRawBufferPointer {
    guard count <= tensor.data.count - offset else { throw mismatch }
    defer { offset += count }
    return UnsafeRawBufferPointer(rebasing: tensor.data.bytes[offset..<offset + count])
  }
  if let known {
    while offset < tensor.data.count {
      let bytes = try next(min(pieceSize, tensor.data.count - offset))
      hasher.update(bytes)
      try advance(bytes.count)
    }
    let found = "\(hasher.finish())"
    guard found == known else { throw mismatch }
    return found
  }
  try row.expression.forEachPiece(in: source) { piece in
    try piece.stream(as: row.dtype, chunk: pieceSize) { wanted in
      let found = try next(wanted.count)
      guard let a = found.baseAddress, let b = wanted.baseAddress, memcmp(a, b, wanted.count) == 0 else {
        throw mismatch
      }
      hasher.update(found)
      try advance(wanted.count)
    }
  }
  return "\(hasher.finish())"
}

extension Expression {
  /// True where some source tensor of it is compressed.
  func isReadInParts(in checkpoint: Checkpoint) -> Bool {
    switch self {
    case .tensor(let name, _): checkpoint.isReadInParts(name)
    case .zeros: false
    case .concat(let operands): operands.contains { $0.isReadInParts(in: checkpoint) }
    case .transpose(let operand, _), .slice(let operand, _, _), .reshape(let operand, _):
      operand.isReadInParts(in: checkpoint)
    }
  }
}
