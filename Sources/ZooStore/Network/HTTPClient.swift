import Foundation
import Synchronization

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

/// A server's answer with its body, which never is larger than was asked for.
struct HTTPAnswer: Sendable {
  let url: URL
  let status: Int
  /// Names in lower case.
  let headers: [String: String]
  var body = Data()
  /// True where the body was left unread because it is larger than allowed.
  var isBodyLeft = false
  /// Why the connection broke off while the body was read.
  var cut: URLError?
}

/// Requests over HTTP in memory that is bounded. Redirects are answers like others: who follows them decides what is sent along.
///
/// Proxies are those of the environment, on macOS else those of the system.
final class HTTPClient: Sendable {
  let proxies = Proxies()
  private let session: URLSession
  private let transfers = Transfers()

  /// - Parameter idleLimit: Seconds without a byte after which a connection counts as cut.
  init(idleLimit: Double = 30) {
    let configuration = URLSessionConfiguration.ephemeral
    configuration.urlCache = nil
    configuration.httpCookieStorage = nil
    configuration.requestCachePolicy = .reloadIgnoringLocalCacheData
    configuration.timeoutIntervalForRequest = idleLimit
    #if canImport(Darwin)
      if let proxies = proxies.dictionary { configuration.connectionProxyDictionary = proxies }
    #endif
    session = URLSession(configuration: configuration, delegate: transfers, delegateQueue: nil)
  }

  deinit { session.invalidateAndCancel() }

  /// Gets a URL, and of its body at most `limit` bytes; a body known or found to be larger is left.
  ///
  /// - Parameter progress: Called with the bytes of the body so far.
  /// - Throws: `URLError` where no answer came at all; a body that breaks off is an answer with `cut`.
  func get(
    _ url: URL, headers: [String: String], limit: Int, progress: (@Sendable (Int) -> Void)? = nil
  ) async throws -> HTTPAnswer {
    let task = session.dataTask(with: request(url, headers))
    return try await run(task, Transfer(limit: limit, target: nil, progress: progress))
  }

  /// Gets a URL into a file that a server without ranges gives in one piece.
  ///
  /// - Parameter progress: Called with the bytes so far.
  func download(
    _ url: URL, headers: [String: String], to file: URL, progress: @escaping @Sendable (Int) -> Void
  ) async throws -> HTTPAnswer {
    let task = session.downloadTask(with: request(url, headers))
    return try await run(task, Transfer(limit: 0, target: file, progress: progress))
  }

  private func request(_ url: URL, _ headers: [String: String]) -> URLRequest {
    var request = URLRequest(url: url)
    // URLSession asks for compressed bodies by itself, which would be wrong with ranges, sizes and digests.
    request.setValue("identity", forHTTPHeaderField: "Accept-Encoding")
    for (name, value) in headers { request.setValue(value, forHTTPHeaderField: name) }
    return request
  }

  private func run(_ task: URLSessionTask, _ transfer: Transfer) async throws -> HTTPAnswer {
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        if transfers.add(transfer, of: task, continuation) { task.resume() }
      }
    } onCancel: {
      transfers.cancel(task)
    }
  }
}

/// One transfer under way.
private struct Transfer {
  let limit: Int
  let target: URL?
  var progress: (@Sendable (Int) -> Void)?
  var answer: HTTPAnswer?
  /// What moving a downloaded file met.
  var moveError: (any Error)?

  init(limit: Int, target: URL?, progress: (@Sendable (Int) -> Void)? = nil) {
    self.limit = limit
    self.target = target
    self.progress = progress
  }
}

extension Transfer {
  /// Adds a piece of the body; false where there is more than was asked for.
  fileprivate mutating func take(_ data: Data) -> Bool {
    guard answer?.isBodyLeft == false else { return false }
    let room = limit - (answer?.body.count ?? 0)
    answer?.body.append(data.count > room ? data.prefix(room) : data)
    if data.count > room { answer?.isBodyLeft = true }
    return data.count <= room
  }
}

/// Hands what the session reports to the transfer that it is about.
private final class Transfers: NSObject, URLSessionDataDelegate, URLSessionDownloadDelegate, Sendable {
  private typealias Continuation = CheckedContinuation<HTTPAnswer, any Error>
  private let running = Mutex<[Int: (transfer: Transfer, continuation: Continuation)]>([:])
  /// Tasks that were cancelled before they began.
  private let stillborn = Mutex<Set<Int>>([])

