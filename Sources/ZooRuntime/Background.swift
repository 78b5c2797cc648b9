import Dispatch
import Synchronization

/// Where the library's asynchronous work runs: on queues of its own, never on the threads that all tasks of a program share.
package enum Background {
  /// Where models compute. A pass uses all threads, so that pieces of work come one after the other.
  package static let compute = DispatchQueue(label: "zoo.compute", qos: .userInitiated)

  /// Runs work on a queue and returns when it has ended, cancelled or not.
  ///
  /// - Parameters:
  ///   - queue: nil for one of its own: what takes minutes holds up no pass of a model.
  ///   - check: Throws a `CancellationError` once the task is cancelled; called between steps that take long.
  package static func run<Output: Sendable>(
    on queue: DispatchQueue? = nil,
    _ work: @escaping @Sendable (_ check: @escaping @Sendable () throws -> Void) throws -> Output
  ) async throws -> Output {
    let flag = CancellationFlag(), queue = queue ?? DispatchQueue(label: "zoo.work", qos: .userInitiated)
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        queue.async {
          continuation.resume(
            with: Result {
              try flag.check()
              return try work { try flag.check() }
            })
        }
      }
    } onCancel: {
      flag.set()
    }
  }

  /// Has a model work on things a few at a time; between them other callers have their turn.
  ///
  /// - Parameters:
  ///   - size: How many at a time.
  ///   - progress: Called with the count of those that are done.
  ///   - work: Gets some of them, and the check of `run`.
  package static func inBatches<Item: Sendable, Output: Sendable>(
    of size: Int, _ items: [Item], progress: @Sendable (Int) -> Void,
    _ work: @escaping @Sendable (_ some: [Item], _ check: @escaping @Sendable () throws -> Void) throws -> [Output]
  ) async throws -> [Output] {
    var outputs: [Output] = []
    for first in stride(from: 0, to: items.count, by: size) {
      let some = Array(items[first..<min(first + size, items.count)])
      outputs += try await run(on: compute) { check in try work(some, check) }
      progress(outputs.count)
    }
    return outputs
  }
}

/// Says to work on another thread that nobody waits for it any more.
private final class CancellationFlag: Sendable {
  private let isSet = Atomic(false)

  func set() { isSet.store(true, ordering: .relaxed) }

  func check() throws { if isSet.load(ordering: .relaxed) { throw CancellationError() } }
}
