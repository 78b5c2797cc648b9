import Foundation

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

// This project only uses the part of Foundation that is in FoundationEssentials. FileHandle, Thread, NSString and others would link all of Foundation
// with ICU, 14 MB, into the command: `Tools/dist/dist.sh` fails if any of it is used.

/// An open file. It is closed when its last reference goes away.
package final class OpenFile: Sendable {
  package let descriptor: Int32
  private let closes: Bool

  package static let standardInput = OpenFile(descriptor: STDIN_FILENO, closes: false)
  package static let standardError = OpenFile(descriptor: STDERR_FILENO, closes: false)

  package init(descriptor: Int32, closes: Bool = true) { (self.descriptor, self.closes) = (descriptor, closes) }

  /// Opens a file, a pipe or a device.
  package convenience init(reading path: String) throws(POSIXError) {
    try self.init(path, O_RDONLY | O_CLOEXEC)
  }

  /// - Parameter flags: The flags of open(2).
  package convenience init(_ path: String, _ flags: Int32, mode: mode_t = 0o644) throws(POSIXError) {
    let descriptor = open(path, flags, mode)
    guard descriptor >= 0 else { throw .last }
    self.init(descriptor: descriptor)
  }

  deinit { if closes { close(descriptor) } }

  /// Reads from the current offset to the end, at most `limit` bytes.
  package func read(upTo limit: Int = .max) throws(POSIXError) -> Data {
    var information = stat()
    // Pipes and files in /proc report no size.
    let stated =
      fstat(descriptor, &information) == 0 ? Int(information.st_size) - Int(lseek(descriptor, 0, SEEK_CUR)) : 0
    var data = Data(), piece = max(stated + 1, 1 << 16)
    while data.count < limit {
      let start = data.count
      data.count += min(piece, limit - start)
      let count = data.withUnsafeMutableBytes { bytes in
        retried { Foundation.read(descriptor, bytes.baseAddress.map { $0 + start }, bytes.count - start) }
      }
      guard count >= 0 else { throw .last }
      data.count = start + count
      if count == 0 { break }
      piece = max(1 << 16, start / 2)
    }
    return data
  }

  package func write(_ bytes: UnsafeRawBufferPointer) throws(POSIXError) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = retried {
        Foundation.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
      }
      guard count >= 0 else { throw .last }
      rest = rest.dropFirst(count)
    }
  }

  package func write(_ data: Data) throws(POSIXError) {
    let result = data.withUnsafeBytes { bytes in Result { () throws(POSIXError) in try write(bytes) } }
    try result.get()
  }

  /// The current offset.
  package func offset() throws(POSIXError) -> Int { try seek(0, SEEK_CUR) }

  package func seek(to offset: Int) throws(POSIXError) { _ = try seek(offset, SEEK_SET) }

  /// Moves to the end of the file and returns its size.
  @discardableResult package func seekToEnd() throws(POSIXError) -> Int { try seek(0, SEEK_END) }

  package func truncate(to size: Int) throws(POSIXError) {
    guard ftruncate(descriptor, off_t(size)) == 0 else { throw .last }
  }

  /// Waits until everything is on the disk.
  package func synchronize() throws(POSIXError) { guard fsync(descriptor) == 0 else { throw .last } }

  private func seek(_ offset: Int, _ origin: Int32) throws(POSIXError) -> Int {
    let place = lseek(descriptor, off_t(offset), origin)
    guard place >= 0 else { throw .last }
    return Int(place)
  }

  /// Repeats a call that a signal interrupts.
  private func retried(_ body: () -> Int) -> Int {
    while true {
      let count = body()
      if count >= 0 || errno != EINTR { return count }
    }
  }
}

extension POSIXError {
  /// The error of the last system call.
  package static var last: POSIXError { POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
}
