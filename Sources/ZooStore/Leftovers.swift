import Foundation
import ZooConvert

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Something that a process which is gone has left in the zoo.
public struct Leftover: Sendable, Hashable {
  public enum Kind: String, Sendable, Hashable, CaseIterable, Codable {
    /// A model that was not converted to its end.
    case conversion
    /// A model that was set aside and then not replaced, or a removal that did not end.
    case setAside = "set aside"
    /// What was fetched, to its end or not, and not converted. `zoo pull` would continue from there.
    case download
    /// A lock that nobody holds.
    case lock
  }

  public let kind: Kind
  public let url: URL
  public let bytes: Int
  /// When it was last written to.
  public let modified: Date?

  public var path: String { url.path(percentEncoded: false) }
}

extension Store {
  /// What can go. What a running process works on is not among it.
  public func leftovers() -> [Leftover] {
    let folders = [models] + subfolders(of: models)
    let inModels = folders.flatMap { folder in
      ConversionWork.abandoned(in: folder.path(percentEncoded: false)).map {
        leftover(.conversion, folder.appending(path: $0))
      } + Self.names(in: folder).filter(Self.isSetAside).map { leftover(.setAside, folder.appending(path: $0)) }
    }
    return inModels + abandonedDownloads() + staleLocks()
  }

  /// Removes a leftover; a model that was set aside for one that never came gets its place back.
  public func remove(_ leftover: Leftover) throws(StoreError) {
    do {
      switch leftover.kind {
      case .lock:
        // Taken and given up: that removes it, unless somebody holds it by now.
        _ = try StoreLock.attempt(leftover.path)
      case .download:
        let place = leftover.url.deletingLastPathComponent()
        guard let lock = try attemptLock(Self.downloadLock(place.lastPathComponent)) else {
          throw StoreError.notRemoved(path: leftover.path, reason: "another process works on it by now")
        }
        defer { lock.release() }
        try FileManager.default.removeItem(at: leftover.url)
        removeEmptyDownloads(from: place)
      case .setAside:
        if let target = Self.formerPlace(leftover.url), !FileManager.default.fileExists(atPath: target.path) {
          try FileManager.default.moveItem(at: leftover.url, to: target)
        } else {
          try FileManager.default.removeItem(at: leftover.url)
        }
      case .conversion: try FileManager.default.removeItem(at: leftover.url)
      }
    } catch let error as StoreError {
      throw error
    } catch {
      throw .notRemoved(path: leftover.path, reason: plainReason(error))
    }
  }

  private func leftover(_ kind: Leftover.Kind, _ url: URL) -> Leftover {
    Leftover(kind: kind, url: url, bytes: bytes(under: url), modified: lastChange(under: url))
  }

  private static func names(in folder: URL) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder.path(percentEncoded: false))) ?? []).sorted()
  }

  // MARK: Set aside

  /// `.NAME.former-PID` of a conversion, `.NAME.removed-PID` of a removal, of processes that are gone.
  private static func isSetAside(_ name: String) -> Bool {
    [".former-", ".removed-"].contains { mark in
      guard name.hasPrefix("."), let range = name.range(of: mark, options: .backwards),
        let process = pid_t(name[range.upperBound...]), process > 0
      else { return false }
      return process != getpid() && kill(process, 0) != 0 && errno == ESRCH
    }
  }

  private static func formerPlace(_ url: URL) -> URL? {
    let name = url.lastPathComponent
    guard let range = name.range(of: ".former-", options: .backwards) else { return nil }
    return url.deletingLastPathComponent().appending(path: String(name[..<range.lowerBound].dropFirst()))
  }

  // MARK: Downloads and locks

  /// A folder for each version of a repository, or for each address, without those that `zoo pull --keep` has kept.
  private func abandonedDownloads() -> [Leftover] {
    subfolders(of: downloads).filter { !isBusy(Self.downloadLock($0.lastPathComponent)) }.flatMap { place in
      subfolders(of: place).filter { folder in
        ([folder] + subfolders(of: folder)).allSatisfy { !Self.isKept($0) }
      }.map { leftover(.download, $0) }
    }
  }

  /// Stands in a folder of the downloads that its owner wants to stay.
  static let keptMark = ".kept"

  private static func isKept(_ folder: URL) -> Bool {
    FileManager.default.fileExists(atPath: folder.appending(path: keptMark).path(percentEncoded: false))
  }

  /// The name of the lock of what is fetched into a folder of the downloads.
  static func downloadLock(_ folder: String) -> String { "download:\(folder)" }

  private func isBusy(_ name: String) -> Bool {
    StoreLock.isHeld(locks.appending(path: Self.lockName(name)).path(percentEncoded: false))
  }

  /// Removes a folder of the downloads and those above it as far as nothing is in them.
  func removeEmptyDownloads(from folder: URL) {
    var folder = folder
    while folder.path.hasPrefix(downloads.path), folder.path.count >= downloads.path.count {
      removeIfEmpty(folder)
      folder = folder.deletingLastPathComponent()
    }
  }

  private func staleLocks() -> [Leftover] {
    Self.names(in: locks).filter { $0.hasSuffix(".lock") }.map { locks.appending(path: $0) }
      .filter { !StoreLock.isHeld($0.path(percentEncoded: false)) }.map { leftover(.lock, $0) }
  }
}
