import CHTTP
import Foundation

/// A request got no answer, or only part of one; `words` is libcurl's message.
struct NoAnswer: Error {
  let kind: zoo_http_failure
  let url: URL
  let words: String
}

/// Why no answer came, as far as it decides the remedy.
enum ConnectionFailure: Sendable, Hashable {
  /// The proxy cannot be reached, or it does not let the request through.
  case proxy(reason: String)
  /// The server cannot prove its identity, or supports no acceptable encryption.
  case certificate(reason: String)
  case connection(reason: String)

  /// - Parameter proxied: True if the request went to a proxy.
  init(_ error: NoAnswer, proxied: Bool) {
    if let reason = error.proxyReason {
      self = .proxy(reason: reason)
    } else if error.isAboutCertificate {
      self = .certificate(reason: error.words)
    } else {
      let reason = Self.reason(error)
      // A proxy resolves the host itself, so if a host cannot be found or reached, it is the proxy.
      let isNotReached = [zoo_http_no_host, zoo_http_no_connection].contains(error.kind)
      self = proxied && isNotReached ? .proxy(reason: reason) : .connection(reason: reason)
    }
  }

  /// The number of attempts that a request is worth.
  func attempts(after error: NoAnswer, _ policy: RetryPolicy) -> Int {
    switch (self, error.kind) {
    case (.certificate, _), (_, zoo_http_bad_url): 1
    case (.proxy, zoo_http_no_host), (.proxy, zoo_http_no_connection), (.connection, zoo_http_no_host),
      (.connection, zoo_http_no_connection), (.connection, zoo_http_timed_out):
      policy.connectionAttempts
    case (.proxy, _): 1
    default: policy.attempts
    }
  }

  private static func reason(_ error: NoAnswer) -> String {
    switch error.kind {
    case zoo_http_no_host: "there is no such host"
    case zoo_http_no_connection: "nothing answers there"
    case zoo_http_timed_out: "it does not answer in time"
    case zoo_http_cut, zoo_http_done, zoo_http_stopped: "the connection broke off"
    default: error.words
    }
  }
}

extension NoAnswer {
  /// True for failures without a case of their own; libcurl's message tells them apart.
  private var isOther: Bool { [zoo_http_proxy, zoo_http_other].contains(kind) }

  fileprivate var isAboutCertificate: Bool {
    kind == zoo_http_untrusted
      || isOther && ["ssl", "certificate", "tls"].contains { words.lowercased().contains($0) }
  }

  /// What is wrong with the proxy, in libcurl's words.
  fileprivate var proxyReason: String? {
    guard isOther else { return nil }
    let text = words.lowercased()
    guard text.contains("proxy") || text.contains("connect tunnel") else { return nil }
    if text.contains("could not resolve") { return "there is no such host" }
    if text.contains("407") { return "it asks for a name and a password (407)" }
    let parts: [Substring] = text.split(separator: " ")
    let status = parts.first { $0.count == 3 && $0.allSatisfy(\.isNumber) }
    if let status, text.contains("connect") { return "it refused to connect (\(status))" }
    return words
  }
}
