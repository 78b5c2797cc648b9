import Foundation
import Synchronization
import ZooCheckpoints
import ZooModels
import ZooTensors

/// Downloads one file from a server to `target`: in ranges into `target.part`, which a later call continues.
///
/// `target.source.json` records which version of the file the part belongs to. The file gets its name once its size and digest are verified; memory
/// is bounded by the ranges in flight.
struct Download {
  let remote: RemoteFile
  let target: URL
  let reader: WebReader
  /// Maximum number of bytes if the server does not tell the size.
  var untoldLimit = PullSource.unregisteredLimit
  /// Bytes per range, and the number of ranges in flight at once.
  var rangeSize = 4 << 20
  var rangesAtOnce = 4

  private var part: URL { target.appendingPathExtension("part") }
  private var record: URL { Self.record(of: target) }

  static func record(of target: URL) -> URL { target.appendingPathExtension("source.json") }

  /// Bytes that need not be downloaded again: all of a finished file, or those of a part that belongs to this version.
  static func bytesHere(_ remote: RemoteFile, at target: URL) -> Int {
    guard let size = remote.size, Record(remote).isSame(as: record(of: target)) else { return 0 }
    if let whole = fileSize(target) { return whole == size ? size : 0 }
    return remote.hasRanges ? min(size, fileSize(target.appendingPathExtension("part")) ?? 0) : 0
  }

  /// - Parameter progress: Called with the number of bytes of the file that are there.
  func run(progress: @escaping @Sendable (Int) -> Void) async throws {
    let here = Self.bytesHere(remote, at: target)
    if here == remote.size, fileSize(target) != nil { return progress(here) }
    try? FileManager.default.removeItem(at: target)
    if here == 0 {
      try? FileManager.default.removeItem(at: part)
      try writing(record) {
        try replaceFile(record.path(percentEncoded: false), with: Record(remote).encoded())
      }
    }
    if let size = remote.size, remote.hasRanges, size > 0 {
      try await fetchRanges(size: size, from: here, progress: progress)
    } else {
      try await fetchWhole(progress: progress)
    }
    try writing(target) { try FileManager.default.moveItem(at: part, to: target) }
  }

  private func fetchRanges(size: Int, from here: Int, progress: @escaping @Sendable (Int) -> Void) async throws {
    let hasher = remote.digest.map { _ in SHA256Hasher() }
    if here > 0, let hasher { try hash(part, into: hasher, upTo: here) }
    let file = try PartFile(part, keeping: here)
    progress(here)
    let arrivals = Arrivals(written: here, report: progress)
    try await withThrowingTaskGroup(of: (first: Int, data: Data).self) { group in
      var next = here, written = here
      var waiting: [Int: Data] = [:]
      func launch() {
        guard next < size else { return }
        let range = next..<min(next + rangeSize, size)
        next = range.upperBound
        group.addTask {
          let data = try await reader.read(range, of: remote) { arrivals.note($0, at: range.lowerBound) }
          return (range.lowerBound, data)
        }
      }
      for _ in 0..<rangesAtOnce { launch() }
      while let (first, data) = try await group.next() {
        waiting[first] = data
        while let data = waiting.removeValue(forKey: written) {
          try file.append(data)
          if let hasher { data.withUnsafeBytes { hasher.update($0) } }
          arrivals.write(data.count, at: written)
          written += data.count
          launch()
        }
      }
    }
    try file.sync()
    try check(size: size, digest: hasher.map { "\($0.finish())" })
  }

  private func fetchWhole(progress: @escaping @Sendable (Int) -> Void) async throws {
    if let size = remote.size, size <= rangeSize {
      let data = try await reader.readAll(remote, limit: size)
      try writing(part) { try writeFile(data, to: part.path(percentEncoded: false)) }
    } else {
      // An unfinished file cannot be continued.
      var isWhole = false
      defer { if !isWhole { try? FileManager.default.removeItem(at: part) } }
      try await reader.download(remote, limit: remote.size ?? room(), to: part, progress: progress)
      isWhole = true
    }
    let found = fileSize(part) ?? 0
    progress(found)
    let hasher = remote.digest.map { _ in SHA256Hasher() }
    if let hasher { try hash(part, into: hasher, upTo: found) }
    try check(size: found, digest: hasher.map { "\($0.finish())" })
  }

