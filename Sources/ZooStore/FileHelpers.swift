import Foundation
import ZooCheckpoints
import ZooModels
import ZooTensors

/// The size in bytes of a file, or of all files under a folder; links count as themselves.
func bytes(under url: URL) -> Int {
  guard let status = FileStatus(url) else { return 0 }
  guard status.isFolder else { return status.size }
  let names = (try? FileManager.default.contentsOfDirectory(atPath: url.path(percentEncoded: false))) ?? []
  return names.reduce(0) { $0 + bytes(under: url.appending(path: $1)) }
}

/// Removes a folder if it is empty.
func removeIfEmpty(_ folder: URL) { rmdir(folder.path(percentEncoded: false)) }

/// The modification time of a file, or of the newest file under a folder.
func lastChange(under url: URL) -> Date? {
  guard let status = FileStatus(url) else { return nil }
  guard status.isFolder else { return status.changed }
  let names = (try? FileManager.default.contentsOfDirectory(atPath: url.path(percentEncoded: false))) ?? []
  let dates = names.compactMap { lastChange(under: url.appending(path: $0)) }
  return dates.max() ?? status.changed
}

/// What the system says of a file; links count as themselves.
///
/// The values of FileManager's attributes have other types where Foundation is not linked: a size there is no `Int`.
struct FileStatus {
  let isFolder: Bool
  let size: Int
  /// The modification time.
  let changed: Date

  /// Nil if there is no such file.
  init?(_ url: URL) {
    var status = stat()
    guard lstat(url.path(percentEncoded: false), &status) == 0 else { return nil }
    #if canImport(Darwin)
      let time = status.st_mtimespec
    #else
      let time = status.st_mtim
    #endif
    isFolder = status.st_mode & S_IFMT == S_IFDIR
    size = Int(status.st_size)
    changed = Date(timeIntervalSince1970: Double(time.tv_sec) + Double(time.tv_nsec) / 1e9)
  }
}

/// Runs code that writes a file; errors become a `PullError` that names it.
func writing<T>(_ url: URL, _ body: () throws -> T) throws(PullError) -> T {
  do {
    return try body()
  } catch let error as FileError {
    throw .unwritable(error.path, reason: error.reason)
  } catch {
    throw .unwritable(url.path(percentEncoded: false), reason: systemReason(of: error))
  }
}

/// The free bytes on a folder's disk, if the system tells.
package func freeSpace(_ folder: String) -> Int? {
  var system = statvfs()
  return statvfs(folder, &system) == 0 ? Int(clamping: UInt64(system.f_bavail) * UInt64(system.f_frsize)) : nil
}

/// The size of a file; nil if it does not exist.
func fileSize(_ url: URL) -> Int? { FileStatus(url)?.size }

/// Feeds the first `count` bytes of a file to a hasher, piece by piece.
func hashFile(_ file: URL, into hasher: SHA256Hasher, upTo count: Int) throws {
  let handle = try OpenFile(reading: file.path(percentEncoded: false))
  var left = count
  while left > 0 {
    let data = try handle.read(upTo: min(left, 4 << 20))
    if data.isEmpty { break }
    data.withUnsafeBytes { hasher.update($0) }
    left -= data.count
  }
}
