import CHTTP
import Foundation
import ZooTensors

/// A server's answer with its body, which is never larger than requested.
struct HTTPAnswer: Sendable {
  let url: URL
  let status: Int
  /// Names in lower case.
  var headers: [String: String] = [:]
  var body = Data()
  /// Whether the body was not read because it is larger than allowed, or encoded.
  var isBodyLeft = false
  /// Why the connection broke while the body was read.
  var cut: NoAnswer?

  /// How the body is compressed, although compression was not requested.
  var encoding: String? {
    guard let encoding = headers["content-encoding"]?.lowercased(), !encoding.isEmpty, encoding != "identity" else {
      return nil
    }
    return encoding
  }
}

/// HTTP requests in bounded memory. Redirects are returned as answers: whoever follows them decides what is sent along.
///
/// libcurl delivers bytes as they arrive and waits until they are taken: nothing is inflated or accumulated before it is counted. Proxies come from
/// the environment; trusted certificates are the system's, or those named by `CURL_CA_BUNDLE` or
/// `SSL_CERT_FILE`.
final class HTTPClient: Sendable {
  let proxies = Proxies()
  private let certificates: String?
  private let answerLimit: Double
  private let idleLimit: Double

  /// - Parameters:
  ///   - answerLimit: Seconds within which an answer must begin.
  ///   - idleLimit: Seconds without a byte after which a connection is considered broken.
  init(
    answerLimit: Double = 10, idleLimit: Double = 30,
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) {
    self.answerLimit = answerLimit
    self.idleLimit = idleLimit
    certificates = ["CURL_CA_BUNDLE", "SSL_CERT_FILE"].lazy.compactMap { environment[$0] }.first { !$0.isEmpty }
  }

  /// Gets a URL, and at most `limit` bytes of its body; a body known or found to be larger is not read.
  ///
  /// - Parameter progress: Called with the number of body bytes so far.
  /// - Throws: `NoAnswer` if no answer came at all; if the body breaks off, the answer has `cut`.
  func get(
    _ url: URL, headers: [String: String], limit: Int, progress: (@Sendable (Int) -> Void)? = nil
  ) async throws -> HTTPAnswer {
    try await run(HTTPTransfer(url, limit: limit, answerLimit: answerLimit, progress: progress), headers)
  }

  /// Downloads a URL into a file in one piece, at most `limit` bytes: for servers without ranges.
  ///
  /// - Parameter progress: Called with the number of bytes so far.
  /// - Throws: Also `PullError.unwritable`.
  func download(
    _ url: URL, headers: [String: String], limit: Int, to file: URL, progress: @escaping @Sendable (Int) -> Void
  ) async throws -> HTTPAnswer {
    let transfer = HTTPTransfer(url, limit: limit, answerLimit: answerLimit, progress: progress)
    try transfer.write(to: file)
    return try await run(transfer, headers)
  }

  private func run(_ transfer: HTTPTransfer, _ headers: [String: String]) async throws -> HTTPAnswer {
    // Ranges, sizes and digests refer to the uncompressed bytes.
    let lines = headers.merging(["Accept-Encoding": "identity"]) { given, _ in given }.map { "\($0): \($1)" }
    let (certificates, idleLimit) = (certificates, idleLimit)
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        guard transfer.begin(continuation) else { return }
        startThread { transfer.perform(lines, certificates: certificates, idleLimit: idleLimit) }
      }
    } onCancel: {
      transfer.cancel()
    }
  }
}
