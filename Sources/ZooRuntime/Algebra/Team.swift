import CZooKernels
import Foundation
import Synchronization
import ZooTensors

/// Worker threads that spin briefly before they sleep: the parts of a forward pass are so short that waking a thread takes a noticeable share of
/// them.
///
/// One caller at a time; the caller participates in the work.
final class Team: Sendable {
  static let shared = Team(helpers: Processors.usable - 1)

  /// The address of the body: helpers must not hold a reference to it when the caller continues.
  private struct Job {
    var body: UnsafePointer<(Int) -> Void>?
    var count = 0
  }

  private let helpers: Int
  /// Set by the caller that has work done.
  private let isTaken = Atomic<Bool>(false)
  /// Even while there is no work; starting work makes it odd, and even again once all of it is handed out.
  private let round = Atomic<Int>(0)
  /// Written by the caller while the round is even and no helper is inside.
  nonisolated(unsafe) private var job = Job()
  private let next = Atomic<Int>(0)
  /// The number of helpers that may still join, and the number inside.
  private let places = Atomic<Int>(0), inside = Atomic<Int>(0)
  private let asleep = Atomic<Int>(0), wake = Condition()

  private init(helpers: Int) {
    self.helpers = max(0, helpers)
    for _ in 0..<self.helpers { startThread { [unowned self] in help() } }
  }

  /// Runs `body` for each index below `count` on at most `threads` threads, and waits. Does nothing and returns false while the work of another
  /// caller is running.
  func forEach(_ count: Int, threads: Int, _ body: (Int) -> Void) -> Bool {
    guard isTaken.compareExchange(expected: false, desired: true, ordering: .acquiring).exchanged else { return false }
    defer { isTaken.store(false, ordering: .releasing) }
    withoutActuallyEscaping(body) { body in
      withUnsafePointer(to: body) { body in run(Job(body: body, count: count), threads: threads) }
    }
    return true
  }

  private func run(_ work: Job, threads: Int) {
    job = work
    next.store(0, ordering: .relaxed)
    places.store(min(threads, work.count) - 1, ordering: .relaxed)
    round.add(1, ordering: .sequentiallyConsistent)
    if asleep.load(ordering: .sequentiallyConsistent) > 0 {
      wake.withLock { wake.broadcast() }
    }
    takePart(in: work)
    round.add(1, ordering: .sequentiallyConsistent)
    var patience = Patience()
    while inside.load(ordering: .sequentiallyConsistent) > 0 { if !patience.waits() { sched_yield() } }
    job = Job()
  }

  @inline(never) private func takePart(in work: Job) {
    while true {
      let index = next.add(1, ordering: .relaxed).oldValue
      guard index < work.count, let body = work.body else { return }
      body.pointee(index)
    }
  }

  /// The loop of a helper, which runs as long as the process.
  private func help() {
    var seen = 0
    while true {
      seen = newRound(after: seen)
      guard seen % 2 == 1 else { continue }
      inside.add(1, ordering: .sequentiallyConsistent)
      // The caller waits for helpers that are inside before it closes the round; those that come later must not touch the job.
      if round.load(ordering: .sequentiallyConsistent) == seen,
        places.subtract(1, ordering: .relaxed).oldValue > 0
      {
        takePart(in: job)
      }
      inside.subtract(1, ordering: .sequentiallyConsistent)
    }
  }

  private func newRound(after seen: Int) -> Int {
    var patience = Patience()
    while true {
      let now = round.load(ordering: .acquiring)
      if now != seen { return now }
      if patience.waits() { continue }
      wake.withLock {
        asleep.add(1, ordering: .sequentiallyConsistent)
        while round.load(ordering: .sequentiallyConsistent) == seen { wake.wait() }
        asleep.subtract(1, ordering: .sequentiallyConsistent)
      }
    }
  }
}

/// Waits for an imminent event: spins for about half a millisecond before it yields the processor.
private struct Patience {
  private var left = 20_000

  mutating func waits() -> Bool {
    guard left > 0 else { return false }
    left -= 1
    zoo_pause()
    return true
  }
}
