import ZooTensors

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Takes the bytes of the tensors that were announced, in their order.
package protocol TensorWriter: AnyObject {
  /// Writes the next bytes of the current tensor; when it is full, the next tensor becomes the current one.
  func append(_ bytes: UnsafeRawBufferPointer) throws(CheckpointError)
  /// Checks that all tensors are complete, and gives the file its name.
  ///
  /// - Parameter synced: True to wait until all is on the disk; otherwise that is left to the caller.
  func finish(synced: Bool) throws(CheckpointError)
}

extension TensorWriter {
  /// Checks that all tensors are complete, syncs the file to the disk and gives it its name.
  package func finish() throws(CheckpointError) { try finish(synced: true) }
}

/// A file that is written under `PATH.partial`, synced and renamed; without `finish()` nothing is left of it. A link under that name is not
/// followed.
final class OutputFile {
  private let path: String
  let partialPath: String
  private var descriptor: Int32
  /// Bytes written so far.
  private(set) var position = 0
  /// Bytes that the system was asked to write to the disk already.
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
      // The disk works while the next bytes are made; a file that is synced at its end waits for all of it there. For pages that
      // were just written, this advice is what starts the writing.
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

  /// Writes over bytes that were written before.
  func overwrite(_ bytes: [UInt8], at offset: Int) throws(CheckpointError) {
    let copy = ByteView(copying: bytes)
    defer { withExtendedLifetime(copy) {} }
    try write(copy.bytes, at: offset)
  }

  /// Makes the file as long as it will be.
  func extend(by count: Int) throws(CheckpointError) {
    let (length, overflow) = position.addingReportingOverflow(count)
    guard !overflow else {
      abandon()
      throw CheckpointError(path, .sizeOverflow)
    }
    guard ftruncate(descriptor, off_t(length)) == 0 else { throw failure() }
  }

  /// Gives the file its name, after a sync to the disk where `synced`.
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

  /// Makes the new name itself durable, where the file system can.
  private func syncFolder() {
    let name = splitPath(path).parent
    let folder = open(name.isEmpty ? "." : name, O_RDONLY | O_CLOEXEC)
    guard folder >= 0 else { return }
    fsync(folder)
    close(folder)
  }
}
