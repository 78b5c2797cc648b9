import Foundation
import Synchronization

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// A lock of the zoo that one process holds at a time: `flock` on a file of `$ZOO_HOME/locks`, which the system gives up when
/// the process ends, however it ends.
public final class StoreLock: Sendable {
  private let path: String
  /// Nil once the lock is given up.
  private let descriptor: Mutex<Int32?>

  private init(path: String, descriptor: Int32) {
    self.path = path
    self.descriptor = Mutex(descriptor)
  }

  deinit { release() }

  /// Gives the lock up and removes its file; later calls do nothing.
  public func release() {
    descriptor.withLock { descriptor in
      guard let open = descriptor else { return }
      descriptor = nil
      // Removed while it is held: whoever waits for it sees that the file is another by then.
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
      let descriptor = openFile(path)
      guard descriptor >= 0 else { throw failure(path) }
      while flock(descriptor, waits ? LOCK_EX : LOCK_EX | LOCK_NB) != 0 {
        if errno == EINTR { continue }
        let error = failure(path)
        let isHeld = errno == EWOULDBLOCK
        close(descriptor)
        if isHeld { return nil }
        throw error
      }
      if isCurrent(descriptor, path) {
        let text = "\(getpid())\n"
        ftruncate(descriptor, 0)
        _ = text.withCString { write(descriptor, $0, strlen($0)) }
        return StoreLock(path: path, descriptor: descriptor)
      }
      close(descriptor)
    }
  }

  /// False where the file was removed (by its last holder) between opening and locking it.
  private static func isCurrent(_ descriptor: Int32, _ path: String) -> Bool {
    var mine = stat(), there = stat()
    return fstat(descriptor, &mine) == 0 && stat(path, &there) == 0 && mine.st_ino == there.st_ino
      && mine.st_dev == there.st_dev
  }

  private static func openFile(_ path: String, creating: Bool = true) -> Int32 {
    let flags = O_RDWR | O_CLOEXEC | (creating ? O_CREAT : 0)
    #if canImport(Darwin)
      return Darwin.open(path, flags, 0o644)
    #elseif canImport(Musl)
      return Musl.open(path, flags, 0o644)
    #else
      return Glibc.open(path, flags, 0o644)
    #endif
  }

  private static func failure(_ path: String) -> StoreError {
    .lockFailed(path: path, reason: String(cString: strerror(errno)))
  }

  /// True while a process holds the lock of this file. The file stays as it is.
  static func isHeld(_ path: String) -> Bool {
    let descriptor = openFile(path, creating: false)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    return flock(descriptor, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK
  }

  /// The process that a lock's file names.
  static func holder(_ path: String) -> Int? {
    (try? String(contentsOfFile: path, encoding: .utf8)).flatMap {
      Int($0.trimmingCharacters(in: .whitespacesAndNewlines))
    }
  }
}

extension Store {
  /// Takes the lock of something that is worked on, such as a model's name; waits while another process has it.
  ///
  /// - Parameter waiting: Called once, with the number of the other process where it is known, before the wait.
  /// - Returns: The lock, which holds for as long as the object lives.
  public func lock(_ name: String, waiting: (Int?) -> Void = { _ in }) throws(StoreError) -> StoreLock {
    let path = try lockFile(name)
    if let lock = try StoreLock.attempt(path) { return lock }
    waiting(StoreLock.holder(path))
    return try StoreLock.wait(path)
  }

  /// The lock, or nil while another process has it.
  func attemptLock(_ name: String) throws(StoreError) -> StoreLock? { try StoreLock.attempt(lockFile(name)) }

  private func lockFile(_ name: String) throws(StoreError) -> String {
    do {
      try FileManager.default.createDirectory(at: locks, withIntermediateDirectories: true)
    } catch {
      throw .lockFailed(
        path: locks.path(percentEncoded: false), reason: (error as NSError).localizedDescription)
    }
    return locks.appending(path: Self.lockName(name)).path(percentEncoded: false)
  }

  /// A name as a file's: letters of any case are the same model, and nothing leads out of the folder.
  static func lockName(_ name: String) -> String {
    let safe = name.lowercased().unicodeScalars.map { scalar in
      scalar.isASCII
        && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar) || "-_.".unicodeScalars.contains(scalar))
        ? Character(scalar) : "-"
    }
    return String(String(safe).drop { $0 == "." }.suffix(180)) + ".lock"
  }
}
