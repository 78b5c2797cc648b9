import Foundation
import Synchronization

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// The hidden folder in which a model is put together: `.NAME.partial-PID` beside its final place.
///
/// Nothing else is visible until it is renamed, and the name tells whose it is: `abandoned` finds those of processes that are gone.
public final class ConversionWork: Sendable {
  /// The folder's path.
  public let folder: String
  private static let active = Mutex<Set<String>>([])

  /// Creates the folder beside `target`.
  public init(for target: String) throws(ConvertError) {
    let (parent, name) = splitPath(target)
    for leftover in Self.abandoned(in: parent) where leftover.hasPrefix(".\(name).partial-") {
      removeTree(joinPath(parent, leftover))
    }
    folder = joinPath(parent, ".\(name).partial-\(getpid())")
    guard Self.active.withLock({ $0.insert(folder).inserted }) else {
      throw .writeFailed(path: target, reason: "this process is writing it already")
    }
    // A leftover with this number is of a former process: none of ours is active.
    removeTree(folder)
    guard mkdir(folder, 0o755) == 0 else {
      let reason = String(cString: strerror(errno))
      _ = Self.active.withLock { $0.remove(folder) }
      throw .writeFailed(path: target, reason: reason)
    }
  }

  /// Removes the folder with all that is in it; does nothing after `publish`.
  public func remove() {
    guard Self.active.withLock({ $0.remove(folder) }) != nil else { return }
    removeTree(folder)
  }

  /// Removes the folders of all conversions of this process: for the handler of an interrupt.
  public static func removeAll() {
    let folders = active.withLock { folders in
      defer { folders.removeAll() }
      return folders
    }
    folders.forEach(removeTree)
  }

  /// Gives the folder its final name, in place of what was there if `replacing`.
  func publish(as target: String, replacing: Bool) throws(ConvertError) {
    syncFolder(folder)
    let (parent, name) = splitPath(target)
    var former: String?
    if fileExists(target) {
      guard replacing else { throw .outputExists(target) }
      let aside = joinPath(parent, ".\(name).former-\(getpid())")
      removeTree(aside)
      guard rename(target, aside) == 0 else { throw writeError(target) }
      former = aside
    }
    guard rename(folder, target) == 0 else {
      let error = writeError(target)
      if let former { rename(former, target) }
      throw error
    }
    _ = Self.active.withLock { $0.remove(folder) }
    syncFolder(parent)
    former.map(removeTree)
  }

  /// Names of hidden folders in `parent` that conversions of processes that are gone have left behind.
  public static func abandoned(in parent: String) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: parent.isEmpty ? "." : parent)) ?? []
    return names.filter { name in
      guard name.hasPrefix("."), let mark = name.range(of: ".partial-", options: .backwards),
        let process = pid_t(name[mark.upperBound...]), process > 0, process != getpid()
      else { return false }
      return kill(process, 0) != 0 && errno == ESRCH
    }
  }
}

private func writeError(_ path: String) -> ConvertError {
  .writeFailed(path: path, reason: String(cString: strerror(errno)))
}

/// The parent (empty for the current folder) and the last component.
func splitPath(_ path: String) -> (parent: String, name: String) {
  var trimmed = Substring(path)
  while trimmed.count > 1, trimmed.hasSuffix("/") { trimmed.removeLast() }
  guard let slash = trimmed.lastIndex(of: "/") else { return ("", String(trimmed)) }
  let parent = slash == trimmed.startIndex ? "/" : String(trimmed[..<slash])
  return (parent, String(trimmed[trimmed.index(after: slash)...]))
}

func joinPath(_ folder: String, _ name: String) -> String {
  folder.isEmpty ? name : folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
}

func fileExists(_ path: String) -> Bool { access(path, F_OK) == 0 }

private func removeTree(_ path: String) { try? FileManager.default.removeItem(atPath: path) }

private func syncFolder(_ path: String) {
  let descriptor = open(path.isEmpty ? "." : path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { return }
  fsync(descriptor)
  close(descriptor)
}

/// Waits until a file is on the disk.
func syncFile(_ path: String) throws(ConvertError) {
  let descriptor = open(path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { throw writeError(path) }
  defer { close(descriptor) }
  guard fsync(descriptor) == 0 else { throw writeError(path) }
}

/// Writes a small file and syncs it to the disk.
func writeSynced(_ data: Data, to path: String) throws(ConvertError) {
  let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
  guard descriptor >= 0 else { throw writeError(path) }
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
  if failed { throw writeError(path) }
}
