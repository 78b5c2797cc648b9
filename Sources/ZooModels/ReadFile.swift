import Foundation
import ZooTensors

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Why a file beside the weights cannot be read, as a clause.
package struct FileError: ZooError, Equatable {
  package enum Kind: Sendable { case missing, forbidden, notAFile, tooLarge, failed }
  package let path: String
  package let kind: Kind
  package let reason: String

  package var blame: Blame { .input }
  package var description: String { "\(path) cannot be read: \(reason)" }
}

/// The bytes of a regular file of at most `limit` bytes. Pipes, devices and folders are rejected without blocking.
///
/// - Parameter following: False to refuse a symbolic link.
package func readFile(_ path: String, limit: Int, following: Bool = true) throws(FileError) -> Data {
  func fail(_ kind: FileError.Kind, _ reason: String) -> FileError { FileError(path: path, kind: kind, reason: reason) }
  func systemFailure() -> FileError {
    switch errno {
    case ENOENT, ENOTDIR: fail(.missing, "there is no such file")
    case EACCES, EPERM: fail(.forbidden, "it may not be read")
    case ELOOP: fail(.notAFile, "it is a symbolic link")
    default: fail(.failed, String(cString: strerror(errno)))
    }
  }
  guard !path.utf8.contains(0) else { throw fail(.missing, "there is no such file") }
  let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | (following ? 0 : O_NOFOLLOW))
  guard descriptor >= 0 else { throw systemFailure() }
  let handle = OpenFile(descriptor: descriptor)
  var information = stat()
  guard fstat(descriptor, &information) == 0 else { throw systemFailure() }
  guard information.st_mode & S_IFMT == S_IFREG else { throw fail(.notAFile, "it is not a file") }
  do {
    // The size stated by the system may be outdated, so the bytes that were read are counted.
    let data = try handle.read(upTo: limit + 1)
    guard data.count <= limit else { throw fail(.tooLarge, "it is larger than \(limit) bytes") }
    return data
  } catch let error as FileError {
    throw error
  } catch {
    throw fail(.failed, systemReason(of: error))
  }
}
