import Foundation
import Synchronization

/// Counters and times, in Prometheus format.
final class ServerMetrics: Sendable {
  private struct State {
    /// By path and status.
    var requests: [String: [Int: Int]] = [:]
    var seconds: [String: Double] = [:]
    var inHand = 0
  }

  private let state = Mutex(State())

  /// False if `limit` requests are already being processed.
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

  /// An additional value beside the counters and times of requests.
  struct Value {
    enum Kind: String { case gauge, counter }

    let kind: Kind
    let name: String
    let help: String
    let value: Int
  }

  /// - Parameter values: What the server holds and has done.
  func text(_ values: [Value]) -> String {
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
    let inHand = Value(
      kind: .gauge, name: "zoo_requests_in_hand", help: "Requests that wait or are computed.", value: state.inHand)
    for one in [inHand] + values {
      lines += [
        "# HELP \(one.name) \(one.help)", "# TYPE \(one.name) \(one.kind.rawValue)", "\(one.name) \(one.value)",
      ]
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
