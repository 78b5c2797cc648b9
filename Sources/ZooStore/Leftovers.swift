import CFiles
import Foundation
import ZooConvert
import ZooTensors

/// Something that a process which has ended left behind in the store.
package struct Leftover: Sendable, Hashable {
  package enum Kind: String, Sendable, Hashable, CaseIterable, Codable {
    /// A model whose conversion was not finished.
    case conversion
    /// A model that was set aside but not replaced, or a removal that was not finished.
    case setAside = "set aside"
    /// Downloaded files, complete or not, that were not converted. `zoo pull` would continue from there.
    case download
    /// A lock that no process holds.
    case lock
  }

  package let kind: Kind
  package let url: URL
  package let bytes: Int
  /// When it was last modified.
  package let modified: Date?

  package var path: String { url.path(percentEncoded: false) }

  /// What happened to it.
  package enum Outcome: String, Sendable, Hashable, Encodable {
    case removed
    /// A model was moved back to its place, where there was no readable model.
    case restored
    /// Neither it nor the model in its place can be read.
    case kept
  }
}

extension ModelStore {
  /// What can be removed. This never includes what a running process works on.
  package func leftovers() -> [Leftover] {
    let inModels = ([models] + folders(in: models)).flatMap { folder in
      ConversionWork.abandoned(in: folder.path(percentEncoded: false)).sorted().compactMap { name -> Leftover? in
        guard let mark = ConversionWork.parse(name)?.mark else { return nil }
        return leftover(mark == .partial ? .conversion : .setAside, folder.appending(path: name))
      }
    }
    return inModels.sorted { $0.kind == .conversion && $1.kind != .conversion } + abandonedDownloads() + staleLocks()
  }

  /// Removes a leftover; a model that was set aside is moved back if there is no readable model in its place.
  @discardableResult
  package func remove(_ leftover: Leftover) throws(StoreError) -> Leftover.Outcome {
    do {
      switch leftover.kind {
      case .lock:
        try prove(leftover.url, in: locks)
        // Taking and releasing it removes it, unless another process holds it by now.
        _ = try StoreLock.attempt(leftover.path)
      case .download:
        try prove(leftover.url, in: downloads)
        let place = leftover.url.deletingLastPathComponent()
        guard let lock = try attemptLock(Self.downloadLock(place.lastPathComponent)) else { throw busy(leftover) }
        defer { lock.release() }
        try FileManager.default.removeItem(at: leftover.url)
        removeEmptyDownloads(from: place)
      case .conversion, .setAside: return try settle(leftover)
      }
      return .removed
    } catch let error as StoreError {
      throw error
    } catch {
      throw .notRemoved(path: leftover.path, reason: systemReason(of: error))
    }
  }

  private func busy(_ leftover: Leftover) -> StoreError {
    .notRemoved(path: leftover.path, reason: "another process works on it by now")
  }

  /// A hidden folder of a conversion or removal: it is removed unless it is a model's last copy.
  private func settle(_ leftover: Leftover) throws -> Leftover.Outcome {
    try prove(leftover.url, in: models)
    let folder = leftover.url.deletingLastPathComponent()
    guard let (name, mark) = ConversionWork.parse(leftover.url.lastPathComponent) else { throw busy(leftover) }
    let modelLock = try attemptLock("\(folder.lastPathComponent):\(name)")
    guard let modelLock, let lock = FolderLock(leftover.path) else { throw busy(leftover) }
    defer {
      withExtendedLifetime(lock) {}
      modelLock.release()
    }
    let place = folder.appending(path: name, directoryHint: .isDirectory)
    let isThere = FileManager.default.fileExists(atPath: place.path) || isLink(place)
    // A successor that replaced it in one step has left it under the name of a conversion.
    let isFormer = mark == .former || mark == .partial && isThere
    guard isFormer, !InstalledModel.reads(place) else {
      try FileManager.default.removeItem(at: leftover.url)
      return .removed
    }
    if !isThere {
      try FileManager.default.moveItem(at: leftover.url, to: place)
      return .restored
    }
    guard InstalledModel.reads(leftover.url) else {
      // What was never a model is not a copy of one.
      if mark == .former { return .kept }
      try FileManager.default.removeItem(at: leftover.url)
      return .removed
    }
    try prove(place, in: models)
    guard zoo_exchange_paths(leftover.path, place.path(percentEncoded: false)) == 0 else { return .kept }
    return .restored
  }

  private func leftover(_ kind: Leftover.Kind, _ url: URL) -> Leftover {
    Leftover(kind: kind, url: url, bytes: bytes(under: url), modified: lastChange(under: url))
  }

  private static func names(in folder: URL) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder.path(percentEncoded: false))) ?? []).sorted()
  }

  /// Subfolders that are not links.
  private func folders(in folder: URL) -> [URL] { subfolders(of: folder).filter { !isLink($0) } }

  // MARK: Downloads and locks

  /// A folder for each version of a repository, or for each URL, except those kept by `zoo pull --keep`.
  private func abandonedDownloads() -> [Leftover] {
    folders(in: downloads).filter { !isBusy(Self.downloadLock($0.lastPathComponent)) }.flatMap { place in
      folders(in: place).filter { folder in
        ([folder] + subfolders(of: folder)).allSatisfy { !Self.isKept($0) }
      }.map { leftover(.download, $0) }
    }
  }

  /// A file in a download folder that its owner wants to keep.
  static let keptMark = ".kept"

  private static func isKept(_ folder: URL) -> Bool {
    FileManager.default.fileExists(atPath: folder.appending(path: keptMark).path(percentEncoded: false))
  }

  /// The name of the lock for downloading into a folder.
  static func downloadLock(_ folder: String) -> String { "download:\(folder)" }

  private func isBusy(_ name: String) -> Bool {
    StoreLock.isHeld(locks.appending(path: Self.lockName(name)).path(percentEncoded: false))
  }

  /// Removes a download folder and its parents as far as they are empty.
  func removeEmptyDownloads(from folder: URL) {
    var folder = folder
    while folder.path.hasPrefix(downloads.path), folder.path.count >= downloads.path.count {
      removeIfEmpty(folder)
      folder = folder.deletingLastPathComponent()
    }
  }

  private func staleLocks() -> [Leftover] {
    Self.names(in: locks).filter { $0.hasSuffix(".lock") }.map { locks.appending(path: $0) }
      .filter { StoreLock.isStale($0.path(percentEncoded: false)) }.map { leftover(.lock, $0) }
  }
}
