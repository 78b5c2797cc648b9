import Foundation
import Synchronization
import ZooExplain
import ZooImages
import ZooModels
import ZooRuntime
import ZooStore

/// The models of the store that are in memory, and the passes of pictures that may be asked about again.
///
/// Models are loaded and passes made on the work queue alone.
final class ModelShelf: Sendable {
  private let store: Store
  private let limits: ServerLimits
  private let open: @Sendable (URL) throws -> Model
  private let models = Mutex<Recent<String, Model>>(Recent())
  private let passes = Mutex<Recent<PassKey, PicturePass>>(Recent())
  /// Files of pictures, so that one is sent once for all models and methods.
  private let pictures = Mutex<Recent<String, Data>>(Recent())

  /// - Parameter open: loads the model in a directory.
  init(_ store: Store, limits: ServerLimits, open: @escaping @Sendable (URL) throws -> Model) {
    (self.store, self.limits, self.open) = (store, limits, open)
  }

  var installed: [InstalledModel] { store.installed() }

  /// The name of the model that a client means. Throws a `StoreError`.
  func name(of reference: String) throws -> String {
    // A prompt that is typed does not walk through the store for each letter.
    if let model = loaded(reference), FileManager.default.fileExists(atPath: model.directory.path) { return reference }
    let directory = try store.directory(ofModel: reference)
    return try ModelDescription.read(from: directory).name.description
  }

  /// The model where it is in memory.
  func loaded(_ name: String) -> Model? { models.withLock { $0.peek(name) } }

  /// Bytes of the weights that are in memory.
  var loadedBytes: Int { models.withLock { $0.bytes } }
  var keptBytes: Int { passes.withLock { $0.bytes } }

  func model(_ name: String) throws -> Model {
    if let model = models.withLock({ $0.use(name) }) { return model }
    let directory = try store.directory(ofModel: name), model = try open(directory)
    store.noteUse(of: directory)
    let bytes = model.architecture.parameterCount * 4
    let gone = models.withLock { $0.add(model, name, bytes: bytes, limit: limits.modelBytes) }
    passes.withLock { passes in passes.removeAll { gone.contains($0.model) } }
    return model
  }

  /// The pass of a picture that was sent before; nil where it is kept no more.
  func pass(_ key: PassKey) -> PicturePass? { passes.withLock { $0.use(key) } }

  func picture(_ id: String) -> Data? { pictures.withLock { $0.use(id) } }

  func keep(picture: Data, id: String) {
    pictures.withLock { _ = $0.add(picture, id, bytes: picture.count, limit: limits.pictureBytes) }
  }

  func keep(_ pass: PicturePass, _ key: PassKey) {
    passes.withLock { _ = $0.add(pass, key, bytes: pass.bytes, limit: limits.passBytes) }
  }
}

/// Which pass of which picture: what was seen of it, by which model, for which methods.
struct PassKey: Hashable, Sendable {
  let model: String
  /// SHA-256 of the picture's file.
  let picture: String
  let size: String
  /// Turned by its EXIF orientation.
  let upright: Bool
  let methods: [Method]
  let patches: Bool
}

/// A picture, what a model saw of it, and the pass.
struct PicturePass: Sendable {
  let facts: PictureFacts
  let kept: KeptPass
  /// Normalised, where they were asked for.
  let patches: [[Float]]?
  let maps = KeptMaps()

  /// About what the records take.
  var bytes: Int {
    guard let tower = try? kept.model.vision.tower else { return 0 }
    let blocks = tower.blocks
    return blocks.layers * kept.tokens * (7 * blocks.width + blocks.mlpWidth) * 4
  }
}

/// Values in the order of their use; those that were used longest ago go where they take too much.
struct Recent<Key: Hashable & Sendable, Value: Sendable>: Sendable {
  /// The last used one comes last.
  private var entries: [(key: Key, value: Value, bytes: Int)] = []

  var bytes: Int { entries.reduce(0) { $0 + $1.bytes } }

  func peek(_ key: Key) -> Value? { entries.first { $0.key == key }?.value }

  mutating func use(_ key: Key) -> Value? {
    guard let place = entries.firstIndex(where: { $0.key == key }) else { return nil }
    let entry = entries.remove(at: place)
    entries.append(entry)
    return entry.value
  }

  /// The keys of what had to go; never what is added.
  mutating func add(_ value: Value, _ key: Key, bytes: Int, limit: Int) -> [Key] {
    entries.removeAll { $0.key == key }
    entries.append((key, value, bytes))
    var gone: [Key] = []
    while self.bytes > limit, entries.count > 1 { gone.append(entries.removeFirst().key) }
    return gone
  }

  mutating func removeAll(where isUnwanted: (Key) -> Bool) { entries.removeAll { isUnwanted($0.key) } }
}
