import Foundation
import ZooModels
import ZooTensors

/// The model store on disk: converted models under `$ZOO_HOME/models/ARCHITECTURE/TAG`.
public struct ModelStore: Sendable {
  /// `$ZOO_HOME`, by default `~/.zoo`.
  public let home: URL

  /// Creates a store in this folder, which need not exist.
  public init(home: URL) { self.home = home }

  /// Creates the store that the environment specifies.
  public init(environment: [String: String] = ProcessInfo.processInfo.environment) {
    if let path = environment["ZOO_HOME"], !path.isEmpty {
      home = URL(filePath: path, directoryHint: .isDirectory)
    } else {
      let user = environment["HOME"].flatMap { $0.isEmpty ? nil : URL(filePath: $0, directoryHint: .isDirectory) }
      home = (user ?? FileManager.default.homeDirectoryForCurrentUser)
        .appending(path: ".zoo", directoryHint: .isDirectory)
    }
  }

  /// The folder of converted models: `models/ARCHITECTURE/TAG`.
  public var models: URL { home.appending(path: "models", directoryHint: .isDirectory) }
  /// Files being downloaded.
  package var downloads: URL { home.appending(path: "downloads", directoryHint: .isDirectory) }
  /// Locks of models that processes work on.
  package var locks: URL { home.appending(path: "locks", directoryHint: .isDirectory) }
  /// Additional manifests, one JSON file each.
  public var manifests: URL { home.appending(path: "manifests", directoryHint: .isDirectory) }

  /// What `zoo doctor --tune` measured.
  package var tuning: URL { home.appending(path: "tuning.json") }
  /// Text embeddings computed earlier.
  package var textCache: URL { home.appending(path: "cache/text", directoryHint: .isDirectory) }

  /// The folder of a model.
  package func directory(of architecture: String, tag: String) throws(NameError) -> URL {
    models.appending(path: try PlainName(architecture).description)
      .appending(path: try PlainName(tag).description, directoryHint: .isDirectory)
  }

  /// The converted models in the store, by name. Folders that are not models are skipped.
  public func installed() -> [InstalledModel] {
    subfolders(of: models).flatMap { architecture in
      subfolders(of: architecture).compactMap { InstalledModel(directory: $0) }
    }.sorted { $0.name.description.standsBefore($1.name.description) }
  }

  /// Finds a model by path or by `ARCHITECTURE[:TAG]`; the tag may be omitted if only one is installed.
  package func resolve(_ reference: String) throws(StoreError) -> URL {
    let path = URL(filePath: reference)
    if FileManager.default.fileExists(atPath: path.appending(path: ModelDescription.fileName).path) { return path }
    let isName = ModelName.isSpelledAsOpenAIDoes(reference)
    if reference.contains("/") && !isName || reference.hasPrefix(".") { throw .notAModel(path: reference) }
    return try directory(ofModel: reference)
  }

  /// Finds a model by `ARCHITECTURE[:TAG]` alone: input from strangers is never taken for a path.
  package func directory(ofModel reference: String) throws(StoreError) -> URL {
    let name = ModelName(reference), all = installed()
    let sameArchitecture = all.filter { $0.name.architecture.lowercased() == name.architecture.lowercased() }
    guard let tag = name.tag else {
      switch sameArchitecture.count {
      case 0: throw notInstalled(reference, among: all)
      case 1: return sameArchitecture[0].directory
      default: throw .ambiguous(reference, installed: sameArchitecture.map(\.name.description))
      }
    }
    let fitting = sameArchitecture.filter { ModelName.sameTag($0.name.tag ?? "", tag) }
    // Tags that differ only in '-' and '_' may both exist.
    let exact = fitting.filter { $0.name.tag == tag }
    let found = exact.isEmpty ? fitting : exact
    guard let first = found.first else { throw notInstalled(reference, among: all) }
    guard found.count == 1 else {
      throw .claimed(reference, directories: found.map { $0.directory.path(percentEncoded: false) })
    }
    return first.directory
  }

  /// Records that a model of the store is used now. Does nothing if the folder is not writable, or is outside the store.
  package func noteUse(of directory: URL) {
    let folder = directory.standardizedFileURL.deletingLastPathComponent().deletingLastPathComponent()
    guard folder.path == models.standardizedFileURL.path else { return }
    try? FileManager.default.setAttributes([.modificationDate: Date()], ofItemAtPath: directory.path)
  }

