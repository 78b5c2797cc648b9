import Foundation

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Writes a file and waits until it is on the disk.
///
/// - Parameters:
///   - synced: False to not wait for the disk.
///   - following: True to follow a symbolic link at that path.
package func writeFile(
  _ data: Data, to path: String, mode: mode_t = 0o644, synced: Bool = true, following: Bool = false
) throws(FileError) {
  func failure() -> FileError { FileError(path: path, kind: .failed, reason: String(cString: strerror(errno))) }
  let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | (following ? 0 : O_NOFOLLOW), mode)
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
    return synced && fsync(descriptor) != 0
  }
  if failed { throw failure() }
}

/// Writes a file under a hidden name and then renames it, so that readers see either the old or the complete new content. A symbolic link at that
/// path is replaced.
///
/// Files that grow piece by piece use `OutputFile`, folders `ConversionWork`.
package func replaceFile(
  _ path: String, with data: Data, mode: mode_t = 0o644, synced: Bool = true
) throws(FileError) {
  let url = URL(filePath: path), name = ".\(url.lastPathComponent).\(UInt32.random(in: 0...UInt32.max)).part"
  let partial = url.deletingLastPathComponent().appending(path: name).path(percentEncoded: false)
  do throws(FileError) {
    try writeFile(data, to: partial, mode: mode, synced: synced)
    guard rename(partial, path) == 0 else {
      throw FileError(path: path, kind: .failed, reason: String(cString: strerror(errno)))
    }
  } catch {
    unlink(partial)
    throw error
  }
}

/// Writes a file atomically, following links. If the target is not a regular file, such as `/dev/stdout`, writes to it directly.
package func writeWhole(_ data: Data, to path: String) throws(FileError) {
  let path = URL(filePath: path).resolvingSymlinksInPath().path
  var status = stat()
  let exists = stat(path, &status) == 0
  if exists, status.st_mode & S_IFMT != S_IFREG { return try writeFile(data, to: path, synced: false, following: true) }
  try replaceFile(path, with: data, mode: exists ? status.st_mode & 0o777 : 0o666, synced: false)
}
