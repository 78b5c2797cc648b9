#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Says whose a folder is: `flock` on the folder itself, which goes along when it is renamed and which the system gives up when its
/// process ends, in whatever container that ran.
package final class FolderLock: Sendable {
  /// Why there is no lock.
  enum Obstacle: Error {
    /// A process has it.
    case held
    /// There is no such folder (a link is none), or it has another name by now.
    case missing
    /// The file system has no locks.
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

  /// The lock; nil where it cannot be had for any reason.
  package convenience init?(_ path: String) { try? self.init(taking: path) }

  deinit { close(descriptor) }

  /// False where the folder was removed or renamed between opening and locking it.
  private static func isCurrent(_ descriptor: Int32, _ path: String) -> Bool {
    var mine = stat(), there = stat()
    return fstat(descriptor, &mine) == 0 && lstat(path, &there) == 0 && mine.st_ino == there.st_ino
      && mine.st_dev == there.st_dev
  }
}
