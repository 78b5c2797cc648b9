import Foundation
import ZooCheckpoints
import ZooModels

/// Downloads checkpoints from the hub or the web into the store, or finds them in the local Hugging Face cache.
package struct Puller: Sendable {
  let store: ModelStore
  let settings: HubSettings
  let reader: WebReader
  /// Maximum size of a weights file in bytes; nil for any size that the server states, and for a model-dependent limit if it states none.
  package var sizeLimit: Int?

  /// Maximum size of configurations and tokenizers in bytes: nothing larger is read.
  private static let companionLimit = 64 << 20

  /// - Parameter notice: Called with a clause that describes a request that timed out and is retried.
  package init(
    store: ModelStore, settings: HubSettings, policy: RetryPolicy = RetryPolicy(),
    notice: @escaping @Sendable (String) -> Void = { _ in }
  ) {
    self.init(store: store, settings: settings, policy: policy, client: HTTPClient(), notice: notice)
  }

  init(
    store: ModelStore, settings: HubSettings, policy: RetryPolicy, client: HTTPClient,
    notice: @escaping @Sendable (String) -> Void = { _ in }
  ) {
    self.store = store
    self.settings = settings
    reader = WebReader(client: client, settings: settings, policy: policy, notice: notice)
  }

  /// Asks the servers what is available. Nothing is written.
  package func plan(_ source: PullSource) async throws -> PullPlan {
    do {
      var plan: PullPlan
      switch source.place {
      case .hub(let repository):
        var planner = HubPlanner(puller: self, source: source, repository)
        plan = try await planner.plan()
        plan.digestPrefix = source.digestPrefix(ofHubFile: plan.checkpoint)
      case .web(let url): plan = try await self.plan(url, source)
      }
      plan.untoldLimit = sizeLimit ?? source.untoldLimit
      for file in plan.files where !PullSource.isCompanion(file.name) {
        guard let size = file.remote?.size, let sizeLimit, size > sizeLimit else { continue }
        throw PullError.tooLarge(file.remote?.address.file ?? file.name, size: size, limit: sizeLimit)
      }
      return plan
    } catch let error as PullError {
      guard let other = source.onTheWeb else { throw error }
      switch error {
      case .noCheckpoint, .notFound: return try await plan(other)
      default: throw error
      }
    }
  }

  private func plan(_ url: URL, _ source: PullSource) async throws -> PullPlan {
    if settings.isOffline { throw PullError.offline(url.shown, cache: settings.cache.path(percentEncoded: false)) }
    let address = RemoteAddress(url)
    guard let remote = try await reader.probe(address) else { throw PullError.notFound(address.file) }
    let text = Data(url.absoluteString.utf8)
    // As long as a commit, so that it is not taken for the model's name: that is the last folder of the URL.
    let key = "\(text.withUnsafeBytes(sha256))".prefix(32)
    let place = PlainName(nearest: url.deletingLastPathComponent().lastPathComponent)
    let folder = store.downloads.appending(path: url.folderName).appending(path: String(key))
      .appending(path: place?.description ?? url.folderName)
    let name = url.lastPathComponent
    guard isPlainFileName(name) else { throw PullError.badReference(url.shown, form: "https://HOST/PATH/FILE") }
    return PullPlan(
      folder: folder, checkpoint: name, files: [PullPlan.File(name, remote, in: folder)], commit: nil, notes: [],
      digestPrefix: source.digestPrefix)
  }

  /// Collects the files of a plan and returns the path of the checkpoint.
  ///
  /// - Parameter progress: Called often, from any thread.
  package func fetch(
    _ plan: PullPlan, progress: @escaping @Sendable (PullProgress) -> Void = { _ in }
  ) async throws -> URL {
    do { try store.prove(plan.folder, in: store.downloads) } catch {
      throw PullError.unwritable(plan.folder.path(percentEncoded: false), reason: "\(error)")
    }
    try writing(plan.folder) {
      try FileManager.default.createDirectory(at: plan.folder, withIntermediateDirectories: true)
    }
    try checkSpace(plan)
    var done = 0
    for file in plan.files {
      let target = plan.folder.appending(path: file.name)
      try writing(target) {
        try FileManager.default.createDirectory(
          at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
      }
      switch file.origin {
      case .cache(let url): try link(target, to: url)
      case .network: try await fetch(file, of: plan, to: target, before: done, progress: progress)
      }
      done += file.bytesToFetch
    }
    if let prefix = plan.digestPrefix { try check(plan, prefix) }
    return plan.checkpointFile
  }

  private func fetch(
    _ file: PullPlan.File, of plan: PullPlan, to target: URL, before done: Int,
    progress: @escaping @Sendable (PullProgress) -> Void
  ) async throws {
    guard var remote = file.remote else { return }
    let total = plan.bytesToFetch
    let limit = PullSource.isCompanion(file.name) ? Self.companionLimit : plan.untoldLimit
    let report: @Sendable (Int) -> Void = { here in
      progress(.init(file: file.name, bytesDone: done + max(0, here - file.bytesHere), bytesTotal: total))
    }
    for attempt in 1...2 {
      do {
        let download = Download(remote: remote, target: target, reader: reader, untoldLimit: limit)
        return try await download.run(progress: report)
      } catch is WebReader.Changed {
        // The file was replaced by another version: start over once, with its new properties.
        guard attempt == 1, let other = try await reader.probe(remote.address) else { break }
        remote = other
      }
    }
    throw PullError.changing(remote.address.file)
  }

  /// A link instead of a copy: the folder then looks like a repository.
  private func link(_ target: URL, to file: URL) throws(PullError) {
    try? FileManager.default.removeItem(at: target)
    try writing(target) { try FileManager.default.createSymbolicLink(at: target, withDestinationURL: file) }
  }

  /// Checks the digest published for the checkpoint.
  private func check(_ plan: PullPlan, _ prefix: String) throws {
    let file = plan.checkpointFile
    let hasher = SHA256Hasher()
    try hashFile(file, into: hasher, upTo: .max)
    let digest = "\(hasher.finish())"
    guard digest.hasPrefix(prefix) else {
      for url in [file, Download.record(of: file)] { try? FileManager.default.removeItem(at: url) }
      throw PullError.wrongDigest(
        plan.files[0].remote?.address.file ?? file.path, expected: "\(prefix)…", found: digest)
    }
  }

  private func checkSpace(_ plan: PullPlan) throws(PullError) {
    let path = plan.folder.path(percentEncoded: false)
    guard let free = freeSpace(path), free < plan.bytesToFetch else { return }
    throw .noSpace(path, needed: plan.bytesToFetch, free: free)
  }

  /// Waits for other processes that download from the same place, and keeps them out as long as the lock lives.
  package func lock(_ source: PullSource, waiting: (Int?) -> Void = { _ in }) throws(StoreError) -> StoreLock {
    try store.lock(source.lockName, waiting: waiting)
  }

  /// Marks the downloads of a plan as wanted, so that they do not count as leftovers.
  package func keep(_ plan: PullPlan) throws(PullError) {
    let mark = plan.folder.appending(path: ModelStore.keptMark)
    try writing(mark) { try writeFile(Data(), to: mark.path(percentEncoded: false)) }
  }

  /// Removes the downloads of a plan, and folders that are empty afterwards. The cache is not changed.
  package func discard(_ plan: PullPlan) {
    try? FileManager.default.removeItem(at: plan.folder)
    store.removeEmptyDownloads(from: plan.folder.deletingLastPathComponent())
  }
}

extension PullPlan.File {
  init(_ name: String, _ remote: RemoteFile, in folder: URL) {
    self.init(
      name: name, size: remote.size, digest: remote.digest, origin: .network,
      bytesHere: Download.bytesHere(remote, at: folder.appending(path: name)), remote: remote)
  }

  init(_ name: String, cached file: URL) {
    // The cache names large files by their SHA-256.
    let blob = file.lastPathComponent
    let digest = blob.utf8.count == 64 && blob.allSatisfy(\.isHexDigit) ? blob.lowercased() : nil
    self.init(name: name, size: fileSize(file), digest: digest, origin: .cache(file), bytesHere: 0, remote: nil)
  }
}
