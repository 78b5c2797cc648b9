import Foundation
import Synchronization
import Testing

@testable import ZooServer

/// Which requests share a piece of work, in which order pieces run, and what happens to those whose client has disconnected.
@Suite struct BatcherTests {
  private let queue = DispatchQueue(label: "test")
  /// What was computed, piece by piece.
  private final class Log: Sendable {
    let pieces = Mutex<[String]>([])
  }
  private let log = Log()

  private func batcher(most: Int = 16, seconds: Int = 60) -> Batcher<String, Int, Int> {
    Batcher(queue, most: most, seconds: seconds) { [log] key, items, check in
      log.pieces.withLock { $0.append("\(key)\(items.sorted())") }
      try check()
      return items.map { item in
        item < 0 ? .failure(ServerError.badField("item", reason: "negative")) : .success(10 * item)
      }
    }
  }

  /// Keeps the queue busy until the returned semaphore is signalled.
  private func hold() -> DispatchSemaphore {
    let gate = DispatchSemaphore(value: 0)
    queue.async { gate.wait() }
    return gate
  }

  /// Submits an item and waits until it is registered.
  private func submit(_ batcher: Batcher<String, Int, Int>, _ key: String, _ item: Int) async -> Task<Int, any Error> {
    let task = Task { try await batcher.submit(item, key: key, window: .zero) }
    try? await Task.sleep(for: .milliseconds(30))
    return task
  }

  @Test func thoseWhoWaitForTheSameShareAPieceInTheOrderOfTheFirst() async throws {
    let batcher = batcher(), gate = hold()
    var tasks: [Task<Int, any Error>] = []
    for (key, item) in [("a", 1), ("b", 2), ("a", 3), ("c", 4), ("b", 5)] {
      tasks.append(await submit(batcher, key, item))
    }
    gate.signal()
    var results: [Int] = []
    for task in tasks { results.append(try await task.value) }
    #expect(results == [10, 20, 30, 40, 50])
    #expect(log.pieces.withLock(\.self) == ["a[1, 3]", "b[2, 5]", "c[4]"])
  }

  @Test func aHeavyItemIsAPieceOfItsOwn() async throws {
    let batcher = batcher(most: 4), gate = hold()
    var tasks: [Task<Int, any Error>] = []
    for (item, weight) in [(1, 3), (2, 2), (3, 1), (4, 9), (5, 1)] {
      tasks.append(Task { try await batcher.submit(item, key: "a", weight: weight, window: .zero) })
      try await Task.sleep(for: .milliseconds(30))
    }
    gate.signal()
    for task in tasks { _ = try await task.value }
    #expect(log.pieces.withLock(\.self) == ["a[1]", "a[2, 3]", "a[4]", "a[5]"])
  }

  @Test func aPieceHasSoManyItemsAndWhatIsWrongWithOneIsItsOwn() async throws {
    let batcher = batcher(most: 2), gate = hold()
    var tasks: [Task<Int, any Error>] = []
    for item in [1, -2, 3] { tasks.append(await submit(batcher, "a", item)) }
    gate.signal()
    let first = try await tasks[0].value, last = try await tasks[2].value
    #expect(first == 10 && last == 30)
    await #expect(throws: ServerError.badField("item", reason: "negative")) { try await tasks[1].value }
    #expect(log.pieces.withLock(\.self) == ["a[-2, 1]", "a[3]"])
  }

  @Test func workThatNobodyWaitsForIsLeftOut() async throws {
    let batcher = batcher(), gate = hold()
    let gone = await submit(batcher, "a", 1), alone = await submit(batcher, "b", 2),
      stays = await submit(batcher, "a", 3)
    gone.cancel()
    alone.cancel()
    // They learn of it at once, although the queue is busy.
    await #expect(throws: CancellationError.self) { try await gone.value }
    await #expect(throws: CancellationError.self) { try await alone.value }
    gate.signal()
    #expect(try await stays.value == 30)
    queue.sync {}
    #expect(log.pieces.withLock(\.self) == ["a[3]"])
  }

  @Test func begunWorkEndsWhenTheLastOneHasGone() async throws {
    let isBegun = DispatchSemaphore(value: 0)
    let batcher = Batcher<String, Int, Int>(queue, most: 16, seconds: 60) { [log] _, _, check in
      isBegun.signal()
      while true {
        log.pieces.withLock { $0.append("step") }
        try check()
        Thread.sleep(forTimeInterval: 0.005)
      }
    }
    let gate = hold()
    let tasks = [await submit(batcher, "a", 1), await submit(batcher, "a", 2)]
    gate.signal()
    await withCheckedContinuation { done in
      DispatchQueue.global().async {
        isBegun.wait()
        done.resume()
      }
    }
    tasks[0].cancel()
    try await Task.sleep(for: .milliseconds(50))
    let before = log.pieces.withLock(\.count)
    try await Task.sleep(for: .milliseconds(100))
    #expect(log.pieces.withLock(\.count) > before, "somebody still waits")
    tasks[1].cancel()
    queue.sync {}  // only returns once the work has ended
  }

  @Test func workThatTakesTooLongEnds() async throws {
    let batcher = Batcher<String, Int, Int>(queue, most: 16, seconds: 0) { _, _, check in
      while true {
        try check()
        Thread.sleep(forTimeInterval: 0.001)
      }
    }
    await #expect(throws: ServerError.takesTooLong(seconds: 0)) {
      try await batcher.submit(1, key: "a", window: .milliseconds(1))
    }
  }
}
