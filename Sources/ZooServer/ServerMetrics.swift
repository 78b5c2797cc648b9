import Foundation
import Synchronization

/// Counts and times, as Prometheus reads them.
final class ServerMetrics: Sendable {
  private struct State {
    /// By path and status.
    var requests: [String: [Int: Int]] = [:]
    var seconds: [String: Double] = [:]
    var inHand = 0
  }

  private let state = Mutex(State())

  /// False where `limit` requests are in hand already.
  func enter(limit: Int) -> Bool {
    state.withLock { state in
      guard state.inHand < limit else { return false }
      state.inHand += 1
      return true
    }
  }

  func leave() { state.withLock { $0.inHand -= 1 } }

  func count(_ path: String, status: Int, seconds: Double) {
    state.withLock { state in
      state.requests[path, default: [:]][status, default: 0] += 1
      state.seconds[path, default: 0] += seconds
    }
  }

  /// - Parameter gauges: names, helps and values of what the server holds.
  func text(gauges: [(name: String, help: String, value: Int)]) -> String {
    let state = state.withLock { $0 }
    var lines = ["# HELP zoo_requests_total Requests that were answered.", "# TYPE zoo_requests_total counter"]
    for (path, statuses) in state.requests.sorted(by: { $0.key < $1.key }) {
      for (status, count) in statuses.sorted(by: { $0.key < $1.key }) {
        lines.append("zoo_requests_total{path=\"\(path)\",status=\"\(status)\"} \(count)")
      }
    }
    lines += [
      "# HELP zoo_request_seconds_total Time from a request to its answer.", "# TYPE zoo_request_seconds_total counter",
    ]
    for (path, seconds) in state.seconds.sorted(by: { $0.key < $1.key }) {
      lines.append("zoo_request_seconds_total{path=\"\(path)\"} \(seconds)")
    }
    for gauge in [("zoo_requests_in_hand", "Requests that wait or are computed.", state.inHand)] + gauges {
      lines += ["# HELP \(gauge.0) \(gauge.1)", "# TYPE \(gauge.0) gauge", "\(gauge.0) \(gauge.2)"]
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
