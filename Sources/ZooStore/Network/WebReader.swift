import CHTTP
import Foundation

/// Reads files over HTTP: follows redirects, keeps the token at its origin, and retries if that may help.
struct WebReader: Sendable {
  let client: HTTPClient
  let settings: HubSettings
  let policy: RetryPolicy
  /// Called with a description of a request that timed out and is retried.
  var notice: @Sendable (String) -> Void = { _ in }

  /// The file has changed since the first request, or the server no longer supports ranges.
  struct Changed: Error {}

  /// Requests the first byte of a file; nil if there is no such file.
  func probe(_ address: RemoteAddress) async throws -> RemoteFile? {
    try await persistently(address) { () -> Outcome<RemoteFile?> in
      let journey = try await follow(address.url, headers: ["Range": "bytes=0-0"], limit: 1, address)
      switch journey.answer.status {
      case 200, 206, 416: return .done(try RemoteFile(address, journey))
      case 404, 410:
        // The hub says whether the repository, the revision or the file does not exist.
        let code = journey.answer.headers["x-error-code"] ?? ""
        if ["RepoNotFound", "RevisionNotFound"].contains(code) { throw PullError.notFound(address.place) }
        return .done(nil)
      default: return .again(try failure(journey, address), retryAfter: journey.answer.headers["retry-after"])
      }
    }
  }

  /// The bytes of a range, which must be within the file; bytes from a broken connection are kept.
  ///
  /// - Parameter progress: Called with the number of bytes of the range so far.
  /// - Throws: `Changed` if the server answers with a different file or with all of it.
  func read(
    _ range: Range<Int>, of file: RemoteFile, progress: @escaping @Sendable (Int) -> Void
  ) async throws -> Data {
    var data = Data()
    while data.count < range.count {
      let here = data.count
      data += try await persistently(file.address) {
        try await part(range.lowerBound + here..<range.upperBound, of: file) { progress(here + $0) }
      }
    }
    return data
  }

  /// Some bytes at the start of a range, at least one.
  private func part(
    _ range: Range<Int>, of file: RemoteFile, progress: @escaping @Sendable (Int) -> Void
  ) async throws -> Outcome<Data> {
    var headers = ["Range": "bytes=\(range.lowerBound)-\(range.upperBound - 1)"]
    headers["If-Range"] = file.etag
    let journey = try await journey(to: file, headers: headers, limit: range.count, progress: progress)
    let answer = journey.answer
    switch answer.status {
    case 206:
      try check(answer, file.address)
      // Bytes of another version must not be appended to the existing ones, however the server handles If-Range.
      if let mine = file.etag, let its = answer.headers["etag"], !its.hasPrefix("W/"), its != mine { throw Changed() }
      guard let found = ContentRange(answer), found.first == range.lowerBound, !answer.isBodyLeft else {
        let found = answer.headers["content-range"] ?? "none"
        throw PullError.badAnswer(
          file.address.file, reason: "bytes \(range.lowerBound) on were asked for, its range is \(found)")
      }
      guard found.total == nil || found.total == file.size else { throw Changed() }
      if answer.body.isEmpty { return .again(brokenOff(file.address), retryAfter: nil) }
      return .done(answer.body)
    case 200, 412, 416: throw Changed()
    default: return .again(try failure(journey, file.address), retryAfter: answer.headers["retry-after"])
    }
  }

  /// All bytes of a small file, at most `limit`.
  func readAll(_ file: RemoteFile, limit: Int) async throws -> Data {
    try await persistently(file.address) { () -> Outcome<Data> in
      let journey = try await journey(to: file, headers: [:], limit: limit)
      let answer = journey.answer
      guard answer.status == 200 else {
        return .again(try failure(journey, file.address), retryAfter: answer.headers["retry-after"])
      }
      try check(answer, file.address)
      if answer.isBodyLeft {
        throw PullError.badAnswer(file.address.file, reason: "there are more than \(limit) bytes")
      }
      if answer.cut != nil { return .again(brokenOff(file.address), retryAfter: nil) }
      return .done(answer.body)
    }
  }

  /// Downloads a file in one piece from a server without ranges. Everything is lost if the connection breaks.
  ///
  /// - Parameter limit: The maximum number of bytes.
  func download(
    _ file: RemoteFile, limit: Int, to target: URL, progress: @escaping @Sendable (Int) -> Void
  ) async throws {
    try await persistently(file.address) { () -> Outcome<Void> in
      // The location of the bytes themselves: redirects were followed before.
      let url = file.location.current
      let answer: HTTPAnswer
      do {
        answer = try await client.download(
          url, headers: authorization(url), limit: limit, to: target, progress: progress)
      } catch PullError.unwritable(_, let reason) {
        throw PullError.unwritable(target.path(percentEncoded: false), reason: reason)
      }
      guard answer.status == 200 else {
        let journey = RedirectChain(answer: answer, linked: [:], sentToken: sendsToken(to: url))
        return .again(try failure(journey, file.address), retryAfter: answer.headers["retry-after"])
      }
      try check(answer, file.address)
      if answer.isBodyLeft {
        throw file.size == nil
          ? PullError.tooLarge(file.address.file, size: nil, limit: limit)
          : .badAnswer(file.address.file, reason: "there are more than \(limit) bytes")
      }
      if answer.cut != nil { return .again(brokenOff(file.address), retryAfter: nil) }
      return .done(())
    }
  }
}

// MARK: - The way

