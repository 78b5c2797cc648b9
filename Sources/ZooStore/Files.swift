import Foundation

/// Bytes of a file, or of all files under a folder; links count as themselves.
func bytes(under url: URL) -> Int {
  let path = url.path(percentEncoded: false)
  guard let type = (try? FileManager.default.attributesOfItem(atPath: path))?[.type] as? FileAttributeType else {
    return 0
  }
  guard type == .typeDirectory else { return fileSize(url) ?? 0 }
  let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
  return names.reduce(0) { $0 + bytes(under: url.appending(path: $1)) }
}

/// Removes a folder that has nothing in it.
func removeIfEmpty(_ folder: URL) { rmdir(folder.path(percentEncoded: false)) }

/// When a file, or the newest file under a folder, was last written to.
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
