import Foundation
import Synchronization
import ZooCheckpoints
import ZooTestSupport

@testable import ZooStore

/// A folder that is removed with its owner.
final class TemporaryFolder: Sendable {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appending(path: "zoo-store-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  func path(_ name: String) -> String { url.appending(path: name).path(percentEncoded: false) }

  @discardableResult
  func write(_ text: String, _ name: String) throws -> URL { try write(Data(text.utf8), name) }

  @discardableResult
  func write(_ data: Data, _ name: String) throws -> URL {
    let file = url.appending(path: name)
    try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try data.write(to: file)
    return file
  }

  /// Paths of all files in it, sorted, without those that start with a dot.
  var files: [String] {
    let all = FileManager.default.enumerator(atPath: url.path)?.compactMap { $0 as? String } ?? []
    return all.filter { name in
      var isFolder: ObjCBool = false
      return FileManager.default.fileExists(atPath: path(name), isDirectory: &isFolder) && !isFolder.boolValue
    }.sorted()
  }
}

/// A hub, an empty store and an empty cache, with waits that are only counted.
final class PullSetting: Sendable {
  let hub: HubStub
  let folder: TemporaryFolder
  let pauses = Pauses()

  init() throws {
    hub = try HubStub()
    folder = try TemporaryFolder()
  }

  /// Records the seconds that would have been waited.
  final class Pauses: Sendable {
    private let list = Mutex<[Double]>([])
    var seconds: [Double] { list.withLock { $0 } }
    func add(_ value: Double) { list.withLock { $0.append(value) } }
  }

  var store: ModelStore { ModelStore(home: folder.url.appending(path: "home")) }

  func puller(token: String? = nil, offline: Bool = false, endpoint: URL? = nil) -> Puller {
    let pauses = pauses
    return Puller(
      store: store,
      settings: HubSettings(
        endpoint: endpoint ?? hub.url, token: token, isOffline: offline, cache: folder.url.appending(path: "cache")),
      policy: RetryPolicy { pauses.add($0) })
  }

  func source(_ reference: String) throws -> PullSource {
    try PullSource(PullReference(reference, endpoint: hub.url), registry: .init(layers: []))
  }

  /// Pulls a reference and returns the path of its checkpoint.
  func pull(_ reference: String, token: String? = nil) async throws -> URL {
    let puller = puller(token: token)
    return try await puller.fetch(puller.plan(source(reference)))
  }

  /// The error of a pull in words; empty if there is none. The port, which varies, becomes PORT, the folder FOLDER.
  func sentence(_ body: () async throws -> Void) async -> String {
    do {
      try await body()
      return ""
    } catch {
      return "\(error)".replacing("\(hub.url.port ?? 0)", with: "PORT")
        .replacing(folder.url.path(percentEncoded: false), with: "FOLDER")
    }
  }
}

/// Bytes with a long period.
func noise(_ count: Int, seed: UInt64 = 1) -> Data {
  var state = seed
  var bytes = [UInt64](repeating: 0, count: (count + 7) / 8)
  bytes.withUnsafeMutableBufferPointer { buffer in
    for index in 0..<buffer.count {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      buffer[index] = state ^ state >> 29
    }
  }
  return bytes.withUnsafeBytes { Data($0.prefix(count)) }
}

/// SHA-256 in lowercase hexadecimal; its implementation has tests of its own.
func sha(_ data: Data) -> String { "\(data.withUnsafeBytes(sha256))" }

/// What happened, in order.
final class Events: Sendable {
  private let list = Mutex<[String]>([])
  var all: [String] { list.withLock { $0 } }
  func add(_ event: String) { list.withLock { $0.append(event) } }
  func clear() { list.withLock { $0.removeAll() } }
}
