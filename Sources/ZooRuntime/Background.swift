import Dispatch
import Synchronization

/// Queues for the library's asynchronous work, so that it never runs on the threads shared by all tasks of a program.
package enum Background {
  /// The queue for model computations. A pass uses all threads, so pieces of work run one after the other.
  package static let compute = DispatchQueue(label: "zoo.compute", qos: .userInitiated)

  /// Runs work on a queue and returns when it has ended, cancelled or not.
  ///
  /// - Parameters:
  ///   - queue: Nil for a separate queue: work that takes minutes does not block passes of models.
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

  /// Processes items with a model in batches; other callers get their turn in between.
  ///
  /// - Parameters:
  ///   - size: The size of a batch.
  ///   - progress: Called with the number of items that are done.
  ///   - work: Gets a batch, and the check from `run`.
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

/// Tells work on another thread that nobody waits for it any more.
private final class CancellationFlag: Sendable {
  private let isSet = Atomic(false)

  func set() { isSet.store(true, ordering: .relaxed) }

  func check() throws { if isSet.load(ordering: .relaxed) { throw CancellationError() } }
}