  /// False where the task was cancelled by now: it must not begin.
  func add(
    _ transfer: Transfer, of task: URLSessionTask, _ continuation: CheckedContinuation<HTTPAnswer, any Error>
  ) -> Bool {
    let begins = stillborn.withLock { stillborn in
      if stillborn.remove(task.taskIdentifier) != nil { return false }
      running.withLock { $0[task.taskIdentifier] = (transfer, continuation) }
      return true
    }
    if !begins { continuation.resume(throwing: CancellationError()) }
    return begins
  }

  /// Ends a transfer at once. URLSession is not waited for: it never reports tasks that were cancelled before they began.
  func cancel(_ task: URLSessionTask) {
    let entry = stillborn.withLock { stillborn in
      let entry = running.withLock { $0.removeValue(forKey: task.taskIdentifier) }
      if entry == nil { stillborn.insert(task.taskIdentifier) }
      return entry
    }
    task.cancel()
    entry?.continuation.resume(throwing: CancellationError())
  }

  func urlSession(
    _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse,
    newRequest request: URLRequest, completionHandler: @escaping @Sendable (URLRequest?) -> Void
  ) {
    completionHandler(nil)
  }

  func urlSession(
    _ session: URLSession, dataTask: URLSessionDataTask, didReceive response: URLResponse,
    completionHandler: @escaping @Sendable (URLSession.ResponseDisposition) -> Void
  ) {
    let isWanted = running.withLock { running in
      guard let answer = HTTPAnswer(response) else { return false }
      running[dataTask.taskIdentifier]?.transfer.answer = answer
      let limit = running[dataTask.taskIdentifier]?.transfer.limit ?? 0
      // The body of a refusal may be of any size: what does not fit is left when it comes. A proxy's refusal to connect
      // must not be stopped here, as only its end tells it from the server's.
      if (200..<300).contains(answer.status), response.expectedContentLength > Int64(limit) {
        running[dataTask.taskIdentifier]?.transfer.answer?.isBodyLeft = true
        return false
      }
      return true
    }
    completionHandler(isWanted ? .allow : .cancel)
  }

  func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
    // In place: a copy of the body would be one more for every piece.
    let (isTooMuch, transfer) = running.withLock { running in
      let isTooMuch = running[dataTask.taskIdentifier]?.transfer.take(data) != true
      return (
        isTooMuch, running[dataTask.taskIdentifier].map { ($0.transfer.progress, $0.transfer.answer?.body.count) }
      )
    }
    if isTooMuch { dataTask.cancel() }
    if let (progress, count) = transfer { progress?(count ?? 0) }
  }

  func urlSession(
    _ session: URLSession, downloadTask: URLSessionDownloadTask, didWriteData bytesWritten: Int64,
    totalBytesWritten: Int64, totalBytesExpectedToWrite: Int64
  ) {
    let progress = running.withLock { $0[downloadTask.taskIdentifier]?.transfer.progress }
    progress?(Int(totalBytesWritten))
  }

  func urlSession(_ session: URLSession, downloadTask: URLSessionDownloadTask, didFinishDownloadingTo location: URL) {
    let target = running.withLock { $0[downloadTask.taskIdentifier]?.transfer.target }
    guard let target else { return }
    do {
      try? FileManager.default.removeItem(at: target)
      try FileManager.default.moveItem(at: location, to: target)
    } catch {
      running.withLock { $0[downloadTask.taskIdentifier]?.transfer.moveError = error }
    }
  }

  func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
    guard let (transfer, continuation) = running.withLock({ $0.removeValue(forKey: task.taskIdentifier) }) else {
      return
    }
    if let moveError = transfer.moveError { return continuation.resume(throwing: moveError) }
    if let error = error as? URLError, error.isBeforeTheServer { return continuation.resume(throwing: error) }
    guard var answer = transfer.answer ?? task.response.flatMap(HTTPAnswer.init) else {
      return continuation.resume(throwing: error ?? URLError(.badServerResponse))
    }
    if let error, !answer.isBodyLeft {
      answer.cut = error as? URLError ?? URLError(.networkConnectionLost)
    }
    continuation.resume(returning: answer)
  }
}

extension HTTPAnswer {
  fileprivate init?(_ response: URLResponse) {
    guard let response = response as? HTTPURLResponse, let url = response.url else { return nil }
    self.url = url
    status = response.statusCode
    headers = Dictionary(
      response.allHeaderFields.map { ("\($0.key)".lowercased(), "\($0.value)") },
      uniquingKeysWith: { first, _ in first }
    )
  }
}
