import Foundation
import ZooModels

/// The cache of the Python tools: `models--OWNER--NAME/{refs,snapshots,.no_exist}`. It is only read.
struct HubCache: Sendable {
  let folder: URL

  /// The commit that a revision refers to in the cache; nil if unknown.
  func commit(of repository: HubRepository) -> String? {
    let revision = repository.revision
    if isFolder(base(repository).appending(path: "snapshots").appending(path: revision)) { return revision }
    guard
      let text = try? String(
        contentsOf: base(repository).appending(path: "refs").appending(path: revision), encoding: .utf8)
    else { return nil }
    let commit = text.trimmingCharacters(in: .whitespacesAndNewlines)
    return isPlainFileName(commit) ? commit : nil
  }

  /// A file of a commit, with links resolved; nil if it is not there in full.
  func file(_ name: String, of repository: HubRepository, commit: String) -> URL? {
    let url = base(repository).appending(path: "snapshots").appending(path: commit).appending(path: name)
      .resolvingSymlinksInPath()
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: url.path(percentEncoded: false), isDirectory: &isFolder),
      !isFolder.boolValue
    else { return nil }
    return url
  }

  /// Whether the hub once said that the commit has no such file.
  func lacks(_ name: String, of repository: HubRepository, commit: String) -> Bool {
    let url = base(repository).appending(path: ".no_exist").appending(path: commit).appending(path: name)
    return FileManager.default.fileExists(atPath: url.path(percentEncoded: false))
  }

  private func base(_ repository: HubRepository) -> URL {
    folder.appending(path: "models--\(repository.owner)--\(repository.name)", directoryHint: .isDirectory)
  }

  private func isFolder(_ url: URL) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: url.path(percentEncoded: false), isDirectory: &isFolder)
      && isFolder.boolValue
  }
}
