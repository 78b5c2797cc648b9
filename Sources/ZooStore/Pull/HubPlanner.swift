import Foundation
import ZooCheckpoints
import ZooModels

/// Finds the files of a repository, first in the local cache, then on the hub.
struct HubPlanner {
  private let puller: Puller
  private let source: PullSource
  private let repository: HubRepository
  private let cache: HubCache
  private var commit: String?
  private var notes: [String] = []

  /// Far larger than any real index.
  private static let indexLimit = 16 << 20

  init(puller: Puller, source: PullSource, _ repository: HubRepository) {
    self.puller = puller
    self.source = source
    self.repository = repository
    cache = HubCache(folder: puller.settings.cache)
  }

  mutating func plan() async throws -> PullPlan {
    let checkpoint = try await findCheckpoint()
    // Its last component names a model that has no other name.
    let folder = puller.store.downloads.appending(path: "\(repository.owner)--\(repository.name)")
      .appending(component: (commit ?? repository.revision).replacing("/", with: "--"))
      .appending(path: repository.name)
    var files = [checkpoint]
    files += try await isShardIndex(checkpoint.name) ? shards(of: checkpoint) : shards(with: checkpoint.name)
    files += try await companions(isCheckpointCached: checkpoint.file != nil)
    return PullPlan(
      folder: folder, checkpoint: checkpoint.name,
      files: files.compactMap { found in
        found.file.map { PullPlan.File(found.name, cached: $0) }
          ?? found.remote.map { PullPlan.File(found.name, $0, in: folder) }
      },
      commit: commit, notes: notes)
  }

  /// A file in the cache or on the hub.
  private struct LocatedFile: Sendable {
    let name: String
    var file: URL?
    var remote: RemoteFile?
  }

  private mutating func findCheckpoint() async throws -> LocatedFile {
    if let known = cache.commit(of: repository) {
      for name in source.checkpoints {
        guard let file = cache.file(name, of: repository, commit: known) else { continue }
        commit = known
        notes.append("\(name) is in the local Hugging Face cache and is used from there.")
        return LocatedFile(name: name, file: file)
      }
    }
    if puller.settings.isOffline {
      throw PullError.offline(repository.description, cache: puller.settings.cache.path(percentEncoded: false))
    }
    for name in source.checkpoints {
      guard let remote = try await puller.reader.probe(address(name)) else { continue }
      commit = remote.commit
      if let commit, let file = cache.file(name, of: repository, commit: commit) {
        return LocatedFile(name: name, file: file)
      }
      return LocatedFile(name: name, remote: remote)
    }
    if source.checkpoints.count == 1 { throw PullError.notFound("\(repository)/\(source.checkpoints[0])") }
    return try await findOtherCheckpoint()
  }

  /// A checkpoint with an unusual name: the one that would be chosen in a folder with the repository's files.
  private mutating func findOtherCheckpoint() async throws -> LocatedFile {
    struct Listing: Decodable {
      struct File: Decodable { let rfilename: String }
      let siblings: [File]
    }
    let list = RemoteAddress(repository.listing(endpoint: puller.settings.endpoint))
    var names: [String] = []
    if let remote = try? await puller.reader.probe(list),
      let data = try? await puller.reader.readAll(remote, limit: Self.indexLimit),
      let listing = try? JSONDecoder().decode(Listing.self, from: data)
    {
      names = listing.siblings.map(\.rfilename).filter(isPlainFileName)
    }
    let (best, candidates) = Checkpoint.name(among: names.sorted())
    guard let best, let remote = try await puller.reader.probe(address(best)) else {
      throw PullError.noCheckpoint(repository.description, tried: source.checkpoints, others: candidates)
    }
    commit = remote.commit
    return LocatedFile(name: best, remote: remote)
  }

  private func address(_ name: String) -> RemoteAddress {
    RemoteAddress(name, of: repository, revision: commit ?? repository.revision, endpoint: puller.settings.endpoint)
  }

  private func find(_ name: String) async throws -> LocatedFile? {
    if let commit {
      if let file = cache.file(name, of: repository, commit: commit) { return LocatedFile(name: name, file: file) }
      if cache.lacks(name, of: repository, commit: commit) { return nil }
    }
    if puller.settings.isOffline { return nil }
    return try await puller.reader.probe(address(name)).map { LocatedFile(name: name, remote: $0) }
  }

  /// The shards that an index names, each once. They are in the same folder.
  private func shards(of index: LocatedFile) async throws -> [LocatedFile] {
    struct Index: Decodable { let weight_map: [String: String] }
    let label = "\(repository)/\(index.name)"
    let data: Data
    if let file = index.file {
      guard let text = try? Data(contentsOf: file), text.count <= Self.indexLimit else {
        throw PullError.badIndex(label, reason: "it cannot be read")
      }
      data = text
    } else if let remote = index.remote {
      data = try await puller.reader.readAll(remote, limit: Self.indexLimit)
    } else {
      return []
    }
    guard let map = try? JSONDecoder().decode(Index.self, from: data).weight_map else {
      throw PullError.badIndex(label, reason: "it has no weight_map")
    }
    let names = Set(map.values).sorted()
    guard names.count <= 10_000, let folder = Optional(index.name.split(separator: "/").dropLast()) else {
      throw PullError.badIndex(label, reason: "it names \(names.count) files")
    }
    for name in names where !isPlainFileName(name) {
      throw PullError.badIndex(label, reason: "'\(name)' is not the name of a file beside it")
    }
    return try await shards(names.map { (folder + [Substring($0)]).joined(separator: "/") })
  }

  /// The other shards of one that was requested by name.
  private func shards(with path: String) async throws -> [LocatedFile] {
    let parts = path.split(separator: "/"), name = parts.last.map(String.init) ?? path
    return try await shards(
      shardNames(with: name).filter { $0 != name }
        .map { (parts.dropLast() + [Substring($0)]).joined(separator: "/") })
  }

  private func shards(_ paths: [String]) async throws -> [LocatedFile] {
    var found: [LocatedFile] = []
    for path in paths {
      guard let shard = try await find(path) else {
        throw puller.settings.isOffline
          ? PullError.offline("\(repository)/\(path)", cache: puller.settings.cache.path(percentEncoded: false))
          : PullError.notFound("\(repository)/\(path)")
      }
      found.append(shard)
    }
    return found
  }

  /// The files beside the checkpoint. If the checkpoint is already there, a network failure costs only these files.
  private mutating func companions(isCheckpointCached: Bool) async throws -> [LocatedFile] {
    let planner = self
    let names = source.companions
    do {
      let found = try await withThrowingTaskGroup(of: (Int, LocatedFile?).self) { group in
        for (index, name) in names.enumerated() { group.addTask { (index, try await planner.find(name)) } }
        var all: [Int: LocatedFile] = [:]
        for try await (index, found) in group { all[index] = found }
        return all
      }
      return names.indices.compactMap { found[$0] }
    } catch let error as PullError where isCheckpointCached {
      notes.append("Files beside the checkpoint are left out: \(error.description).")
      return names.compactMap { name in
        commit.flatMap { cache.file(name, of: repository, commit: $0) }.map { LocatedFile(name: name, file: $0) }
      }
    }
  }
}