  /// The allowed size of a file whose size is unknown: up to the limit, and so that a gigabyte stays free on the disk.
  private func room() throws -> Int {
    let folder = part.deletingLastPathComponent().path(percentEncoded: false), kept = 1 << 30
    guard let free = freeSpace(folder) else { return untoldLimit }
    guard free > kept else { throw PullError.noSpace(folder, needed: kept, free: free) }
    return min(untoldLimit, free - kept)
  }

  /// Rejects a file that differs from what was announced; it is removed, so that the next call starts over.
  private func check(size: Int, digest: String?) throws(PullError) {
    func refuse(_ error: PullError) -> PullError {
      for url in [part, record] { try? FileManager.default.removeItem(at: url) }
      return error
    }
    if let expected = remote.size, expected != size {
      throw refuse(.wrongSize(remote.address.file, expected: expected, found: size))
    }
    if let expected = remote.digest, let digest, expected != digest {
      throw refuse(.wrongDigest(remote.address.file, expected: expected, found: digest))
    }
  }

  private func hash(_ file: URL, into hasher: SHA256Hasher, upTo count: Int) throws {
    try hashFile(file, into: hasher, upTo: count)
  }
}

/// Which version of a remote file a local one belongs to.
private struct Record: Codable, Hashable {
  var address: String
  var size: Int?
  var etag: String?
  var sha256: String?

  init(_ remote: RemoteFile) {
    address = remote.address.url.shown
    size = remote.size
    etag = remote.etag
    sha256 = remote.digest
  }

  /// Whether both are certain to be the same bytes.
  func isSame(as file: URL) -> Bool {
    guard let data = try? Data(contentsOf: file), let other = try? JSONDecoder().decode(Record.self, from: data) else {
      return false
    }
    guard size == other.size else { return false }
    if let sha256, let theirs = other.sha256 { return sha256 == theirs }
    return etag != nil && etag == other.etag
  }

  func encoded() throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(self)
  }
}

/// Bytes that have arrived, although they are written range by range.
private final class Arrivals: Sendable {
  /// Bytes of the ranges that are not written yet, by the offset of the range.
  private let state: Mutex<(written: Int, arriving: [Int: Int])>
  private let report: @Sendable (Int) -> Void

  init(written: Int, report: @escaping @Sendable (Int) -> Void) {
    state = Mutex((written, [:]))
    self.report = report
  }

  func note(_ count: Int, at first: Int) { update { $0.arriving[first] = count } }

  func write(_ count: Int, at first: Int) {
    update { state in
      state.arriving[first] = nil
      state.written += count
    }
  }

  private func update(_ change: (inout (written: Int, arriving: [Int: Int])) -> Void) {
    // Reported while holding the lock, so that the number never decreases.
    state.withLock { state in
      let before = Self.sum(state)
      change(&state)
      let now = Self.sum(state)
      if now != before { report(now) }
    }
  }

  private static func sum(_ state: (written: Int, arriving: [Int: Int])) -> Int {
    state.written + state.arriving.values.reduce(0, +)
  }
}

/// A file that grows at its end.
private final class PartFile {
  private let url: URL
  private let handle: OpenFile

  /// Opens or creates the file and truncates it to its first `count` bytes.
  init(_ url: URL, keeping count: Int) throws {
    self.url = url
    handle = try writing(url) {
      // A symbolic link at that path is not followed.
      let handle = try OpenFile(url.path(percentEncoded: false), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW)
      try handle.truncate(to: count)
      try handle.seekToEnd()
      return handle
    }
  }

  func append(_ data: Data) throws { try writing(url) { try handle.write(data) } }
  func sync() throws { try writing(url) { try handle.synchronize() } }
}
