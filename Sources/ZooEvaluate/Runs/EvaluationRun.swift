import Foundation
import Synchronization
import ZooImages
import ZooTensors

/// Measures samples of a protocol in order, a few at a time, while reading the next ones.
package struct EvaluationRun<Protocol: EvaluationProtocol>: Sendable {
  package let `protocol`: Protocol
  package let desk: EvaluationDesk
  package let loader: PictureLoader
  /// The number of pictures that share a pass, and of samples that are read ahead.
  package var together = 4

  package init(_ protocol: Protocol, at desk: EvaluationDesk, loader: PictureLoader) {
    (self.protocol, self.desk, self.loader) = (`protocol`, desk, loader)
  }

  /// Measures the samples at these indices, in order.
  ///
  /// - Parameters:
  ///   - failed: Called for a sample that cannot be read; unless it throws, the others are measured.
  ///   - done: Called with each result; for a sample that cannot be read, it has an error instead of rows.
  package func measure(
    _ indices: [Int], failed: (_ sample: String, any Error) throws -> Void = { throw $1 },
    done: (SampleResult) throws -> Void
  ) throws {
    let together = max(1, together)
    let loads = Lookahead(indices, depth: together) { [`protocol`, loader] index in
      Result { try `protocol`.load(index, by: loader) }
    }
    defer { loads.stop() }
    for first in stride(from: 0, to: indices.count, by: together) {
      let batch = indices[first..<min(first + together, indices.count)].map { (index: $0, loaded: loads.next()) }
      var measured = try `protocol`.measure(batch.compactMap { try? $0.loaded.get() }, at: desk)[...]
      for (index, loaded) in batch {
        switch loaded {
        case .success: try done(SampleResult(index, of: `protocol`, measured.removeFirst()))
        case .failure(let error):
          let sample = `protocol`.samples[index]
          try failed(sample, error)
          try done(SampleResult(index, sample: sample, error: "\(error)"))
        }
      }
    }
  }
}

/// Values that a thread computes ahead of their use, a few at a time.
final class Lookahead<Value: Sendable>: Sendable {
  private let values = Mutex<[Value]>([])
  private let isStopped = Mutex(false)
  private let filled = DispatchSemaphore(value: 0)
  /// Incremented from 0: a semaphore must not be released with a lower value than it started with, and a run may end early.
  private let free = DispatchSemaphore(value: 0)

  init(_ indices: [Int], depth: Int, make: @escaping @Sendable (Int) -> Value) {
    for _ in 0..<max(depth, 1) { free.signal() }
    startThread { [self] in
      for index in indices {
        free.wait()
        if isStopped.withLock({ $0 }) { return }
        let value = make(index)
        values.withLock { $0.append(value) }
        filled.signal()
      }
    }
  }

  /// The next value, once for each index.
  func next() -> Value {
    filled.wait()
    defer { free.signal() }
    return values.withLock { $0.removeFirst() }
  }

  func stop() {
    isStopped.withLock { $0 = true }
    free.signal()
  }
}