extension WebReader {
  /// Goes to the last known location of the file; if it is no longer valid (signatures expire), starts from its URL again.
  private func journey(
    to file: RemoteFile, headers: [String: String], limit: Int, progress: (@Sendable (Int) -> Void)? = nil
  ) async throws -> RedirectChain {
    let location = file.location.current
    let direct = try await follow(location, headers: headers, limit: limit, file.address, progress)
    guard (400..<500).contains(direct.answer.status), ![408, 416, 429].contains(direct.answer.status),
      location != file.address.url
    else { return direct }
    let anew = try await follow(file.address.url, headers: headers, limit: limit, file.address, progress)
    if (200..<300).contains(anew.answer.status) { file.location.current = anew.answer.url }
    return anew
  }

  /// Follows redirects. The token is only sent to the hub's own origin, wherever redirects lead.
  private func follow(
    _ start: URL, headers: [String: String], limit: Int, _ address: RemoteAddress,
    _ progress: (@Sendable (Int) -> Void)? = nil
  ) async throws -> RedirectChain {
    var url = start
    var linked: [String: String] = [:]
    for _ in 0..<10 {
      let answer = try await client.get(
        url, headers: headers.merging(authorization(url)) { _, token in token }, limit: limit,
        progress: progress)
      for name in ["x-linked-etag", "x-linked-size", "x-repo-commit"] where linked[name] == nil {
        linked[name] = answer.headers[name]
      }
      guard [301, 302, 303, 307, 308].contains(answer.status) else {
        return RedirectChain(answer: answer, linked: linked, sentToken: sendsToken(to: url))
      }
      guard let target = answer.headers["location"], let next = URL(string: target, relativeTo: url)?.absoluteURL,
        ["http", "https"].contains(next.scheme?.lowercased() ?? "")
      else { throw PullError.badAnswer(address.file, reason: "its redirect leads nowhere") }
      if url.scheme?.lowercased() == "https", next.scheme?.lowercased() == "http" {
        throw PullError.insecureRedirect(address.file, to: next.shown)
      }
      url = next
    }
    throw PullError.badAnswer(address.file, reason: "it redirects without end")
  }

  private func authorization(_ url: URL) -> [String: String] {
    guard let token = settings.token, sendsToken(to: url) else { return [:] }
    return ["Authorization": "Bearer \(token)"]
  }

  private func sendsToken(to url: URL) -> Bool { settings.token != nil && url.origin == settings.endpoint.origin }
}

// MARK: - Trying again

extension WebReader {
  private enum Outcome<Value> {
    case done(Value)
    /// The error to throw if no attempts are left, and the server's `Retry-After`.
    case again(PullError, retryAfter: String?)
  }

  private func persistently<Value>(
    _ address: RemoteAddress, _ body: () async throws -> Outcome<Value>
  ) async throws -> Value {
    var number = 0
    while true {
      number += 1
      let error: PullError, limit: Int
      var asked: String?, isLate = false
      do {
        switch try await body() {
        case .done(let value): return value
        case .again(let failure, let retryAfter):
          (error, asked, limit) = (failure, retryAfter, policy.attempts)
        }
      } catch let failure as NoAnswer {
        let trouble = ConnectionFailure(failure, proxied: client.proxies.proxy(for: failure.url) != nil)
        error = PullError(trouble, at: failure.url, file: address.file, client.proxies)
        limit = trouble.attempts(after: failure, policy)
        isLate = failure.kind == zoo_http_timed_out
      }
      guard number < limit, let delay = policy.delay(number, retryAfter: asked) else { throw error }
      if isLate { notice("\(error); trying again (\(number + 1) of \(limit))") }
      try await policy.pause(delay)
    }
  }

  /// The meaning of a status: throws if another attempt cannot help, otherwise returns the error to throw after the last one.
  private func failure(_ journey: RedirectChain, _ address: RemoteAddress) throws(PullError) -> PullError {
    let status = journey.answer.status
    if [401, 403].contains(status), journey.answer.headers["x-error-code"] == "GatedRepo" || status == 403 {
      throw .gated(address.place, status: status, sentToken: journey.sentToken)
    }
    switch status {
    case 401: throw .notAllowed(address.place, sentToken: journey.sentToken)
    case 404, 410: throw .notFound(address.file)
    case 407:
      let trouble = ConnectionFailure.proxy(reason: "it asks for a name and a password (407)")
      throw PullError(trouble, at: journey.answer.url, file: address.file, client.proxies)
    case 429: return .rateLimited(address.place, wait: journey.answer.headers["retry-after"])
    case 408, 500...: return .badStatus(address.file, status: status)
    default: throw .badStatus(address.file, status: status)
    }
  }

  /// Rejects a compressed body, which was not requested.
  private func check(_ answer: HTTPAnswer, _ address: RemoteAddress) throws(PullError) {
    if let encoding = answer.encoding {
      throw .badAnswer(address.file, reason: "it is compressed (\(encoding)), which was not asked for")
    }
  }

  private func brokenOff(_ address: RemoteAddress) -> PullError {
    PullError(
      ConnectionFailure(NoAnswer(kind: zoo_http_cut, url: address.url, words: ""), proxied: false), at: address.url,
      file: address.file, client.proxies)
  }
}

extension PullError {
  init(_ trouble: ConnectionFailure, at url: URL, file: String, _ proxies: Proxies) {
    switch trouble {
    case .proxy(let reason):
      self = .proxy(file, variable: proxies.proxy(for: url)?.variable, host: url.host() ?? "", reason: reason)
    case .certificate(let reason): self = .untrusted(file, host: url.host() ?? "", reason: reason)
    case .connection(let reason): self = .unreachable(file, reason: reason)
    }
  }
}
