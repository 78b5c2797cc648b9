import CHTTP
import Foundation
import Synchronization
import ZooTensors

/// One request in progress, which runs on a thread of its own.
final class HTTPTransfer: Sendable {
  private struct State {
    var continuation: CheckedContinuation<HTTPAnswer, any Error>?
    var isCancelled = false
    var answer: HTTPAnswer?
    /// Set at the end of the headers, except those of status 100 to 199.
    var hasHead = false
    /// The number of body bytes so far.
    var received = 0
    /// Set if we ended it ourselves because everything needed has arrived.
    var isEnough = false
    var isLate = false
    var writeError: PullError?
    var file: OpenFile?
  }

  private let url: URL
  private let limit: Int
  private let deadline: ContinuousClock.Instant
  private let progress: (@Sendable (Int) -> Void)?
  private let state = Mutex(State())
  /// Bodies of error answers and redirects are read and discarded up to this size, so that the connection can be reused.
  private static let refusalLimit = 64 << 10

  init(_ url: URL, limit: Int, answerLimit: Double, progress: (@Sendable (Int) -> Void)?) {
    self.url = url
    self.limit = limit
    self.progress = progress
    deadline = .now + .seconds(answerLimit)
  }

  /// Writes the body to a file instead of memory. A symbolic link at that path is not followed.
  func write(to file: URL) throws(PullError) {
    let path = file.path(percentEncoded: false), handle: OpenFile
    do { handle = try OpenFile(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW) } catch {
      throw .unwritable(path, reason: systemReason(of: error))
    }
    state.withLock { $0.file = handle }
  }

  /// False if it was already cancelled.
  func begin(_ continuation: CheckedContinuation<HTTPAnswer, any Error>) -> Bool {
    let begins = state.withLock { state in
      if !state.isCancelled { state.continuation = continuation }
      return !state.isCancelled
    }
    if !begins { continuation.resume(throwing: CancellationError()) }
    return begins
  }

  /// Ends it at once, without waiting for its thread.
  func cancel() {
    let continuation = state.withLock { state in
      state.isCancelled = true
      return state.continuation.take()
    }
    continuation?.resume(throwing: CancellationError())
  }

  /// Waits for the answer and delivers it.
  func perform(_ headers: [String], certificates: String?, idleLimit: Double) {
    var words = [CChar](repeating: 0, count: 256)
    let failure = withCStrings(headers) { headers in
      url.absoluteString.withCString { url in
        withOptionalCString(certificates) { certificates in
          var request = zoo_http_request()
          request.url = url
          request.headers = headers
          request.certificates = certificates
          request.connect_seconds = 20
          request.idle_seconds = max(1, Int(idleLimit))
          request.context = Unmanaged.passUnretained(self).toOpaque()
          request.head = { context, line, count in
            HTTPTransfer.from(context).takeHead(
              String(decoding: UnsafeRawBufferPointer(start: line, count: count), as: UTF8.self)) ? 0 : 1
          }
          request.body = { context, bytes, count in
            HTTPTransfer.from(context).takeBody(UnsafeRawBufferPointer(start: bytes, count: count)) ? 0 : 1
          }
          request.stopped = { HTTPTransfer.from($0).isStopped ? 1 : 0 }
          return zoo_http_get(&request, &words)
        }
      }
    }
    finish(failure, String(decoding: words.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self))
  }

  private static func from(_ context: UnsafeMutableRawPointer?) -> HTTPTransfer {
    guard let context else { preconditionFailure("every request has a context") }
    return Unmanaged.fromOpaque(context).takeUnretainedValue()
  }

  private var isStopped: Bool {
    state.withLock { state in
      // A wanted body may take its time; the headers, and a discarded body, may not.
      if .now > deadline, state.answer.map({ !state.hasHead || !(200..<300).contains($0.status) }) ?? true {
        if state.hasHead { state.isEnough = true } else { state.isLate = true }
      }
      return state.isCancelled || state.isLate || state.isEnough
    }
  }