  /// The installed model that was made from a file with this SHA-256.
  public func installed(from digest: String) -> InstalledModel? {
    installed().first { $0.description.sources.contains { $0.sha256 == digest } }
  }

  private func notInstalled(_ reference: String, among all: [InstalledModel]) -> StoreError {
    if let broken = broken().first(where: { $0.name.matches(ModelName(reference)) }) {
      return .broken(broken.name.description, reason: broken.reason)
    }
    // Without a tag it is compared with names without tags: the tags of others would count as differences.
    let isTagged = ModelName(reference).tag != nil
    let names = all.map { isTagged ? $0.name.description : $0.name.architecture }
    return .notInstalled(reference, near: nearest(to: reference, among: Set(names).sorted()))
  }

  func subfolders(of folder: URL) -> [URL] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.filter { !$0.hasPrefix(".") }.sorted().map { folder.appending(path: $0, directoryHint: .isDirectory) }
  }
}

/// A converted model on disk.
public struct InstalledModel: Sendable {
  /// The model's folder.
  public let directory: URL
  public let description: ModelDescription
  /// The size of all its files in bytes.
  public let size: Int
  /// When it was converted.
  public let added: Date?
  /// When a command last ran it; nil if none has yet. Stored as the folder's modification time (`ModelStore.noteUse`).
  public let used: Date?

  /// Nil if the folder is not a model that this version can read.
  package init?(directory: URL) {
    let file = directory.appending(path: ModelDescription.fileName)
    guard let description = try? ModelDescription.read(file: file.path(percentEncoded: false)) else { return nil }
    self.directory = directory
    self.description = description
    let files = (try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? []
    size = files.reduce(0) { $0 + (fileSize(directory.appending(path: $1)) ?? 0) }
    let added = FileStatus(file)?.changed, touched = FileStatus(directory)?.changed
    self.added = added
    // Writing sets folder times, too: a use is later than that.
    used = if let added, let touched, touched.timeIntervalSince(added) > 2 { touched } else { nil }
  }

  /// When it was last used, or else converted.
  public var lastWanted: Date? { used ?? added }

  /// `ARCHITECTURE:TAG`, from `model.json`.
  public var name: ModelName { description.name }

  /// False if another process has removed or replaced it meanwhile.
  package var isHere: Bool { InstalledModel(directory: directory)?.description == description }

  /// Whether a model's files are there and its weights have the right names and shapes.
  static func reads(_ directory: URL) -> Bool {
    InstalledModel(directory: directory)?.headerDefects.isEmpty ?? false
  }
}

/// Why a reference does not resolve to an installed model.
public enum StoreError: ZooError, Equatable {
  /// There is no converted model at the path.
  case notAModel(path: String)
  /// No installed model has this name; `near` holds similar names.
  case notInstalled(String, near: [String])
  /// The folder of a model that can no longer be read.
  case broken(String, reason: String)
  /// The architecture is installed with several tags.
  case ambiguous(String, installed: [String])
  /// Several folders have the same name in `model.json`.
  case claimed(String, directories: [String])
  /// A converted model outside the store, which must therefore not be removed.
  case outside(path: String)
  /// Something that would be removed or written through a link.
  case link(path: String)
  /// The lock file cannot be created or locked.
  case lockFailed(path: String, reason: String)
  /// The system refuses to remove the folder.
  case notRemoved(path: String, reason: String)

  public var blame: Blame {
    switch self {
    case .lockFailed, .notRemoved: .work
    default: .input
    }
  }

  public var description: String {
    switch self {
    case .notAModel(let path): "\(path) is not a converted model: it has no model.json"
    case .notInstalled(let name, let near):
      "no model called '\(name)' is installed" + (near.isEmpty ? "" : "; did you mean \(near.joined(separator: ", "))?")
    case .broken(let name, let reason): "\(name) is installed and cannot be read: \(reason)"
    case .ambiguous(let name, let installed):
      "'\(name)' is installed with several tags: \(installed.joined(separator: ", "))"
    case .claimed(let name, let directories):
      "several folders say that they are '\(name)': \(directories.joined(separator: ", "))"
    case .outside(let path): "\(path) is not in the zoo"
    case .link(let path): "\(path) is a symbolic link, which is not followed"
    case .lockFailed(let path, let reason): "\(path) cannot be locked: \(reason)"
    case .notRemoved(let path, let reason): "\(path) cannot be removed: \(reason)"
    }
  }
}
