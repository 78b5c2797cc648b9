import Foundation
import ZooCheckpoints
import ZooModels
import ZooTensors

/// The size in bytes of a file, or of all files under a folder; links count as themselves.
func bytes(under url: URL) -> Int {
  let path = url.path(percentEncoded: false)
  guard let type = (try? FileManager.default.attributesOfItem(atPath: path))?[.type] as? FileAttributeType else {
    return 0
  }
  guard type == .typeDirectory else { return fileSize(url) ?? 0 }
  let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
  return names.reduce(0) { $0 + bytes(under: url.appending(path: $1)) }
}

/// Removes a folder if it is empty.
func removeIfEmpty(_ folder: URL) { rmdir(folder.path(percentEncoded: false)) }

/// The modification time of a file, or of the newest file under a folder.
func lastChange(under url: URL) -> Date? {
  let path = url.path(percentEncoded: false)
  let attributes = try? FileManager.default.attributesOfItem(atPath: path)
  guard attributes?[.type] as? FileAttributeType == .typeDirectory else {
    return attributes?[.modificationDate] as? Date
  }
  let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
  let dates = names.compactMap { lastChange(under: url.appending(path: $0)) }
  return dates.max() ?? attributes?[.modificationDate] as? Date
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
func fileSize(_ url: URL) -> Int? {
  (try? FileManager.default.attributesOfItem(atPath: url.path(percentEncoded: false)))?[.size] as? Int
}

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
