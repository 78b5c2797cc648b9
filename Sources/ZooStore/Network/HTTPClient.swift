import CHTTP
import Foundation

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

/// A server's answer with its body, which never is larger than was asked for.
struct HTTPAnswer: Sendable {
  let url: URL
  let status: Int
  /// Names in lower case.
  var headers: [String: String] = [:]
  var body = Data()
  /// True where the body was left unread because it is larger than allowed, or encoded.
  var isBodyLeft = false
  /// Why the connection broke off while the body was read.
  var cut: URLError?

  /// What the body is compressed with, though nobody asked for that.
  var encoding: String? {
    guard let encoding = headers["content-encoding"]?.lowercased(), !encoding.isEmpty, encoding != "identity" else {
      return nil
    }
    return encoding
  }
}

/// Requests over HTTP in memory that is bounded. Redirects are answers like others: who follows them decides what is sent along.
///
/// libcurl gives the bytes as they come, and waits until they are taken: nothing is inflated or heaped up before it is counted.
/// Proxies are those of the environment; the certificates to trust are the system's, or those that `CURL_CA_BUNDLE` or
/// `SSL_CERT_FILE` names.
final class HTTPClient: Sendable {
  let proxies = Proxies()
  private let certificates: String?
  private let answerLimit: Double
  private let idleLimit: Double

  /// - Parameters:
  ///   - answerLimit: Seconds in which an answer must begin.
  ///   - idleLimit: Seconds without a byte after which a connection counts as cut.
  init(
    answerLimit: Double = 10, idleLimit: Double = 30,
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) {
    self.answerLimit = answerLimit
    self.idleLimit = idleLimit
    certificates = ["CURL_CA_BUNDLE", "SSL_CERT_FILE"].lazy.compactMap { environment[$0] }.first { !$0.isEmpty }
  }

  /// Gets a URL, and of its body at most `limit` bytes; a body known or found to be larger is left.
  ///
  /// - Parameter progress: Called with the bytes of the body so far.
  /// - Throws: `URLError` where no answer came at all; a body that breaks off is an answer with `cut`.
  func get(
    _ url: URL, headers: [String: String], limit: Int, progress: (@Sendable (Int) -> Void)? = nil
  ) async throws -> HTTPAnswer {
    try await run(HTTPTransfer(url, limit: limit, answerLimit: answerLimit, progress: progress), headers)
  }

  /// Gets a URL into a file that a server without ranges gives in one piece, at most `limit` bytes.
  ///
  /// - Parameter progress: Called with the bytes so far.
  /// - Throws: Also `PullError.unwritable`.
  func download(
    _ url: URL, headers: [String: String], limit: Int, to file: URL, progress: @escaping @Sendable (Int) -> Void
  ) async throws -> HTTPAnswer {
    let transfer = HTTPTransfer(url, limit: limit, answerLimit: answerLimit, progress: progress)
    try transfer.write(to: file)
    return try await run(transfer, headers)
  }

  private func run(_ transfer: HTTPTransfer, _ headers: [String: String]) async throws -> HTTPAnswer {
    // Ranges, sizes and digests are of the bytes themselves.
    let lines = headers.merging(["Accept-Encoding": "identity"]) { given, _ in given }.map { "\($0): \($1)" }
    let (certificates, idleLimit) = (certificates, idleLimit)
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        guard transfer.begin(continuation) else { return }
        Thread.detachNewThread { transfer.perform(lines, certificates: certificates, idleLimit: idleLimit) }
      }
    } onCancel: {
      transfer.cancel()
    }
  }
}
