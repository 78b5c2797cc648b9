#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Marks a folder as owned by a process: `flock` on the folder itself, which survives renaming and which the system releases when the process ends,
/// in whatever container it ran.
package final class FolderLock: Sendable {
  /// Why the lock cannot be taken.
  enum Obstacle: Error {
    /// Another process holds it.
    case held
    /// The folder does not exist (a link does not count), or was renamed meanwhile.
    case missing
    /// The file system does not support locks.
    case unsupported
  }

  private let descriptor: Int32

  /// Takes the lock without waiting.
  init(taking path: String) throws(Obstacle) {
    let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    guard descriptor >= 0 else { throw .missing }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let isHeld = errno == EWOULDBLOCK
      close(descriptor)
      throw isHeld ? .held : .unsupported
    }
    guard Self.isCurrent(descriptor, path) else {
      close(descriptor)
      throw .missing
    }
    self.descriptor = descriptor
  }

  /// The lock; nil if it cannot be taken for any reason.
  package convenience init?(_ path: String) { try? self.init(taking: path) }

  deinit { close(descriptor) }

  /// False if the folder was removed or renamed between opening and locking it.
  private static func isCurrent(_ descriptor: Int32, _ path: String) -> Bool {
    var mine = stat(), there = stat()
    return fstat(descriptor, &mine) == 0 && lstat(path, &there) == 0 && mine.st_ino == there.st_ino
      && mine.st_dev == there.st_dev
  }
}
