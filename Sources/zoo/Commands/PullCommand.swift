import ArgumentParser
import Foundation
import Synchronization
import ZooConvert
import ZooModels
import ZooStore

struct PullCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pull",
    abstract: "Fetches a model from the Hugging Face hub or the web, and converts it into the zoo.",
    discussion: """
      An interrupted pull continues where it stopped. Files in the local Hugging Face cache are not fetched again. HF_TOKEN, \
      HF_ENDPOINT, HF_HOME, HF_HUB_CACHE and HF_HUB_OFFLINE work as in the Python tools, and so do HTTP_PROXY, HTTPS_PROXY, \
      ALL_PROXY and NO_PROXY, in upper or lower case. CURL_CA_BUNDLE or SSL_CERT_FILE names a file of certificates to trust.
      """)

  @Argument(
    help: "ARCHITECTURE:TAG, OWNER/REPOSITORY[@REVISION][/FILE] of the hub (also with hf://), or a URL.",
    completion: .registeredModels)
  var model: String

  @OptionGroup var source: SourceOptions

  @Option(help: "Element type of the weights; int8 for the matrices of the blocks and the table of tokens only.")
  var dtype: TargetDType = .keep

  @Option(
    help: """
      Refuse files larger than this, such as 20GB. By default any size that the server announces is accepted; if it announces \
      none, the limit is twice the size of the registered model in f32, or 26 GB.
      """)
  var maxSize: ByteSize?

  @Flag(help: "Show what would be fetched without fetching it.")
  var dryRun = false

  @Flag(help: "Keep the downloaded files.")
  var keep = false

  @Flag(help: "Fetch and convert the model again if it is already installed.")
  var force = false

  @Flag(help: "Print only errors to standard error.")
  var quiet = false

  @Flag(help: "Print the result as JSON.")
  var json = false

  @OptionGroup var registryOptions: RegistryOptions

  func run() async throws {
    Proxies.export()
    let store = ModelStore(), settings = try HubSettings()
    let registry = try registryOptions.registry(store: store)
    let pullSource = try PullSource(PullReference(model, endpoint: settings.endpoint), registry: registry)
    var puller = Puller(store: store, settings: settings) { [quiet] in if !quiet { Terminal.note($0) } }
    puller.sizeLimit = maxSize?.bytes
    if dryRun {
      let report = PullReport(try await puller.plan(pullSource), from: pullSource)
      return json ? try printJSON(report) : print(report.text)
    }
    let lock = try puller.lock(pullSource, waiting: Conversion.waiting(quiet: quiet))
    defer { lock.release() }
    if let name = pullSource.model, let there = installed("\(name)", store) { return try tell(there) }
    let plan = try await puller.plan(pullSource)
    if let there = plan.digest.flatMap(store.installed(from:)), !force, source.model == nil { return try tell(there) }
    if !quiet { Terminal.note(PullReport(plan, from: pullSource).text) }
    let file = try await fetch(plan, puller, lock)
    if keep { try puller.keep(plan) }
    do {
      try convert(file, of: plan, pullSource, registry, store, puller)
    } catch {
      if plan.files.contains(where: { $0.origin == .network }), !keep, !quiet {
        Terminal.note("downloaded files are kept for the next 'zoo pull'; 'zoo doctor --fix' deletes them")
      }
      throw error
    }
  }

  private func convert(
    _ file: URL, of plan: PullPlan, _ pullSource: PullSource, _ registry: Registry, _ store: ModelStore,
    _ puller: Puller
  ) throws {
    var options = source.options
    options.model = options.model ?? pullSource.model
    let conversion = try Conversion(
      opening: file.path(percentEncoded: false), part: source.part, options: options, registry: registry, dtype: dtype)
    let name = conversion.model.name
    let modelLock = try store.lock("\(name)", waiting: Conversion.waiting(quiet: quiet))
    defer { modelLock.release() }
    if let there = installed("\(name)", store) {
      if !keep { puller.discard(plan) }
      return try tell(there)
    }
    let report = try conversion.writeWithBars(
      to: nil, in: store, replacing: force, lock: modelLock, quiet: quiet,
      stopped: "stopped; run the same 'zoo pull' again to convert what was fetched")
    if !keep { puller.discard(plan) }
    if json { return try printJSON(report) }
    print(report.text)
    if keep { print("  fetched files: \(plan.folder.path(percentEncoded: false))") }
  }

  private func installed(_ name: String, _ store: ModelStore) -> InstalledModel? {
    force ? nil : (try? store.resolve(name)).flatMap(InstalledModel.init(directory:))
  }

  private func tell(_ model: InstalledModel) throws {
    try tellInstalled(
      model.name, model.directory.path(percentEncoded: false), "--force fetches it again", json: json)
  }

  private func fetch(_ plan: PullPlan, _ puller: Puller, _ lock: StoreLock) async throws -> URL {
    let bar = PullBar(total: plan.bytesToFetch, quiet: quiet)
    defer { bar.finish() }
    return try await Interruption.keeping(
      { lock.release() }, saying: "stopped; run the same 'zoo pull' again to continue from here"
    ) {
      try await puller.fetch(plan) { bar.update($0) }
    }
  }
}

