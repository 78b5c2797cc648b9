import Synchronization
import ZooTensors

/// How long the work takes that serves some of several ways to explain and not the others, so that each can be told what it would take
/// alone. Work that is not timed serves them all.
package final class MethodClock: Sendable {
  private struct State {
    /// By the way's place.
    var own: [Int: Double] = [:]
    var timed = 0.0
  }

  private let state = Mutex(State())

  package init() {}

  /// Does work for the ways at these places.
  package func time<Result>(_ ways: [Int], _ work: () throws -> Result) rethrows -> Result {
    let start = ContinuousClock.now
    let result = try work()
    let seconds = (ContinuousClock.now - start).seconds
    state.withLock { state in
      state.timed += seconds
      for way in Set(ways) { state.own[way, default: 0] += seconds }
    }
    return result
  }

  /// What each way alone would have taken of the seconds that all took together: all but the work of the others.
  package func alone(of seconds: Double, ways: Int) -> [Double] {
    state.withLock { state in (0..<ways).map { max(0, seconds - state.timed + state.own[$0, default: 0]) } }
  }
}
