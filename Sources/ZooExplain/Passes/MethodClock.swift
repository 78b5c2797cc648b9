import Synchronization
import ZooTensors

/// Times the work that is only for some of several ways to explain, in order to tell how long each would take alone. Work that is not timed is for
/// all of them.
package final class MethodClock: Sendable {
  private struct State {
    /// By the index of the way.
    var own: [Int: Double] = [:]
    var timed = 0.0
  }

  private let state = Mutex(State())

  package init() {}

  /// Does work for the ways with these indices.
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

  /// Of the seconds that all took together, those that each way alone would have taken: all but the work for others.
  package func alone(of seconds: Double, ways: Int) -> [Double] {
    state.withLock { state in (0..<ways).map { max(0, seconds - state.timed + state.own[$0, default: 0]) } }
  }
}
