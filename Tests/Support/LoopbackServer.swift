import Dispatch
import Foundation
import Synchronization

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// A small HTTP/1.1 server on 127.0.0.1 for tests: one request per connection, answered by a closure.
public final class LoopbackServer: Sendable {
  public struct Request: Sendable {
    public let method: String
    /// The target with its query, as it was sent.
    public let target: String
    /// Names in lower case.
    public let headers: [String: String]

    /// Whether it is a request to a proxy: a target with its origin, or `CONNECT`.
    public var isToProxy: Bool { method == "CONNECT" || target.hasPrefix("http://") }

    /// Without the query, and without the origin in requests to a proxy.
    public var path: String {
      let path = target.split(separator: "?").first.map(String.init) ?? ""
      guard path.hasPrefix("http://") else { return path }
      return path.dropFirst(7).firstIndex(of: "/").map { String(path[$0...]) } ?? "/"
    }

    /// `Range: bytes=FIRST-LAST`.
    public var range: ClosedRange<Int>? {
      guard let text = headers["range"], text.hasPrefix("bytes=") else { return nil }
      let ends = text.dropFirst(6).split(separator: "-").compactMap { Int($0) }
      return ends.count == 2 && ends[0] <= ends[1] ? ends[0]...ends[1] : nil
    }
  }

  public struct Reply: Sendable {
    public var status: Int
    public var headers: [String: String]
    public var body: Data
    /// Number of body bytes after which the connection is closed; `Content-Length` still announces all of them.
    public var cutAfter: Int?
    /// Sends the body repeatedly in chunks, for as long as the client reads it.
    public var isEndless: Bool
    /// No answer at all: the connection stays open until the client gives up.
    public var isSilent: Bool

    public init(
      _ status: Int, headers: [String: String] = [:], body: Data = Data(), cutAfter: Int? = nil,
      isEndless: Bool = false, isSilent: Bool = false
    ) {
      self.status = status
      self.headers = headers
      self.body = body
      self.cutAfter = cutAfter
      self.isEndless = isEndless
      self.isSilent = isSilent
    }
  }

  public let port: Int
  private let listener: Int32
  private let handler: @Sendable (Request) -> Reply
  private let log = Mutex<[Request]>([])
  private let isStopped = Mutex(false)
  private let sent = Mutex(0)

  /// Starts to listen on a free port.
  public init(_ handler: @escaping @Sendable (Request) -> Reply) throws {
    self.handler = handler
    #if canImport(Darwin)
      let stream = SOCK_STREAM
    #else
      let stream = Int32(SOCK_STREAM.rawValue)
    #endif
    listener = socket(AF_INET, stream, 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let listener = listener
    let isBound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, length) == 0 && listen(listener, 64) == 0 && getsockname(listener, $0, &length) == 0
      }
    }
    guard isBound else { throw POSIXError(.EADDRNOTAVAIL) }
    port = Int(UInt16(bigEndian: address.sin_port))
    let thread = Thread { [weak self] in
      // Closed by the accepting thread: the descriptor may belong to another server right afterwards.
      #if !canImport(Darwin)
        defer { close(listener) }
      #endif
      while true {
        let connection = accept(listener, nil, nil)
        if connection < 0 {
          // Signals for other tests' processes may interrupt this.
          if [EINTR, ECONNABORTED, EMFILE, EAGAIN].contains(errno) { continue }
          return
        }
        guard let self else {
          close(connection)
          return
        }
        Thread { self.serve(connection) }.start()
      }
    }
    thread.start()
  }

  deinit { stop() }

  /// Closes the port: nothing answers there any more.
  public func stop() {
    let isFirst = isStopped.withLock { stopped in
      defer { stopped = true }
      return !stopped
    }
    guard isFirst else { return }
    shutdown(listener, Int32(2))
    #if canImport(Darwin)
      // On this platform, a shutdown does not end the waiting.
      close(listener)
    #endif
  }

  /// `http://127.0.0.1:PORT`.
  public var url: URL { URL(string: "http://127.0.0.1:\(port)")! }
  /// The requests so far.
  public var requests: [Request] { log.withLock { $0 } }
  /// Number of bytes that clients have read so far.
  public var bytesSent: Int { sent.withLock { $0 } }
  public func forgetRequests() { log.withLock { $0.removeAll() } }

  private func serve(_ connection: Int32) {
    defer { close(connection) }
    #if canImport(Darwin)
      var yes: Int32 = 1
      setsockopt(connection, SOL_SOCKET, SO_NOSIGPIPE, &yes, socklen_t(MemoryLayout<Int32>.size))
    #endif
    guard let request = readRequest(connection) else { return }
    log.withLock { $0.append(request) }
    let reply = handler(request)
    if reply.isSilent {
      var byte: UInt8 = 0
      while recv(connection, &byte, 1, 0) > 0 {}
      return
    }
    var head = "HTTP/1.1 \(reply.status) Reply\r\nConnection: close\r\n"
    var headers = reply.headers
    if reply.isEndless {
      headers["Transfer-Encoding"] = "chunked"
    } else if headers["Content-Length"] == nil {
      headers["Content-Length"] = "\(reply.body.count)"
    }
    for (name, value) in headers.sorted(by: { $0.key < $1.key }) where !value.isEmpty {
      head += "\(name): \(value)\r\n"
    }
    send(Data("\(head)\r\n".utf8), to: connection)
    if reply.isEndless {
      let chunk = Data("\(String(reply.body.count, radix: 16))\r\n".utf8) + reply.body + Data("\r\n".utf8)
      while send(chunk, to: connection) {}
      return
    }
    if request.method != "HEAD" { send(reply.body.prefix(reply.cutAfter ?? .max), to: connection) }
    shutdown(connection, Int32(1))
  }

  private func readRequest(_ connection: Int32) -> Request? {
    var received: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    let end = Array("\r\n\r\n".utf8)
    while received.count < 65_536, received.suffix(4) != end[...] {
      let count = recv(connection, &buffer, buffer.count, 0)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return nil }
      received += buffer[..<count]
    }
    let lines = String(decoding: received, as: UTF8.self).components(separatedBy: "\r\n")
    let parts = lines[0].split(separator: " ").map(String.init)
    guard parts.count == 3 else { return nil }
    var headers: [String: String] = [:]
    for line in lines.dropFirst() {
      let pair = line.split(separator: ":", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
      if pair.count == 2 { headers[pair[0].lowercased()] = pair[1] }
    }
    return Request(method: parts[0], target: parts[1], headers: headers)
  }

  /// False if the client has disconnected.
  @discardableResult
  private func send(_ data: Data, to connection: Int32) -> Bool {
    #if canImport(Darwin)
      let flags: Int32 = 0
    #else
      let flags = Int32(MSG_NOSIGNAL)
    #endif
    return data.withUnsafeBytes { bytes in
      var rest = bytes[...]
      while !rest.isEmpty {
        let part = UnsafeRawBufferPointer(rebasing: rest)
        #if canImport(Darwin)
          let count = Darwin.send(connection, part.baseAddress, part.count, flags)
        #else
          let count = Glibc.send(connection, part.baseAddress, part.count, flags)
        #endif
        if count < 0, errno == EINTR { continue }
        if count <= 0 { return false }
        sent.withLock { $0 += count }
        rest = rest.dropFirst(count)
      }
      return true
    }
  }
}
