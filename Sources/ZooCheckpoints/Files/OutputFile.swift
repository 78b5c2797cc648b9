import ZooTensors

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Receives the bytes of the announced tensors, in order.
package protocol TensorWriter: AnyObject {
  /// Writes the next bytes of the current tensor; when it is full, the next tensor becomes the current one.
  func append(_ bytes: UnsafeRawBufferPointer) throws(CheckpointError)
  /// Checks that all tensors are complete and gives the file its final name.
  ///
  /// - Parameter synced: True to wait until everything is on the disk; false to leave that to the caller.
  func finish(synced: Bool) throws(CheckpointError)
}

extension TensorWriter {
  /// Checks that all tensors are complete, syncs the file to the disk and gives it its final name.
  package func finish() throws(CheckpointError) { try finish(synced: true) }
}

/// A file that is written as `PATH.partial`, then synced and renamed; without `finish()` it is removed. A symbolic link of that name is not followed.
final class OutputFile {
  private let path: String
  let partialPath: String
  private var descriptor: Int32
  /// Bytes written so far.
  private(set) var position = 0
  /// Number of bytes that the system has already been asked to write back.
  private var started = 0

  init(_ path: String) throws(CheckpointError) {
    self.path = path
    partialPath = path + ".partial"
    descriptor = open(partialPath, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o644)
    guard descriptor >= 0 else { throw CheckpointError(path, .writeFailed, found: systemMessage(errno)) }
  }

  deinit { abandon() }

  func write(_ bytes: UnsafeRawBufferPointer) throws(CheckpointError) {
    try write(bytes, at: position)
    position += bytes.count
    #if os(Linux)
      // Lets the disk work while the next bytes are computed, instead of all at once in the final sync. For pages just written, this advice is what
      // starts the write-back.
      if position - started >= 32 << 20 {
        posix_fadvise(descriptor, off_t(started), off_t(position - started), POSIX_FADV_DONTNEED)
        started = position
      }
    #endif
  }

  func write(_ bytes: [UInt8]) throws(CheckpointError) {
    let copy = ByteView(copying: bytes)
    defer { withExtendedLifetime(copy) {} }
    try write(copy.bytes)
  }

  /// Replaces bytes that were written before.
  func overwrite(_ bytes: [UInt8], at offset: Int) throws(CheckpointError) {
    let copy = ByteView(copying: bytes)
    defer { withExtendedLifetime(copy) {} }
    try write(copy.bytes, at: offset)
  }

  /// Extends the file to its final size.
  func extend(by count: Int) throws(CheckpointError) {
    let (length, overflow) = position.addingReportingOverflow(count)
    guard !overflow else {
      abandon()
      throw CheckpointError(path, .sizeOverflow)
    }
    guard ftruncate(descriptor, off_t(length)) == 0 else { throw failure() }
  }

  /// Gives the file its final name, after a sync to the disk if `synced`.
  func finish(synced: Bool) throws(CheckpointError) {
    guard descriptor >= 0 else { throw CheckpointError(path, .writeFailed, found: "the file was given up") }
    guard !synced || fsync(descriptor) == 0, rename(partialPath, path) == 0 else { throw failure() }
    close(descriptor)
    descriptor = -1
    if synced { syncFolder() }
  }

  func abandon() {
    guard descriptor >= 0 else { return }
    close(descriptor)
    descriptor = -1
    unlink(partialPath)
  }

  private func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(CheckpointError) {
    guard descriptor >= 0 else { throw CheckpointError(path, .writeFailed, found: "the file was given up") }
    var rest = bytes[...], offset = offset
    while !rest.isEmpty {
      let chunk = UnsafeRawBufferPointer(rebasing: rest.prefix(1 << 26))
      let count = pwrite(descriptor, chunk.baseAddress, chunk.count, off_t(offset))
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw failure() }
      rest = rest.dropFirst(count)
      offset += count
    }
  }

  private func failure() -> CheckpointError {
    let message = systemMessage(errno)
    abandon()
    return CheckpointError(path, .writeFailed, found: message)
  }

  /// Makes the new name durable, if the file system supports it.
  private func syncFolder() {
    let name = splitPath(path).parent
    let folder = open(name.isEmpty ? "." : name, O_RDONLY | O_CLOEXEC)
    guard folder >= 0 else { return }
    fsync(folder)
    close(folder)
  }
}
