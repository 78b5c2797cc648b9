import Dispatch
import Foundation

/// How many threads the work may use.
public struct Parallel: Sendable, Hashable {
  public let threads: Int

  /// All processors by default.
  public init(threads: Int? = nil) {
    self.threads = max(1, threads ?? ProcessInfo.processInfo.activeProcessorCount)
  }

  /// Runs `body` for each index, on at most `threads` threads, and waits.
  func forEach(_ count: Int, _ body: @Sendable (Int) -> Void) {
    guard threads > 1, count > 1 else { return (0..<count).forEach(body) }
    if threads >= count {
      DispatchQueue.concurrentPerform(iterations: count, execute: body)
    } else {
      let next = Counter()
      DispatchQueue.concurrentPerform(iterations: threads) { _ in
        while let index = next.take(below: count) { body(index) }
      }
    }
  }

  /// Splits `count` rows into contiguous ranges, a few for each thread, none shorter than `atLeast`.
  func forRanges(_ count: Int, atLeast: Int = 1, _ body: @Sendable (Range<Int>) -> Void) {
    let pieces = max(1, min(threads * 2, count / max(1, atLeast)))
    forEach(threads == 1 ? 1 : pieces) { piece in
      let all = threads == 1 ? 1 : pieces
      body(count * piece / all..<count * (piece + 1) / all)
    }
  }
}
