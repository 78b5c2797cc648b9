import CZooKernels
import Dispatch
import Foundation
import Synchronization
import ZooTensors

/// Worker threads that spin briefly before they sleep: the parts of a forward pass are so short that waking a thread takes a noticeable share of
/// them. Where other threads want the processors, they do not spin: those may be the ones whose work is awaited.
///
/// One caller at a time; the caller participates in the work.
package final class Team: Sendable {
  static let shared = Team(helpers: Processors.usable - 1)

  /// The address of the body: helpers must not hold a reference to it when the caller continues.
  private struct Job {
    var body: UnsafePointer<(Int) -> Void>?
    var count = 0
  }

  /// The most helpers; they are started when work first has pieces for them.
  private let helpers: Int
  /// Read and written by the caller that has the team.
  nonisolated(unsafe) private var started = 0
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

  /// The helpers run as long as the process: a team with any must live as long.
  package init(helpers: Int) {
    self.helpers = max(0, helpers)
  }

  /// Runs `body` for each index below `count` on at most `threads` threads, and waits. Does nothing and returns false while the work of another
  /// caller is running.
  package func forEach(_ count: Int, threads: Int, _ body: (Int) -> Void) -> Bool {
    guard isTaken.compareExchange(expected: false, desired: true, ordering: .acquiring).exchanged else { return false }
    defer { isTaken.store(false, ordering: .releasing) }
    withoutActuallyEscaping(body) { body in
      withUnsafePointer(to: body) { body in run(Job(body: body, count: count), threads: threads) }
    }
    return true
  }

  private func run(_ work: Job, threads: Int) {
    let wanted = max(0, min(threads, work.count, helpers + 1) - 1)
    while started < wanted {
      startThread { [unowned self] in help() }
      started += 1
    }
    job = work
    next.store(0, ordering: .relaxed)
    places.store(wanted, ordering: .relaxed)
    round.add(1, ordering: .sequentiallyConsistent)
    let sleepers = asleep.load(ordering: .sequentiallyConsistent)
    if sleepers > 0 {
      wake.withLock { for _ in 0..<min(sleepers, wanted) { wake.signal() } }
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
      guard seen % 2 == 1, places.load(ordering: .relaxed) > 0 else { continue }
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

/// Waits for an imminent event: spins for half a millisecond, but no longer once it turns out that another thread wanted the processor.
private struct Patience {
  private var steps = 0, start: UInt64 = 0

  mutating func waits() -> Bool {
    steps += 1
    zoo_pause()
    // Every few microseconds.
    guard steps % 64 == 0 else { return true }
    let before = DispatchTime.now().uptimeNanoseconds
    if steps == 64 { start = before }
    sched_yield()
    let after = DispatchTime.now().uptimeNanoseconds
    // That takes less than a microsecond if no other thread runs meanwhile.
    return after - before < 10_000 && after - start < 500_000
  }
}
