import Foundation

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

/// Why no answer came, as far as it decides the remedy.
enum ConnectionFailure: Sendable, Hashable {
  /// The proxy cannot be reached, or it does not let the request through.
  case proxy(reason: String)
  /// The server cannot prove its identity, or supports no acceptable encryption.
  case certificate(reason: String)
  case connection(reason: String)

  /// - Parameter proxied: True if the request went to a proxy.
  init(_ error: URLError, proxied: Bool) {
    let text = error.localizedDescription
    if let reason = error.proxyReason {
      self = .proxy(reason: reason)
    } else if error.isAboutCertificate {
      self = .certificate(reason: text)
    } else {
      let reason = Self.reason(error)
      // A proxy resolves the host itself, so if a host cannot be found or reached, it is the proxy.
      let isNotReached = [.cannotFindHost, .dnsLookupFailed, .cannotConnectToHost].contains(error.code)
      self = proxied && isNotReached ? .proxy(reason: reason) : .connection(reason: reason)
    }
  }

  /// The number of attempts that a request is worth.
  func attempts(after error: URLError, _ policy: RetryPolicy) -> Int {
    switch (self, error.code) {
    case (.certificate, _), (_, .badURL), (_, .unsupportedURL): 1
    case (.proxy, .cannotFindHost), (.proxy, .dnsLookupFailed), (.proxy, .cannotConnectToHost),
      (.connection, .cannotFindHost), (.connection, .cannotConnectToHost), (.connection, .dnsLookupFailed),
      (.connection, .notConnectedToInternet), (.connection, .timedOut):
      policy.connectionAttempts
    case (.proxy, _): 1
    default: policy.attempts
    }
  }

  private static func reason(_ error: URLError) -> String {
    switch error.code {
    case .cannotFindHost, .dnsLookupFailed: "there is no such host"
    case .cannotConnectToHost: "nothing answers there"
    case .timedOut: "it does not answer in time"
    case .networkConnectionLost: "the connection broke off"
    case .notConnectedToInternet: "there is no network"
    default: error.localizedDescription
    }
  }
}

extension URLError {
  /// Whether the error shows that it cannot be an answer from the server itself: any answer was the proxy's, to `CONNECT`.
  var isBeforeTheServer: Bool { proxyReason != nil || isAboutCertificate }

  /// libcurl distinguishes these, but URLSession on Linux has no codes: `.unknown` covers all of them.
  fileprivate var isAboutCertificate: Bool {
    switch code {
    case .secureConnectionFailed, .serverCertificateUntrusted, .serverCertificateHasBadDate,
      .serverCertificateHasUnknownRoot, .serverCertificateNotYetValid, .clientCertificateRejected,
      .clientCertificateRequired:
      true
    case .unknown:
      ["ssl", "certificate", "tls"].contains { localizedDescription.lowercased().contains($0) }
    default: false
    }
  }

  /// What is wrong with the proxy, in libcurl's words.
  fileprivate var proxyReason: String? {
    guard code == .unknown else { return nil }
    let text = localizedDescription.lowercased()
    guard text.contains("proxy") || text.contains("connect tunnel") else { return nil }
    if text.contains("could not resolve") { return "there is no such host" }
    if text.contains("407") { return "it asks for a name and a password (407)" }
    let words: [Substring] = text.split(separator: " ")
    let status = words.first { $0.count == 3 && $0.allSatisfy(\.isNumber) }
    if let status, text.contains("connect") { return "it refused to connect (\(status))" }
    return localizedDescription
  }
}
