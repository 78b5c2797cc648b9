import CFiles
import Foundation
import Synchronization
import ZooCheckpoints
import ZooModels

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// The hidden folder in which a model is assembled: `.NAME.partial-NUMBER` beside its final place.
///
/// Nothing else is visible until it is renamed. Its process holds the folder's lock, so that `abandoned` finds the folders of dead processes, even if
/// those had process numbers from another container.
package final class ConversionWork: Sendable {
  /// The folder's path.
  package let folder: String
  /// Nil if the file system does not support locks.
  private let lock: FolderLock?
  /// Paths to remove when the process is interrupted. Held while a model is published, so that an interrupt comes before or after that.
  private static let active = Mutex<Set<String>>([])

  /// Creates the folder beside `target`.
  package init(for target: String) throws(ConvertError) {
    let (parent, name) = splitPath(target)
    guard !["", ".", ".."].contains(name) else {
      throw .writeFailed(path: target, reason: "it needs a name of its own")
    }
    Self.removeAbandoned(in: parent, of: name)
    (folder, lock) = try Self.createFolder(in: parent, for: name, target)
    _ = Self.active.withLock { $0.insert(folder) }
  }

  private static func createFolder(
    in parent: String, for name: String, _ target: String
  ) throws(ConvertError) -> (String, FolderLock?) {
    // Another process may take a fresh folder for an abandoned one before its lock is taken: then it is created again.
    for _ in 0..<8 {
      let folder = joinPath(parent, hiddenName(name, .partial))
      guard mkdir(folder, 0o755) == 0 else { throw writeError(target) }
      do throws(FolderLock.Obstacle) {
        return (folder, try FolderLock(taking: folder))
      } catch {
        // Without locks, no process will take it for abandoned either.
        if error == .unsupported { return (folder, nil) }
        rmdir(folder)
      }
    }
    throw .writeFailed(path: target, reason: "another process removes its folder")
  }

  /// Removes the folder and its content; does nothing after `publish`.
  package func remove() {
    guard Self.active.withLock({ $0.remove(folder) }) != nil else { return }
    removeTree(folder)
  }

  /// Removes the folders of all conversions in this process: for the handler of an interrupt.
  package static func removeAll() {
    active.withLock { folders in
      folders.forEach(removeTree)
      folders.removeAll()
    }
  }

  /// Gives the folder its final name, replacing an existing one if `replacing`.
  ///
  /// - Parameter kind: The kind of content that may be replaced.
  /// - Throws: `cancelled` if the process has been interrupted.
  func publish(as target: String, replacing: Bool, _ kind: Replacement = .model) throws(ConvertError) {
    syncFolder(folder)
    let (parent, name) = splitPath(target)
    let former = try Self.active.withLock { active throws(ConvertError) -> String? in
      guard active.contains(folder) else { throw ConvertError.cancelled }
      guard fileExists(target) else {
        guard rename(folder, target) == 0 else { throw writeError(target) }
        active.remove(folder)
        return nil
      }
      guard replacing else { throw ConvertError.outputExists(target) }
      try kind.check(target)
      // In one step, so that there always is a model. The old one then has the hidden folder's name.
      if zoo_exchange_paths(folder, target) == 0 { return folder }
      guard [EINVAL, ENOSYS, ENOTSUP].contains(errno) else { throw writeError(target) }
      let aside = joinPath(parent, Self.hiddenName(name, .former))
      guard rename(target, aside) == 0 else { throw writeError(target) }
      guard rename(folder, target) == 0 else {
        let error = writeError(target)
        rename(aside, target)
        throw error
      }
      active.remove(folder)
      active.insert(aside)
      return aside
    }
    syncFolder(parent)
    guard let former else { return }
    removeTree(former)
    _ = Self.active.withLock { $0.remove(former) }
  }
}

extension ConversionWork {
  /// The state of a hidden folder.
  package enum Mark: String, CaseIterable, Sendable {
    /// Being written.
    case partial
    /// Set aside while another folder takes its place.
    case former
    /// Being removed.
    case removed
  }

  /// A name that is unique across processes: `.NAME.MARK-NUMBER-RANDOM`.
  package static func hiddenName(_ name: String, _ mark: Mark) -> String {
    ".\(name).\(mark.rawValue)-\(getpid())-\(String(UInt32.random(in: 0...UInt32.max), radix: 16))"
  }

  /// The name and mark of a hidden folder, also as written by earlier versions (`.NAME.MARK-NUMBER`); nil for other names.
  package static func parse(_ hidden: String) -> (name: String, mark: Mark)? {
    guard let match = hidden.wholeMatch(of: /\.(.+)\.(partial|former|removed)-\d+(-[0-9a-f]+)?/),
      let mark = Mark(rawValue: String(match.2))
    else { return nil }
    return (String(match.1), mark)
  }

  /// Names of hidden folders in `parent` that no process holds: left behind by processes that have ended.
  package static func abandoned(in parent: String) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: parent.isEmpty ? "." : parent)) ?? []
    return names.filter { parse($0) != nil && FolderLock(joinPath(parent, $0)) != nil }
  }

  private static func removeAbandoned(in parent: String, of name: String) {
    for leftover in abandoned(in: parent) {
      guard let (its, mark) = parse(leftover), its == name, mark == .partial else { continue }
      let path = joinPath(parent, leftover)
      // It may be the copy of a model whose successor was lost: that is for `zoo doctor` to decide.
      guard !fileExists(joinPath(parent, name)) else { continue }
      if let lock = FolderLock(path) { withExtendedLifetime(lock) { removeTree(path) } }
    }
  }
}

private func writeError(_ path: String) -> ConvertError {
  .writeFailed(path: path, reason: String(cString: strerror(errno)))
}

/// Removes a file, or a folder and its content; links are not followed.
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
  do throws(FileError) { try writeFile(data, to: path) } catch {
    throw .writeFailed(path: error.path, reason: error.reason)
  }
}
