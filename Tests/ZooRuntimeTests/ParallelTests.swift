import Synchronization
import Testing
import ZooRuntime

@Suite struct ParallelTests {
  /// Counts how often each index occurs, for pieces of work in quick succession.
  private func run(_ parallel: Parallel, counts: ClosedRange<Int>, rounds: Int, inner: Bool) -> Bool {
    (0..<rounds).allSatisfy { round in
      let count = counts.lowerBound + round % counts.count
      let seen = Mutex([Int](repeating: 0, count: count))
      parallel.forEach(count) { index in
        if inner { parallel.forEach(3) { _ in seen.withLock { $0[index] += 1 } } }
        seen.withLock { $0[index] += 1 }
      }
      return seen.withLock { $0 } == [Int](repeating: inner ? 4 : 1, count: count)
    }
  }

  @Test(arguments: [1, 2, 3, 8, 64])
  func everyIndexComesOnceAndBeforeTheEnd(threads: Int) {
    #expect(run(Parallel(threads: threads), counts: 0...9, rounds: 2000, inner: false))
  }

  @Test func workInsideWorkIsDoneToo() {
    #expect(run(Parallel(threads: 4), counts: 1...5, rounds: 300, inner: true))
  }

  @Test func manyTasksMayAskAtOnce() async {
    let done = await withTaskGroup(of: Bool.self) { group in
      for task in 0..<6 {
        group.addTask { run(Parallel(threads: 2 + task % 3), counts: 1...4, rounds: 500, inner: task % 2 == 0) }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
    #expect(done == [Bool](repeating: true, count: 6))
  }

  @Test func threadsThatFellAsleepWakeUp() async throws {
    for _ in 0..<20 {
      #expect(run(Parallel(threads: 2), counts: 2...2, rounds: 3, inner: false))
      try await Task.sleep(for: .milliseconds(3))
    }
  }
}
