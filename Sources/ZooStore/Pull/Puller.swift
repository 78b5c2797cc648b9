import Foundation
import ZooCheckpoints
import ZooModels

/// Fetches checkpoints from the hub or the web into the store's downloads, or finds them in the local Hugging Face cache.
package struct Puller: Sendable {
  let store: ModelStore
  let settings: HubSettings
  let reader: WebReader
  /// Most bytes of a file of weights, told or not; nil for any that is told, and for what its model can have where it is not.
  package var sizeLimit: Int?

  /// Most bytes of configurations and tokenizers: nothing larger is read.
  private static let companionLimit = 64 << 20

  /// - Parameter notice: Is told, in clauses, what did not answer in time and is asked again.
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

  /// Asks the servers what there is. Nothing is written.
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
    // As long as a commit, so that nobody takes it for the model's name: that is the address's last folder.
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

  /// Brings the files of a plan together and returns the path of the checkpoint.
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
        // Another version stands there now: once more from the start, with what it says of itself.
        guard attempt == 1, let other = try await reader.probe(remote.address) else { break }
        remote = other
      }
    }
    throw PullError.changing(remote.address.file)
  }

  /// A link in place of a copy: the folder then looks like a repository's.
  private func link(_ target: URL, to file: URL) throws(PullError) {
    try? FileManager.default.removeItem(at: target)
    try writing(target) { try FileManager.default.createSymbolicLink(at: target, withDestinationURL: file) }
  }

  /// The digest that is published for the checkpoint.
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

  /// Waits for other processes that fetch from the same place, and keeps them out for as long as the lock lives.
  package func lock(_ source: PullSource, waiting: (Int?) -> Void = { _ in }) throws(StoreError) -> StoreLock {
    try store.lock(source.lockName, waiting: waiting)
  }

  /// Marks what a plan has fetched as wanted, so that it does not count as left behind.
  package func keep(_ plan: PullPlan) throws(PullError) {
    let mark = plan.folder.appending(path: ModelStore.keptMark)
    try writing(mark) { try writeFile(Data(), to: mark.path(percentEncoded: false)) }
  }

  /// Removes what a plan has fetched, and the folders that are empty then. The cache stays as it is.
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
