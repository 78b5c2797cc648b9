import Foundation
import ZooCheckpoints
import ZooTensors

/// Reads a file back while it is written, compares every tensor with what the plan makes of the source, and digests it.
///
/// A thread follows the writer tensor by tensor; when all are written, the caller of `finish` joins in. It yields to the writer and to the source's
/// digest: their work cannot be shared, whereas what remains here at the end is shared by both threads. Tensors that were digested while they were
/// written, because reading them again would be slow, are compared by their digests.
final class ReadBack: @unchecked Sendable {
  private let file: String
  private let plan: ConversionPlan
  private let source: Checkpoint
  private let written: Checkpoint
  private let follower = DispatchGroup()
  /// Guards everything below.
  private let condition = Condition()
  /// What was found in each row written so far.
  private var findings: [TensorInspector.Findings] = []
  private var next = 0
  private var digests: [String: String] = [:]
  private var failure: (any Error)?
  private var passed = BytesPassed()

  /// - Parameters:
  ///   - path: The file, at its final size and with its header.
  ///   - file: The name of the file in messages.
  init(_ path: String, called file: String, _ plan: ConversionPlan, of source: Checkpoint) throws {
    (self.file, self.plan, self.source) = (file, plan, source)
    written = try Checkpoint.openAsStored(path)
    DispatchQueue.global(qos: .utility).async(group: follower) { self.work { _ in } }
  }

  /// Announces that the plan's next row is written. Throws if an earlier one was wrong.
  func add(_ found: TensorInspector.Findings) throws {
    try condition.withLock {
      if let failure { throw failure }
      findings.append(found)
      condition.signal()
    }
  }

  /// Ends the thread, if it is still running.
  func stop() {
    condition.withLock {
      failure = failure ?? CancellationError()
      condition.signal()
    }
    follower.wait()
  }

  /// Reads the rest after all rows were added.
  ///
  /// - Returns: The SHA-256 of each tensor.
  func finish(progress: (ConversionProgress) throws -> Void) throws -> [String: String] {
    work(progress)
    follower.wait()
    if let failure { throw failure }
    // The other thread may have reported last.
    if let last = plan.rows.last {
      try progress(.init(phase: .verifying, tensor: last.target, bytesDone: passed.count, bytesTotal: plan.byteCount))
    }
    return digests
  }

  /// Works until nothing is left or something has failed, here or on the other thread.
  private func work(_ progress: (ConversionProgress) throws -> Void) {
    while let (row, known) = take() {
      let result = Result {
        try digest(row, known: known) { count in
          let done = try advance(count)
          try progress(.init(phase: .verifying, tensor: row.target, bytesDone: done, bytesTotal: plan.byteCount))
        }
      }
      condition.withLock {
        switch result {
        case .success(let digest): digests[row.target] = digest
        case .failure(let error): failure = failure ?? error
        }
      }
    }
  }

  /// The next row, once it is written, with its digest if known.
  private func take() -> (ConversionPlan.Row, String?)? {
    condition.withLock {
      while failure == nil, next < plan.rows.count, next == findings.count { condition.wait() }
      guard failure == nil, next < plan.rows.count else { return nil }
      defer { next += 1 }
      return (plan.rows[next], findings[next].digest)
    }
  }

  /// Throws the error that stopped the other thread.
  private func advance(_ count: Int) throws -> Int {
    let (done, releases) = try condition.withLock { () throws -> (Int, Bool) in
      if let failure { throw failure }
      let releases = passed.add(count)
      return (passed.count, releases)
    }
    if releases {
      written.release()
      source.release()
    }
    return done
  }

  /// The digest of a written tensor, which must match the source.
  private func digest(_ row: ConversionPlan.Row, known: String?, report: (Int) throws -> Void) throws -> String {
    let mismatch = ConvertError.digestMismatch(tensor: row.target, file: file)
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
        try report(bytes.count)
      }
      let found = "\(hasher.finish())"
      guard found == known else { throw mismatch }
      return found
    }
    try row.stream(in: source) { wanted in
      guard !wanted.isEmpty else { return }
      let found = try next(wanted.count)
      guard let a = found.baseAddress, let b = wanted.baseAddress, memcmp(a, b, wanted.count) == 0 else {
        throw mismatch
      }
      hasher.update(found)
      try report(wanted.count)
    }
    return "\(hasher.finish())"
  }
}

extension TensorExpression {
  /// Whether one of its source tensors must be inflated or gathered.
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