  private func takeHead(_ line: String) -> Bool {
    let line = line.trimmed
    return state.withLock { state in
      if line.hasPrefix("HTTP/") {
        let status = line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        (state.answer, state.hasHead) = (HTTPAnswer(url: url, status: status), false)
      } else if line.isEmpty {
        guard let answer = state.answer, !(100..<200).contains(answer.status) else { return true }
        state.hasHead = true
        return isWanted(answer, &state)
      } else if !state.hasHead, let colon = line.firstIndex(of: ":") {
        // The first of each wins; trailers come too late to be considered.
        let name = line[..<colon].lowercased()
        let value = line[line.index(after: colon)...].trimmed
        if state.answer?.headers[name] == nil { state.answer?.headers[name] = value }
      }
      return true
    }
  }

  /// Whether the body is wanted.
  private func isWanted(_ answer: HTTPAnswer, _ state: inout State) -> Bool {
    let length = answer.headers["content-length"].map { Int($0) ?? .max }
    let isRight = (200..<300).contains(answer.status)
    let isWanted = isRight ? answer.encoding == nil && (length ?? 0) <= limit : (length ?? .max) <= Self.refusalLimit
    if !isWanted {
      state.isEnough = true
      state.answer?.isBodyLeft = isRight
    }
    return isWanted
  }

  private func takeBody(_ bytes: UnsafeRawBufferPointer) -> Bool {
    let (goesOn, received) = state.withLock { state in
      guard let answer = state.answer, state.hasHead, !state.isCancelled else { return (false, 0) }
      guard (200..<300).contains(answer.status) else {
        state.received += bytes.count
        if state.received > Self.refusalLimit { state.isEnough = true }
        return (!state.isEnough, 0)
      }
      let part = UnsafeRawBufferPointer(rebasing: bytes.prefix(limit - state.received))
      if let file = state.file {
        do { try file.write(part) } catch {
          state.writeError = .unwritable("", reason: systemReason(of: error))
          return (false, 0)
        }
      } else {
        state.answer?.body.append(contentsOf: part)
      }
      state.received += part.count
      if part.count < bytes.count {
        state.isEnough = true
        state.answer?.isBodyLeft = true
      }
      return (!state.isEnough, state.received)
    }
    if received > 0 { progress?(received) }
    return goesOn
  }

  private func finish(_ failure: zoo_http_failure, _ words: String) {
    let (continuation, result) = state.withLock { state in
      let continuation = state.continuation.take()
      defer { state.file = nil }
      if let error = state.writeError { return (continuation, Result<HTTPAnswer, any Error>.failure(error)) }
      if state.isLate { return (continuation, .failure(NoAnswer(kind: zoo_http_timed_out, url: url, words: words))) }
      guard var answer = state.answer, state.hasHead else {
        return (continuation, .failure(NoAnswer(kind: failure, url: url, words: words)))
      }
      if failure != zoo_http_done, !state.isEnough { answer.cut = NoAnswer(kind: failure, url: url, words: words) }
      do { try state.file?.synchronize() } catch {
        return (continuation, .failure(PullError.unwritable("", reason: systemReason(of: error))))
      }
      return (continuation, .success(answer))
    }
    continuation?.resume(with: result)
  }
}

/// Runs `body` with texts as a NULL-terminated array of C strings.
private func withCStrings<T>(_ texts: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> T) -> T {
  let copies = texts.map { strdup($0) }
  defer { copies.forEach { free($0) } }
  return (copies.map { $0.map { UnsafePointer($0) } } + [nil]).withUnsafeBufferPointer { buffer in
    guard let base = buffer.baseAddress else { preconditionFailure("there is a NULL at least") }
    return body(base)
  }
}

private func withOptionalCString<T>(_ text: String?, _ body: (UnsafePointer<CChar>?) -> T) -> T {
  guard let text else { return body(nil) }
  return text.withCString { body($0) }
}
