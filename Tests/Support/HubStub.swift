import Foundation
import Synchronization

/// A server that behaves like the Hugging Face hub, and misbehaves if a test asks for it.
///
/// `/api/models/OWNER/NAME/revision/REVISION` lists a repository's files. `/OWNER/NAME/resolve/REVISION/FILE` serves small files itself and redirects
/// large ones to `localhost`, a different host than its own `127.0.0.1`, as the hub redirects to its content network. As a proxy it answers for every
/// host, and refuses `CONNECT`.
public final class HubStub: Sendable {
  public struct File: Sendable {
    public var body: Data
    /// SHA-256 that the hub announces: large files have one, small ones do not.
    public var digest: String?
    /// Size that the hub announces for a large file.
    public var announcedSize: Int?
    public var etag: String

    public init(_ body: Data, digest: String? = nil, announcedSize: Int? = nil, etag: String = "\"v1\"") {
      self.body = body
      self.digest = digest
      self.announcedSize = announcedSize
      self.etag = etag
    }
  }

  /// What a server does instead of answering correctly.
  public enum Fault: Sendable {
    case reply(LoopbackServer.Reply)
    /// The right answer, cut off after some bytes of its body.
    case cut(after: Int)
    /// 200 and the whole file, whatever range was requested.
    case ignoreRange
    /// A different version of the file from here on.
    case replace(File)
  }

  private struct State {
    var files: [String: File] = [:]
    var commit = "0123456789abcdef0123456789abcdef01234567"
    var faults: [(target: String, fault: Fault)] = []
    var requiredToken: String?
    var isGated = false
    var hasRanges = true
  }

  private let state = Mutex(State())
  private let server = Mutex<LoopbackServer?>(nil)
  public static let commit = State().commit

  public init() throws {
    let new = try LoopbackServer { [weak self] request in self?.answer(request) ?? .init(503) }
    server.withLock { $0 = new }
  }

  private var loopback: LoopbackServer { server.withLock { $0 }! }
  public var url: URL { loopback.url }
  /// The host that large files come from.
  public var contentURL: URL { URL(string: "http://localhost:\(loopback.port)")! }
  public var requests: [LoopbackServer.Request] { loopback.requests }
  public var bytesSent: Int { loopback.bytesSent }
  public func forgetRequests() { loopback.forgetRequests() }
  public func stop() { loopback.stop() }

  /// A file in a repository, by `OWNER/NAME/FILE`, or any other file by its path.
  public subscript(path: String) -> File? {
    get { state.withLock { $0.files[path] } }
    set { state.withLock { $0.files[path] = newValue } }
  }

  /// Accepts only requests with this token.
  public func require(token: String?, gated: Bool = false) {
    state.withLock { ($0.requiredToken, $0.isGated) = (token, gated) }
  }

  /// Whether the server supports ranges.
  public func setRanges(_ hasRanges: Bool) { state.withLock { $0.hasRanges = hasRanges } }

  /// Makes the next request whose path contains `target` fail; several faults take effect one after another.
  public func inject(_ fault: Fault, at target: String, times: Int = 1) {
    state.withLock { state in
      for _ in 0..<times { state.faults.append((target, fault)) }
    }
  }

  private func answer(_ request: LoopbackServer.Request) -> LoopbackServer.Reply {
    var fault: Fault?
    let now = state.withLock { state in
      if let index = state.faults.firstIndex(where: { request.path.contains($0.target) }) {
        fault = state.faults.remove(at: index).fault
      }
      return state
    }
    if case .reply(let reply) = fault { return reply }
    if request.method == "CONNECT" { return .init(403, body: Data("no".utf8)) }
    let parts = request.path.split(separator: "/").map(String.init)
    if parts.count == 6, parts[0] == "api" { return listing("\(parts[2])/\(parts[3])/", now) }
    guard parts.count > 4, parts[2] == "resolve" else {
      let path = parts.joined(separator: "/").replacing("content/", with: "")
      guard let file = now.files[path] else { return .init(404) }
      return content(file, request, fault, path: path, now)
    }
    if let token = now.requiredToken, request.headers["authorization"] != "Bearer \(token)" {
      let status = now.isGated && request.headers["authorization"] != nil ? 403 : 401
      return .init(status, headers: ["X-Error-Code": now.isGated ? "GatedRepo" : "RepoNotFound"])
    }
    let repository = "\(parts[0])/\(parts[1])", path = "\(repository)/\(parts[4...].joined(separator: "/"))"
    guard now.files.keys.contains(where: { $0.hasPrefix("\(repository)/") }) else {
      return .init(404, headers: ["X-Error-Code": "RepoNotFound"])
    }
    guard ["main", now.commit].contains(parts[3]) else {
      return .init(404, headers: ["X-Error-Code": "RevisionNotFound"])
    }
    guard let file = now.files[path] else { return .init(404, headers: ["X-Error-Code": "EntryNotFound"]) }
    guard let digest = file.digest else {
      var reply = content(file, request, fault, path: path, now)
      reply.headers["X-Repo-Commit"] = now.commit
      return reply
    }
    return .init(
      302,
      headers: [
        "Location": "\(contentURL)/content/\(path)?signature=secret", "X-Repo-Commit": now.commit,
        "X-Linked-Etag": "\"\(digest)\"", "X-Linked-Size": "\(file.announcedSize ?? file.body.count)",
      ])
  }

  private func listing(_ folder: String, _ now: State) -> LoopbackServer.Reply {
    let names = now.files.keys.filter { $0.hasPrefix(folder) }.sorted().map { $0.dropFirst(folder.count) }
    let files = names.map { "{\"rfilename\": \"\($0)\"}" }.joined(separator: ", ")
    return .init(200, body: Data("{\"siblings\": [\(files)]}".utf8))
  }

  private func content(
    _ file: File, _ request: LoopbackServer.Request, _ fault: Fault?, path: String, _ now: State
  ) -> LoopbackServer.Reply {
    var file = file, cut: Int?, hasRanges = now.hasRanges
    switch fault {
    case .cut(let count): cut = count
    case .ignoreRange: hasRanges = false
    case .replace(let other):
      self[path] = other
      file = other
    default: break
    }
    if let condition = request.headers["if-range"], condition != file.etag { hasRanges = false }
    guard hasRanges, let range = request.range else {
      return .init(200, headers: ["ETag": file.etag], body: file.body, cutAfter: cut)
    }
    guard range.lowerBound < file.body.count else {
      return .init(416, headers: ["Content-Range": "bytes */\(file.body.count)"])
    }
    let part = range.lowerBound...min(range.upperBound, file.body.count - 1)
    return .init(
      206,
      headers: [
        "ETag": file.etag, "Content-Range": "bytes \(part.lowerBound)-\(part.upperBound)/\(file.body.count)",
      ], body: file.body[file.body.startIndex + part.lowerBound...file.body.startIndex + part.upperBound], cutAfter: cut
    )
  }
}
