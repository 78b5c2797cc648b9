import Foundation
import Synchronization

/// The one place where models compute: a pass uses all threads, so that passes come one after the other.
final class WorkQueue: Sendable {
  private let queue = DispatchQueue(label: "zoo.work", qos: .userInitiated)

  /// Waits for its turn and computes. Work that was cancelled before its turn is left out, with a `CancellationError`.
  func run<Result: Sendable>(_ work: @escaping @Sendable (Cancellation) throws -> Result) async throws -> Result {
    let cancellation = Cancellation()
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        queue.async {
          continuation.resume(
            with: Swift.Result {
              try cancellation.check()
              return try work(cancellation)
            })
        }
      }
    } onCancel: {
      cancellation.cancel()
    }
  }
}

/// Whether somebody still waits for a piece of work.
final class Cancellation: Sendable {
  private let isCancelled = Mutex(false)

  func cancel() { isCancelled.withLock { $0 = true } }

  func check() throws { if isCancelled.withLock({ $0 }) { throw CancellationError() } }
}

/// Puts what arrives together, or while the queue is busy, into one piece of work.
final class Batcher<Item: Sendable, Output: Sendable>: Sendable {
  private typealias Waiting = (item: Item, continuation: CheckedContinuation<Output, any Error>)

  private let queue: WorkQueue
  private let most: Int
  private let window: Duration
  private let work: @Sendable ([Item]) throws -> [Output]
  private let waiting = Mutex<[Waiting]>([])

  /// - Parameters:
  ///   - most: items of one piece of work.
  ///   - window: how long the first one waits for others.
  ///   - work: gives an output for each item.
  init(
    _ queue: WorkQueue, most: Int, window: Duration = .milliseconds(5),
    work: @escaping @Sendable ([Item]) throws -> [Output]
  ) {
    (self.queue, self.most, self.window, self.work) = (queue, most, window, work)
  }

  func submit(_ item: Item) async throws -> Output {
    try await withCheckedThrowingContinuation { continuation in
      let isFirst = waiting.withLock { waiting in
        waiting.append((item, continuation))
        return waiting.count == 1
      }
      guard isFirst else { return }
      Task {
        try? await Task.sleep(for: window)
        await flush()
      }
    }
  }

  private func flush() async {
    do {
      try await queue.run { [self] _ in
        // What has come while this piece waited for its turn goes along.
        var batch = take()
        while !batch.isEmpty {
          let outputs = Result { try work(batch.map(\.item)) }
          for (place, one) in batch.enumerated() { one.continuation.resume(with: outputs.map { $0[place] }) }
          batch = take()
        }
      }
    } catch {
      for one in waiting.withLock({ waiting in
        defer { waiting = [] }
        return waiting
      }) { one.continuation.resume(throwing: error) }
    }
  }

  private func take() -> [Waiting] {
    waiting.withLock { waiting in
      let taken = Array(waiting.prefix(most))
      waiting.removeFirst(taken.count)
      return taken
    }
  }
}
