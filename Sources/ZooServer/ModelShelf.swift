import Foundation
import Synchronization
import ZooExplain
import ZooImages
import ZooModels
import ZooRuntime
import ZooStore

/// The store's models that are in memory, and the passes of pictures that may be asked about again.
///
/// Models are loaded and passes computed only on the work queue.
final class ModelShelf: Sendable {
  private let store: ModelStore
  private let limits: ServerLimits
  private let open: ServerTools.Open
  private let models = Mutex<Recent<String, ZooModel>>(Recent())
  private let loading = Mutex<[String: Loading]>([:])
  private let keptPasses = Mutex<Recent<PictureKey, PicturePass>>(Recent())
  private let passCount = Atomic<Int>(0)
  /// Files of pictures, so that each is sent once for all models and methods.
  private let pictures = Mutex<Recent<String, Data>>(Recent())

  init(_ store: ModelStore, limits: ServerLimits, open: @escaping ServerTools.Open) {
    (self.store, self.limits, self.open) = (store, limits, open)
  }

  var installed: [InstalledModel] { store.installed() }

  /// The name of the model that a client asks for. Throws a `StoreError`.
  func name(of reference: String) throws -> String {
    // While a prompt is being typed, not every letter searches the store.
    if let model = loaded(reference), FileManager.default.fileExists(atPath: model.directory.path) { return reference }
    let directory = try store.directory(ofModel: reference)
    return try ModelDescription.read(from: directory).name.description
  }

  /// The model if it is in memory.
  func loaded(_ name: String) -> ZooModel? { models.withLock { $0.peek(name) } }

  /// The progress of loading a model, from 0 to 1.
  func progress(of name: String) -> Double? { loading.withLock { $0[name]?.share } }

  /// Bytes of the weights in memory.
  var loadedBytes: Int { models.withLock { $0.bytes } }
  var keptBytes: Int { keptPasses.withLock { $0.bytes } }
  /// The number of passes computed to be kept.
  var passes: Int { passCount.load(ordering: .relaxed) }

  /// The model, loaded if it is not in memory; others are released first if both would take too much.
  func model(_ name: String) throws -> ZooModel {
    if let model = models.withLock({ $0.use(name) }) { return model }
    let directory = try store.directory(ofModel: name)
    let bytes = try ModelDescription.read(from: directory).architecture.parameterCount * 4
    let gone = models.withLock { $0.makeRoom(for: bytes, limit: limits.modelBytes) }
    keptPasses.withLock { passes in passes.removeAll { gone.contains($0.model) } }
    loading.withLock { $0[name] = Loading() }
    do {
      let model = try open(directory) { share in self.loading.withLock { $0[name]?.ready = share } }
      store.noteUse(of: directory)
      models.withLock { $0.add(model, name, bytes: bytes, limit: limits.modelBytes) }
      return model
    } catch {
      endLoading(of: name)
      throw error
    }
  }

  /// Records that some blocks of a pass have run: in a model's first pass, their weights have then been read.
  func note(blocks: Int, of model: ZooModel) {
    guard let count = try? model.vision.blocks.count else { return }
    loading.withLock { $0[model.name]?.run = Double(blocks) / Double(count) }
  }

  func endLoading(of name: String) { loading.withLock { $0[name] = nil } }

  /// Whether a picture's pass is kept.
  func keeps(_ key: PictureKey) -> Bool { keptPasses.withLock { $0.peek(key) != nil } }

  /// The pass of a picture that was sent before; nil if it is no longer kept.
  func pass(_ key: PictureKey) -> PicturePass? { keptPasses.withLock { $0.use(key) } }

  func picture(_ id: String) -> Data? { pictures.withLock { $0.use(id) } }

  func keep(picture: Data, id: String) {
    pictures.withLock { $0.add(picture, id, bytes: picture.count, limit: limits.pictureBytes) }
  }

  func keep(_ pass: PicturePass, _ key: PictureKey) {
    passCount.add(1, ordering: .relaxed)
    keptPasses.withLock { $0.add(pass, key, bytes: pass.bytes, limit: limits.passBytes) }
  }
}

/// The progress of loading a model into memory.
private struct Loading {
  /// The fraction that was prepared ahead, if any, and the fraction that has run in the first pass.
  var ready = 0.0, run = 0.0

  var share: Double { ready > 0 ? (ready + run) / 2 : run }
}

/// Values in the order of their use; the least recently used are evicted if they take too much memory.
struct Recent<Key: Hashable & Sendable, Value: Sendable>: Sendable {
  /// The most recently used comes last.
  private var entries: [(key: Key, value: Value, bytes: Int)] = []

  var bytes: Int { entries.reduce(0) { $0 + $1.bytes } }

  func peek(_ key: Key) -> Value? { entries.first { $0.key == key }?.value }

  mutating func use(_ key: Key) -> Value? {
    guard let place = entries.firstIndex(where: { $0.key == key }) else { return nil }
    let entry = entries.remove(at: place)
    entries.append(entry)
    return entry.value
  }

  /// Evicts others as necessary, but never the value that is added.
  mutating func add(_ value: Value, _ key: Key, bytes: Int, limit: Int) {
    entries.removeAll { $0.key == key }
    _ = makeRoom(for: bytes, limit: limit)
    entries.append((key, value, bytes))
  }

  /// Evicts values to make room for so many bytes. Returns the keys of those evicted.
  mutating func makeRoom(for bytes: Int, limit: Int) -> [Key] {
    var gone: [Key] = []
    while self.bytes + bytes > limit, !entries.isEmpty { gone.append(entries.removeFirst().key) }
    return gone
  }

  mutating func removeAll(where isUnwanted: (Key) -> Bool) { entries.removeAll { isUnwanted($0.key) } }
}
