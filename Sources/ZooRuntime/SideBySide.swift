import Dispatch
import Synchronization
import ZooTensors

extension ZooModel {
  /// Processes items side by side, as many at a time as the model has threads, with one thread each.
  ///
  /// Threads then never wait for each other, unlike those that share a pass, and while one reads or draws a picture the others compute.
  /// The remaining items, fewer than there are threads, are processed one after the other with all threads. Results do not depend on the
  /// number of threads, but for the last bits of products by oneDNN's AVX2 kernels.
  ///
  /// - Parameters:
  ///   - work: Gets the model with the threads that it may use, and an item.
  ///   - each: Called for each item in order, with its index and its result; throwing ends the run.
  package func sideBySide<Item: Sendable, Output: Sendable>(
    _ items: [Item], work: @escaping @Sendable (ZooModel, Item) -> Output, each: (Int, Output) throws -> Void
  ) rethrows {
    let threads = min(engine.parallel.threads, Processors.usable)
    let shared = threads > 1 ? items.count / threads * threads : 0
    if shared > 0 {
      let one = with(threads: 1)
      // Results wait for those before them: a large picture among small ones keeps no thread waiting, and memory use is bounded.
      let ahead = Lookahead(shared, depth: 3 * threads, threads: threads) { work(one, items[$0]) }
      defer { ahead.stop() }
      for place in 0..<shared { try each(place, ahead.next()) }
    }
    for place in shared..<items.count { try each(place, work(self, items[place])) }
  }
}

/// Values that threads compute ahead of their use; they are returned in order.
package final class Lookahead<Value: Sendable>: Sendable {
  private struct State {
    var begun = 0
    var taken = 0
    /// By index: computed, but not yet taken.
    var made: [Int: Value] = [:]
    var isStopped = false
  }

  private let state = Mutex(State())
  private let filled = DispatchSemaphore(value: 0)
  /// Incremented from 0: a semaphore must not be released with a lower value than it started with, and a run may end early.
  private let free = DispatchSemaphore(value: 0)
  private let count: Int, threads: Int

  /// - Parameters:
  ///   - count: The number of values.
  ///   - depth: The maximum number of values that are begun but not yet taken.
  package init(_ count: Int, depth: Int, threads: Int = 1, make: @escaping @Sendable (Int) -> Value) {
    (self.count, self.threads) = (count, threads)
    for _ in 0..<max(depth, threads) { free.signal() }
    for _ in 0..<threads {
      startThread { [self] in
        while let place = begin() {
          let value = make(place)
          state.withLock { $0.made[place] = value }
          filled.signal()
        }
      }
    }
  }

  /// The index of the next value to compute, once there is room; nil at the end.
  private func begin() -> Int? {
    free.wait()
    return state.withLock { state in
      guard !state.isStopped, state.begun < count else { return nil }
      defer { state.begun += 1 }
      return state.begun
    }
  }

  /// The next value; call it once for each.
  package func next() -> Value {
    while true {
      let value = state.withLock { state in
        let value = state.made.removeValue(forKey: state.taken)
        if value != nil { state.taken += 1 }
        return value
      }
      if let value {
        free.signal()
        return value
      }
      // A later value may come first; then the wait is repeated.
      filled.wait()
    }
  }

  /// Begins no further values.
  package func stop() {
    state.withLock { $0.isStopped = true }
    for _ in 0..<threads { free.signal() }
  }
}
