import Foundation
import Synchronization
import ZooModels
import ZooTensors

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// A lock in the store that one process holds at a time: `flock` on a file in `$ZOO_HOME/locks`, which the system releases when the process ends,
/// however it ends.
///
/// Only a file that this program can have created is opened: a regular file with one name, owned by this user, that nobody else may write.
package final class StoreLock: Sendable {
  private let path: String
  /// Nil once the lock is released.
  private let descriptor: Mutex<Int32?>

  private init(path: String, descriptor: Int32) {
    self.path = path
    self.descriptor = Mutex(descriptor)
  }

  deinit { release() }

  /// Releases the lock and removes its file; later calls do nothing.
  package func release() {
    descriptor.withLock { descriptor in
      guard let open = descriptor else { return }
      descriptor = nil
      // Removed while it is held: a waiting process notices that it is a different file by then.
      if Self.isCurrent(open, path) { unlink(path) }
      close(open)
    }
  }

  /// The lock, or nil while another process holds it.
  static func attempt(_ path: String) throws(StoreError) -> StoreLock? {
    try open(path, waits: false)
  }

  /// Waits for the lock.
  static func wait(_ path: String) throws(StoreError) -> StoreLock {
    guard let lock = try open(path, waits: true) else { throw .lockFailed(path: path, reason: "it is held") }
    return lock
  }

  private static func open(_ path: String, waits: Bool) throws(StoreError) -> StoreLock? {
    while true {
      let descriptor = try openFile(path, creating: true)
      while flock(descriptor, waits ? LOCK_EX : LOCK_EX | LOCK_NB) != 0 {
        if errno == EINTR { continue }
        let error = failure(path)
        let isHeld = errno == EWOULDBLOCK
        close(descriptor)
        if isHeld { return nil }
        throw error
      }
      if isCurrent(descriptor, path) {
        sign(descriptor)
        return StoreLock(path: path, descriptor: descriptor)
      }
      close(descriptor)
    }
  }

  /// False if the file was removed (by its last holder) between opening and locking it.
  private static func isCurrent(_ descriptor: Int32, _ path: String) -> Bool {
    var mine = stat(), there = stat()
    return fstat(descriptor, &mine) == 0 && lstat(path, &there) == 0 && mine.st_ino == there.st_ino
      && mine.st_dev == there.st_dev
  }

  /// Opens a lock file without following links, blocking or truncating.
  private static func openFile(_ path: String, creating: Bool) throws(StoreError) -> Int32 {
    let flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | (creating ? O_CREAT : 0)
    #if canImport(Darwin)
      let descriptor = Darwin.open(path, flags, 0o644)
    #elseif canImport(Musl)
      let descriptor = Musl.open(path, flags, 0o644)
    #else
      let descriptor = Glibc.open(path, flags, 0o644)
    #endif
    guard descriptor >= 0 else {
      throw errno == ELOOP ? .lockFailed(path: path, reason: "it is a symbolic link") : failure(path)
    }
    var information = stat()
    guard fstat(descriptor, &information) == 0 else {
      defer { close(descriptor) }
      throw failure(path)
    }
    if let reason = strangeness(information) {
      close(descriptor)
      throw .lockFailed(path: path, reason: reason)
    }
    return descriptor
  }

  /// Why a file cannot be a lock created by this user's program.
  private static func strangeness(_ file: stat) -> String? {
    if file.st_mode & S_IFMT != S_IFREG { return "it is not a file" }
    // A removed file has none: then another process was faster.
    if file.st_nlink > 1 { return "it has another name as well" }
    if geteuid() != 0, file.st_uid != geteuid() { return "it belongs to another user" }
    if file.st_mode & 0o022 != 0 { return "other users may write it" }
    return file.st_size > signatureSize ? "it is not a lock" : nil
  }

  private static let signatureSize = 16

  /// Overwrites the last holder's process number with this one, in a width that fits all.
  private static func sign(_ descriptor: Int32) {
    let number = "\(getpid())"
    let text = number + String(repeating: " ", count: max(0, signatureSize - 1 - number.utf8.count)) + "\n"
    _ = text.withCString { pwrite(descriptor, $0, strlen($0), 0) }
  }

  private static func failure(_ path: String) -> StoreError {
    .lockFailed(path: path, reason: String(cString: strerror(errno)))
  }

  /// Whether a process holds the lock of this file. The file is not changed.
  static func isHeld(_ path: String) -> Bool {
    guard let descriptor = try? openFile(path, creating: false) else { return false }
    defer { close(descriptor) }
    return flock(descriptor, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK
  }

  /// Whether a file is a lock that no process holds.
  static func isStale(_ path: String) -> Bool {
    guard let descriptor = try? openFile(path, creating: false) else { return false }
    defer { close(descriptor) }
    return flock(descriptor, LOCK_SH | LOCK_NB) == 0
  }

  /// The process number in a lock file.
  static func holder(_ path: String) -> Int? {
    (try? readFile(path, limit: signatureSize, following: false)).flatMap {
      Int(String(decoding: $0, as: UTF8.self).trimmed)
    }
  }
}

extension ModelStore {
  /// Takes the lock for something such as a model's name; waits while another process holds it.
  ///
  /// - Parameter waiting: Called once before the wait, with the number of the other process if known.
  /// - Returns: The lock, which is held as long as the object lives.
  package func lock(_ name: String, waiting: (Int?) -> Void = { _ in }) throws(StoreError) -> StoreLock {
    let path = try lockFile(name)
    if let lock = try StoreLock.attempt(path) { return lock }
    waiting(StoreLock.holder(path))
    return try StoreLock.wait(path)
  }

  /// The asynchronous version: waits without blocking a thread, and ends if the task is cancelled.
  package func takeLock(_ name: String) async throws -> StoreLock {
    while true {
      if let lock = try attemptLock(name) { return lock }
      try await Task.sleep(for: .milliseconds(100))
    }
  }

  /// The lock, or nil while another process holds it.
  func attemptLock(_ name: String) throws(StoreError) -> StoreLock? { try StoreLock.attempt(lockFile(name)) }

  private func lockFile(_ name: String) throws(StoreError) -> String {
    do {
      try FileManager.default.createDirectory(at: locks, withIntermediateDirectories: true)
    } catch {
      throw .lockFailed(
        path: locks.path(percentEncoded: false), reason: systemReason(of: error))
    }
    let file = locks.appending(path: Self.lockName(name))
    try prove(locks, in: home)
    return file.path(percentEncoded: false)
  }

  /// A name as a file name: names that differ only in case are the same model, and nothing leads out of the folder.
  static func lockName(_ name: String) -> String {
    let safe = name.lowercased().unicodeScalars.map { scalar in
      scalar.isASCII
        && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar) || "-_.".unicodeScalars.contains(scalar))
        ? Character(scalar) : "-"
    }
    return String(String(safe).drop { $0 == "." }.suffix(180)) + ".lock"
  }
}
