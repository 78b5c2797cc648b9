import Foundation
import ZooCheckpoints
import ZooModels

/// The cache of the Python tools: `models--OWNER--NAME/{refs,snapshots,.no_exist}`. It is only read.
struct HubCache: Sendable {
  let folder: URL

  /// The commit that a revision refers to in the cache; nil if unknown.
  func commit(of repository: HubRepository) -> String? {
    let revision = repository.revision
    let snapshot = base(repository).appending(path: "snapshots").appending(path: revision)
    if isFolder(snapshot.path(percentEncoded: false)) { return revision }
    guard
      let text = try? String(
        contentsOf: base(repository).appending(path: "refs").appending(path: revision), encoding: .utf8)
    else { return nil }
    let commit = text.trimmed
    return isPlainFileName(commit) ? commit : nil
  }

  /// A file of a commit, with links resolved; nil if it is not there in full.
  func file(_ name: String, of repository: HubRepository, commit: String) -> URL? {
    let url = base(repository).appending(path: "snapshots").appending(path: commit).appending(path: name)
      .resolvingSymlinksInPath()
    let path = url.path(percentEncoded: false)
    return fileExists(path) && !isFolder(path) ? url : nil
  }

  /// Whether the hub once said that the commit has no such file.
  func lacks(_ name: String, of repository: HubRepository, commit: String) -> Bool {
    let url = base(repository).appending(path: ".no_exist").appending(path: commit).appending(path: name)
    return FileManager.default.fileExists(atPath: url.path(percentEncoded: false))
  }

  private func base(_ repository: HubRepository) -> URL {
    folder.appending(path: "models--\(repository.owner)--\(repository.name)", directoryHint: .isDirectory)
  }
}