/// A progress bar that shows the rate of the last seconds.
private final class PullBar: Sendable {
  private struct State {
    var progress: Progress
    /// The number of bytes at several times.
    var samples: [(time: ContinuousClock.Instant, bytes: Int)] = []
  }

  private let state: Mutex<State>

  init(total: Int, quiet: Bool) {
    state = Mutex(State(progress: Progress("fetching", total: total, quiet: quiet || total == 0, unit: byteText)))
  }

  func update(_ step: PullProgress) {
    state.withLock { state in
      let now = ContinuousClock.now
      if state.samples.last.map({ now - $0.time > .milliseconds(100) }) ?? true {
        state.samples.append((now, step.bytesDone))
        state.samples.removeAll { now - $0.time > .seconds(5) }
      }
      var rate = ""
      if let first = state.samples.first, (now - first.time).seconds > 0.5 {
        rate = byteText(Int(Double(step.bytesDone - first.bytes) / (now - first.time).seconds)) + "/s  "
      }
      state.progress.update(step.bytesDone, rate + step.file)
    }
  }

  func finish() { state.withLock { $0.progress.finish() } }
}

/// What a pull is going to do. Fields are only ever added.
struct PullReport: Encodable {
  struct File: Encodable {
    let name: String
    let size: Int?
    let sha256: String?
    /// `network`, or the path in the cache.
    let from: String
    let bytesToFetch: Int
  }

  let source: String
  let model: String?
  let commit: String?
  let files: [File]
  let bytes: Int
  let bytesToFetch: Int
  let notes: [String]

  init(_ plan: PullPlan, from source: PullSource) {
    self.source = source.description
    model = source.model?.description
    commit = plan.commit
    files = plan.files.map { file in
      let from =
        switch file.origin {
        case .cache(let url): url.path(percentEncoded: false)
        case .network: "network"
        }
      return File(
        name: file.name, size: file.size, sha256: file.digest, from: from, bytesToFetch: file.bytesToFetch)
    }
    bytes = plan.byteCount
    bytesToFetch = plan.bytesToFetch
    notes = plan.notes
  }

  var text: String {
    var table = Table(["FILE", "SIZE", ""], right: [1])
    for file in files {
      let state =
        file.from != "network"
        ? "in the cache"
        : file.size == nil || file.bytesToFetch == file.size
          ? "" : file.bytesToFetch == 0 ? "fetched before" : "\(byteText(file.bytesToFetch)) missing"
      table.add([file.name, file.size.map(byteText) ?? "?", state])
    }
    let title = [model, "from \(source)", commit.map { "at \($0.prefix(12))" }].compactMap { $0 }.joined(separator: " ")
    return ([title, table.text] + notes.map { "note: \($0)" } + ["to fetch: \(byteText(bytesToFetch))"])
      .joined(separator: "\n")
  }
}
