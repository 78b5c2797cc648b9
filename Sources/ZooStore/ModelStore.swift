import Foundation
import ZooModels
import ZooTensors

/// The zoo on disk: converted models under `$ZOO_HOME/models/ARCHITECTURE/TAG`.
public struct ModelStore: Sendable {
  /// `$ZOO_HOME`, by default `~/.zoo`.
  public let home: URL

  /// The zoo in this folder, which need not exist.
  public init(home: URL) { self.home = home }

  /// The store of the environment.
  public init(environment: [String: String] = ProcessInfo.processInfo.environment) {
    if let path = environment["ZOO_HOME"], !path.isEmpty {
      home = URL(filePath: path, directoryHint: .isDirectory)
    } else {
      let user = environment["HOME"].flatMap { $0.isEmpty ? nil : URL(filePath: $0, directoryHint: .isDirectory) }
      home = (user ?? FileManager.default.homeDirectoryForCurrentUser)
        .appending(path: ".zoo", directoryHint: .isDirectory)
    }
  }

  /// Where converted models are: `models/ARCHITECTURE/TAG`.
  public var models: URL { home.appending(path: "models", directoryHint: .isDirectory) }
  /// Files on their way from a server.
  package var downloads: URL { home.appending(path: "downloads", directoryHint: .isDirectory) }
  /// Who works on which model.
  package var locks: URL { home.appending(path: "locks", directoryHint: .isDirectory) }
  /// More manifests, one JSON file each.
  public var manifests: URL { home.appending(path: "manifests", directoryHint: .isDirectory) }

  /// Text embeddings that were computed before.
  package var textCache: URL { home.appending(path: "cache/text", directoryHint: .isDirectory) }

  /// Where a model is kept.
  package func directory(of architecture: String, tag: String) throws(NameError) -> URL {
    models.appending(path: try PlainName(architecture).description)
      .appending(path: try PlainName(tag).description, directoryHint: .isDirectory)
  }

  /// The converted models that lie here, by name. Directories that are no models are left out.
  public func installed() -> [InstalledModel] {
    subfolders(of: models).flatMap { architecture in
      subfolders(of: architecture).compactMap { InstalledModel(directory: $0) }
    }.sorted { $0.name.description.standsBefore($1.name.description) }
  }

  /// Finds a model by a path or by `ARCHITECTURE[:TAG]`; the tag may be left out where only one is installed.
  package func resolve(_ reference: String) throws(StoreError) -> URL {
    let path = URL(filePath: reference)
    if FileManager.default.fileExists(atPath: path.appending(path: ModelDescription.fileName).path) { return path }
    let isName = ModelName.isSpelledAsOpenAIDoes(reference)
    if reference.contains("/") && !isName || reference.hasPrefix(".") { throw .notAModel(path: reference) }
    return try directory(ofModel: reference)
  }

  /// Finds a model by `ARCHITECTURE[:TAG]` alone: what comes from a stranger is never taken for a path.
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
    // Tags that differ in '-' and '_' alone may stand side by side.
    let exact = fitting.filter { $0.name.tag == tag }
    let found = exact.isEmpty ? fitting : exact
    guard let first = found.first else { throw notInstalled(reference, among: all) }
    guard found.count == 1 else {
      throw .claimed(reference, directories: found.map { $0.directory.path(percentEncoded: false) })
    }
    return first.directory
  }

  /// Notes that a model of the zoo is used now. Does nothing where the folder may not be written, or lies elsewhere.
  package func noteUse(of directory: URL) {
    let folder = directory.standardizedFileURL.deletingLastPathComponent().deletingLastPathComponent()
    guard folder.path == models.standardizedFileURL.path else { return }
    try? FileManager.default.setAttributes([.modificationDate: Date()], ofItemAtPath: directory.path)
  }

  /// The installed model that came from a file with this SHA-256.
  public func installed(from digest: String) -> InstalledModel? {
    installed().first { $0.description.sources.contains { $0.sha256 == digest } }
  }

  private func notInstalled(_ reference: String, among all: [InstalledModel]) -> StoreError {
    if let broken = broken().first(where: { $0.name.matches(ModelName(reference)) }) {
      return .broken(broken.name.description, reason: broken.reason)
    }
    // Without a tag it is compared with what has none: the tags of others would count as differences.
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
  /// Bytes of all its files.
  public let size: Int
  /// When it was converted.
  public let added: Date?
  /// When a command ran it last; nil where none has yet. The time of the folder says so (`ModelStore.noteUse`).
  public let used: Date?

  /// Nil where the directory is not a model that this version reads.
  package init?(directory: URL) {
    let file = directory.appending(path: ModelDescription.fileName)
    guard let description = try? ModelDescription.read(file: file.path(percentEncoded: false)) else { return nil }
    self.directory = directory
    self.description = description
    let files = (try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? []
    size = files.reduce(0) { sum, name in
      let attributes = try? FileManager.default.attributesOfItem(atPath: directory.appending(path: name).path)
      return sum + ((attributes?[.size] as? Int) ?? 0)
    }
    let added = lastWrite(file), touched = lastWrite(directory)
    self.added = added
    // Folders have times of their own from being written: a use is later than that.
    used = if let added, let touched, touched.timeIntervalSince(added) > 2 { touched } else { nil }
  }

  /// When it was last wanted: used, or else converted.
  public var lastWanted: Date? { used ?? added }

  /// `ARCHITECTURE:TAG`, as `model.json` says.
  public var name: ModelName { description.name }

  /// False where another process has removed or replaced it meanwhile.
  package var isHere: Bool { InstalledModel(directory: directory)?.description == description }

  /// True for a model whose files are there and whose weights have the right names and shapes.
  static func reads(_ directory: URL) -> Bool {
    InstalledModel(directory: directory)?.headerDefects.isEmpty ?? false
  }
}

private func lastWrite(_ url: URL) -> Date? {
  (try? FileManager.default.attributesOfItem(atPath: url.path))?[.modificationDate] as? Date
}

/// Why a reference does not lead to an installed model.
public enum StoreError: ZooError, Equatable {
  /// The path does not lead to a converted model.
  case notAModel(path: String)
  /// No installed model has this name; some names are like it.
  case notInstalled(String, near: [String])
  /// A folder in the place of the model that no longer can be read.
  case broken(String, reason: String)
  /// The architecture is installed with several tags.
  case ambiguous(String, installed: [String])
  /// Several folders whose `model.json` says the same name.
  case claimed(String, directories: [String])
  /// A converted model that is not kept in the zoo, so that it is not the zoo's to remove.
  case outside(path: String)
  /// Something that is to be removed or written through a link.
  case link(path: String)
  /// The lock file cannot be made or taken.
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
