import Foundation

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Writes a small file and waits until it is on the disk. A link in its place is not followed.
package func writeFile(_ data: Data, to path: String) throws(FileError) {
  func failure() -> FileError { FileError(path: path, kind: .failed, reason: String(cString: strerror(errno))) }
  let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o644)
  guard descriptor >= 0 else { throw failure() }
  defer { close(descriptor) }
  let failed = data.withUnsafeBytes { bytes -> Bool in
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
      if count < 0 && errno == EINTR { continue }
      if count <= 0 { return true }
      rest = rest.dropFirst(count)
    }
    return fsync(descriptor) != 0
  }
  if failed { throw failure() }
}

/// Writes a small file under another name, waits until it is on the disk, and gives it its name.
package func replaceFile(_ path: String, with data: Data) throws(FileError) {
  let partial = "\(path).\(UInt32.random(in: 0...UInt32.max))"
  do throws(FileError) {
    try writeFile(data, to: partial)
    guard rename(partial, path) == 0 else {
      throw FileError(path: path, kind: .failed, reason: String(cString: strerror(errno)))
    }
  } catch {
    unlink(partial)
    throw error
  }
}
