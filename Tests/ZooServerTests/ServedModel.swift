import Foundation
import ZooFixtures
import ZooImages
import ZooModels
import ZooRuntime
import ZooServer
import ZooStore
import ZooTensors
import ZooTestSupport

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A server on this machine whose store has one golden model.
final class ServedModel {
  static let golden = "clip_gelu"
  /// The name of the golden model here.
  let name: String
  /// The names of all models.
  let names: [String]
  let port: Int
  let home: URL
  private let server: ZooServer

  /// - Parameters:
  ///   - others: Further golden models.
  ///   - loading: Called while a model is loaded.
  ///   - progress: The progress reported before that.
  init(
    limits: ServerLimits = ServerLimits(), token: String? = nil, others: [String] = [],
    loading: @escaping @Sendable () -> Void = {}, progress: Double? = nil
  ) throws {
    home = FileManager.default.temporaryDirectory.appending(path: "zoo-server-\(UUID().uuidString)")
    let store = ModelStore(home: home)
    try Self.install(Self.golden, store)
    name = store.installed().first?.name.description ?? ""
    for other in others { try Self.install(other, store) }
    names = [name] + store.installed().map(\.name.description).filter { [name] in $0 != name }
    server = ZooServer(
      store: store,
      tools: ServerTools(
        open: { directory, tell in
          if let progress { tell(progress) }
          loading()
          return try ZooModel(directory: directory)
        },
        size: { text, _ in
          guard let side = Int(text), (8...1024).contains(side) else {
            throw ServerError.badField("size", reason: "no size")
          }
          return GridSize(height: side, width: side)
        }, words: { "\($0)" }), version: "test", limits: limits)
    var address = ZooServer.Address()
    (address.port, address.token) = (0, token)
    port = try server.start(address)
  }

  /// Converted once, and copied for each server.
  private static let converted = [golden, "siglip"].map { model in
    Result {
      let folder = FileManager.default.temporaryDirectory.appending(path: "zoo-served-\(UUID().uuidString)")
      try GoldenModel.convert(model, "openclip/open_clip_model.safetensors", to: folder) {
        if model == "siglip" { ($0.visionActivation, $0.textActivation) = (.gelu, .gelu) }
      }
      // Both files have the same name, and so would their models.
      let file = folder.appending(path: "model.json")
      let text = try String(contentsOf: file, encoding: .utf8)
      try text.replacing(#""tag" : "local""#, with: #""tag" : "\#(model)""#).write(
        to: file, atomically: true, encoding: .utf8)
      return (model, folder)
    }
  }

  private static func install(_ model: String, _ store: ModelStore) throws {
    let folder = try converted.map { try $0.get() }.first { $0.0 == model }?.1
    let target = store.models.appending(path: "\(model)/golden")
    try FileManager.default.createDirectory(at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
    if let folder { try FileManager.default.copyItem(at: folder, to: target) }
  }

  deinit {
    server.stop()
    try? FileManager.default.removeItem(at: home)
  }

  func stop() { server.stop() }
  var paths: [String: String] { server.paths }

  /// Another server at a port.
  static func listen(at port: Int) throws {
    var address = ZooServer.Address()
    address.port = port
    let tools = ServerTools(
      open: { directory, _ in try ZooModel(directory: directory) }, size: { _, _ in GridSize(height: 0, width: 0) },
      words: { "\($0)" })
    try ZooServer(store: ModelStore(home: FileManager.default.temporaryDirectory), tools: tools, version: "test").start(
      address)
  }

  struct Answer {
    let status: Int
    let headers: [String: String]
    let body: Data

    var json: [String: Any] { (try? JSONSerialization.jsonObject(with: body)) as? [String: Any] ?? [:] }
    /// The sentence in a problem document; nil for any other answer.
    var detail: String? { headers["content-type"] == "application/problem+json" ? json["detail"] as? String : nil }
  }

  func get(_ path: String, _ headers: [String: String] = [:]) async throws -> Answer {
    try await send("GET", path, headers: headers)
  }

  func post(_ path: String, _ json: Data, _ headers: [String: String] = [:]) async throws -> Answer {
    try await send("POST", path, headers: ["Content-Type": "application/json"].merging(headers) { $1 }, body: json)
  }

  func post(_ path: String, _ body: Any, _ headers: [String: String] = [:]) async throws -> Answer {
    try await post(path, try JSONSerialization.data(withJSONObject: body), headers)
  }

  func send(_ method: String, _ path: String, headers: [String: String] = [:], body: Data = Data()) async throws
    -> Answer
  {
    let fields = ["Host": "127.0.0.1:\(port)", "Connection": "close", "Content-Length": "\(body.count)"]
      .merging(headers) { $1 }.filter { !$0.value.isEmpty }
    let head = "\(method) \(path) HTTP/1.1\r\n" + fields.map { "\($0): \($1)\r\n" }.joined() + "\r\n"
    return try await exchange(Data(head.utf8) + body)
  }

  /// Sends raw bytes, and reads until the server closes.
  func exchange(_ request: Data) async throws -> Answer {
    // The server answers on the threads that tests run on: waiting there would wait forever.
    try await withCheckedThrowingContinuation { continuation in
      DispatchQueue.global().async { continuation.resume(with: Result { try self.wait(for: request) }) }
    }
  }

  private func wait(for request: Data) throws -> Answer {
    let socket = try connection()
    defer { close(socket) }
    _ = request.withUnsafeBytes { bytes in
      var sent = 0
      while sent < bytes.count {
        #if canImport(Glibc)
          let count = Glibc.send(socket, bytes.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
        #else
          let count = Darwin.send(socket, bytes.baseAddress! + sent, bytes.count - sent, 0)
        #endif
        if count <= 0 { break }
        sent += count
      }
      return sent
    }
    var received = Data(), buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = recv(socket, &buffer, buffer.count, 0)
      if count <= 0 { break }
      received += buffer[..<count]
    }
    return Self.parse(received)
  }

  func connection() throws -> Int32 {
    #if canImport(Glibc)
      let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    #else
      let descriptor = socket(AF_INET, SOCK_STREAM, 0)
      var yes: Int32 = 1
      setsockopt(descriptor, SOL_SOCKET, SO_NOSIGPIPE, &yes, socklen_t(MemoryLayout<Int32>.size))
    #endif
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    if result != 0 { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
    return descriptor
  }

  private static func parse(_ data: Data) -> Answer {
    guard let end = data.range(of: Data("\r\n\r\n".utf8)) else { return Answer(status: 0, headers: [:], body: data) }
    let lines = String(decoding: data[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
    let status = lines[0].split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    let headers = lines.dropFirst().map { line -> (String, String) in
      let parts = line.split(separator: ":", maxSplits: 1)
      return (parts[0].lowercased(), parts.count > 1 ? parts[1].trimmingCharacters(in: .whitespaces) : "")
    }
    return Answer(status: status, headers: Dictionary(headers) { $1 }, body: Data(data[end.upperBound...]))
  }
}
