import Dispatch
import Foundation

/// The number of threads that work may use.
package struct Parallel: Sendable, Hashable {
  package let threads: Int

  /// By default all processors that this process may use, within its container's share of time.
  package init(threads: Int? = nil) {
    self.threads = max(1, threads ?? Processors.usable)
  }

  /// Runs `body` for each index on at most `threads` threads, and waits. The calls must not write to the same memory.
  package func forEach(_ count: Int, _ body: (Int) -> Void) {
    guard threads > 1, count > 1 else { return (0..<count).forEach(body) }
    if Team.shared.forEach(count, threads: threads, body) { return }
    // Nested or concurrent work.
    withoutActuallyEscaping(body) { body in
      // The work has ended when this returns, and what it writes to is split by index.
      nonisolated(unsafe) let body = body
      let next = Counter()
      DispatchQueue.concurrentPerform(iterations: min(threads, count)) { _ in
        while let index = next.take(below: count) { body(index) }
      }
    }
  }

  /// Splits `count` rows so that each thread takes its own through a whole chain of work: into as few ranges as keep the threads busy, since products
  /// of 49 rows run at 85 % of the rate of 98. `body` gets a range, and the threads that it may use itself: all of them if there is only one range.
  package func forRows(_ count: Int, _ body: (Range<Int>, Parallel) -> Void) {
    let pieces = max(1, min(threads * max(1, count / (threads * 384)), count / 8))
    if pieces == 1 { return body(0..<count, self) }
    let one = Parallel(threads: 1)
    forEach(pieces) { piece in body(count * piece / pieces..<count * (piece + 1) / pieces, one) }
  }

  /// Splits `count` rows into contiguous ranges, a few for each thread, none shorter than `atLeast`.
  package func forRanges(_ count: Int, atLeast: Int = 1, _ body: (Range<Int>) -> Void) {
    let pieces = threads == 1 ? 1 : max(1, min(threads * 2, count / max(1, atLeast)))
    forEach(pieces) { piece in body(count * piece / pieces..<count * (piece + 1) / pieces) }
  }
}
