import ZooExplain
import ZooRuntime
import ZooStore

/// The answer of `/v1/models`.
struct ModelList: Encodable {
  let object = "list"
  let data: [Entry]
  let memory: Memory

  /// Bytes of the weights in memory, and their limit.
  struct Memory: Encodable {
    let used: Int
    let limit: Int
  }

  struct Entry: Encodable {
    let id: String
    let object = "model"
    /// Seconds since 1970.
    let created: Int
    let ownedBy = "zoo"
    let classifier: Bool
    let takesText: Bool
    let bytes: Int
    let loaded: Bool
    /// The progress of loading it, from 0 to 1.
    @Null var loading: Double?
    let layers: Int
    /// Empty until the model is in memory.
    let methods: [Method]
  }

  struct Method: Encodable {
    let id: String
    let name: String
  }

  init(_ shelf: ModelShelf, limit: Int) {
    memory = Memory(used: shelf.loadedBytes, limit: limit)
    data = shelf.installed.filter { $0.description.architecture.vision != nil }.map { installed in
      let architecture = installed.description.architecture, model = shelf.loaded(installed.name.description)
      return Entry(
        id: installed.name.description, created: Int(installed.added?.timeIntervalSince1970 ?? 0),
        classifier: architecture.isClassifier, takesText: architecture.text != nil, bytes: installed.size,
        loaded: model != nil, loading: shelf.progress(of: installed.name.description),
        layers: architecture.vision?.depth ?? 0,
        methods: model.map { model in
          HeatmapMethod.defined(on: model).map { Method(id: $0.id, name: $0.title) }
        } ?? [])
    }
  }
}
