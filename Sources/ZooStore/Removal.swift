import Foundation
import ZooConvert
import ZooModels
import ZooTensors

extension ModelStore {
  /// Removes a model from the store by its name or path, even one that can no longer be read.
  ///
  /// - Parameter waiting: Called before a wait if another process works on the model.
  /// - Returns: The number of bytes freed.
  @discardableResult
  public func remove(_ reference: String, waiting: (Int?) -> Void = { _ in }) throws(StoreError) -> Int {
    let directory = try directoryToRemove(reference)
    let architecture = directory.deletingLastPathComponent(), tag = directory.lastPathComponent
    let lock = try lock("\(architecture.lastPathComponent):\(tag)", waiting: waiting)
    defer { lock.release() }
    let freed = bytes(under: directory)
    // Hidden at once: a removal that is killed leaves no partial model.
    let aside = architecture.appending(path: ConversionWork.hiddenName(tag, .removed))
    do {
      guard FileManager.default.fileExists(atPath: directory.path) else {
        throw StoreError.notInstalled(reference, near: [])
      }
      try prove(directory, in: models)
      try FileManager.default.moveItem(at: directory, to: aside)
      let lock = FolderLock(aside.path(percentEncoded: false))
      defer { withExtendedLifetime(lock) {} }
      try FileManager.default.removeItem(at: aside)
    } catch let error as StoreError {
      throw error
    } catch {
      throw .notRemoved(path: directory.path(percentEncoded: false), reason: systemReason(of: error))
    }
    removeIfEmpty(architecture)
    return freed
  }

  /// Throws if a reference does not lead to anything in the store.
  package func directoryToRemove(_ reference: String) throws(StoreError) -> URL {
    do {
      return try placeInZoo(resolve(reference))
    } catch {
      if case .broken = error, let broken = broken().first(where: { $0.name.matches(ModelName(reference)) }) {
        let place = try placeInZoo(broken.directory), path = place.path(percentEncoded: false)
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        guard
          names.isEmpty || names.contains(ModelDescription.fileName) || names.contains(ModelDescription.weightsFileName)
        else { throw StoreError.notAModel(path: path) }
        return place
      }
      throw error
    }
  }

  /// A model's folder as `models/ARCHITECTURE/TAG`, however it was reached; neither of the two folders may be a link.
  private func placeInZoo(_ directory: URL) throws(StoreError) -> URL {
    let plain = directory.absoluteURL.standardizedFileURL, folder = plain.deletingLastPathComponent()
    if isLink(plain) { throw .link(path: directory.path(percentEncoded: false)) }
    guard folder.deletingLastPathComponent().resolvingSymlinksInPath().path == models.resolvingSymlinksInPath().path
    else { throw .outside(path: directory.path(percentEncoded: false)) }
    let place = models.appending(path: folder.lastPathComponent)
      .appending(path: plain.lastPathComponent, directoryHint: .isDirectory)
    try prove(place, in: models)
    return place
  }

  /// Folders of models that can no longer be read.
  package func broken() -> [BrokenModel] {
    subfolders(of: models).flatMap { architecture in
      subfolders(of: architecture).compactMap { directory in
        InstalledModel(directory: directory) == nil ? BrokenModel(directory: directory) : nil
      }
    }
  }
}

/// The folder of a model that can no longer be read.
package struct BrokenModel: Sendable {
  package let directory: URL
  package let reason: String

  /// Determines why the model in this folder cannot be read.
  package init(directory: URL) {
    self.directory = directory
    let file = directory.appending(path: ModelDescription.fileName)
    do {
      let json = try readFile(file.path(percentEncoded: false), limit: Limits.descriptionBytes)
      _ = try ModelDescription(json: json, file: ModelDescription.fileName)
      reason = "it changed meanwhile"
    } catch let error as FileError {
      reason =
        error.kind == .missing
        ? "it has no \(ModelDescription.fileName)" : "\(ModelDescription.fileName): \(error.reason)"
    } catch {
      reason = "\(error)"
    }
  }

  /// False if another process has removed it meanwhile.
  package var isHere: Bool { FileManager.default.fileExists(atPath: directory.path(percentEncoded: false)) }

  /// The name, according to its place.
  package var name: ModelName {
    ModelName(
      architecture: directory.deletingLastPathComponent().lastPathComponent, tag: directory.lastPathComponent)
  }
}

extension ModelName {
  func matches(_ other: ModelName) -> Bool {
    architecture.lowercased() == other.architecture.lowercased() && ModelName.sameTag(tag ?? "", other.tag ?? "")
  }
}
