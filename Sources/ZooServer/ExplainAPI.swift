import Foundation
import ZooCheckpoints
import ZooExplain
import ZooImages
import ZooModels
import ZooRuntime
import ZooTensors

/// `/v1/explain` and `/v1/score`: prompts and a picture that is sent now or was sent before.
///
/// Waiting requests about the same picture are answered by one pass, one run of the text tower and one backward pass.
struct ExplainAPI: Sendable {
  private let passes: PicturePasses
  private let batcher: Batcher<PictureKey, Asked, FoundMaps>

  init(passes: PicturePasses, queue: DispatchQueue) {
    self.passes = passes
    batcher = Batcher(queue, most: Asked.mostPrompts, seconds: passes.limits.workSeconds) { key, all, check in
      try Self.find(all, key, passes, check)
    }
  }

  func explain(_ request: ServerRequest) async throws -> ServerResponse {
    var fields = try Fields(request)
    var asked = try Asked(&fields, passes.shelf)
    asked.methods = try fields.texts("methods", count: 1...8, most: 200) ?? ["legrad"]
    let size = try fields.text("size", most: 20), upright = try fields.flag("upright") ?? false
    asked.wantsPatches = try fields.flag("patch_similarities") ?? false
    let wantsLayers = try fields.flag("layer_maps") ?? false
    try fields.finish()
    let found = try await find(asked, size: size ?? "", upright: upright)
    return try ServerResponse(ExplanationAnswer(asked, found, layers: wantsLayers))
  }

  func score(_ request: ServerRequest) async throws -> ServerResponse {
    var fields = try Fields(request)
    let asked = try Asked(&fields, passes.shelf)
    try fields.finish()
    return try ServerResponse(ScoresAnswer(asked, try await find(asked, size: "", upright: false)))
  }

  private func find(_ asked: Asked, size: String, upright: Bool) async throws -> FoundMaps {
    let key = PictureKey(model: asked.model, picture: asked.id, size: size, upright: upright)
    // If a pass must run, others may want it too. Typing does not wait.
    let isKept = passes.shelf.keeps(key)
    return try await batcher.submit(
      asked, key: key, weight: asked.prompts.count, window: isKept ? .zero : .milliseconds(5))
  }

  // MARK: On the queue

  private typealias Wish = (asked: Asked, explainers: [Explainer])

  /// The result of each request; one that fails does not affect the others.
  private static func find(
    _ all: [Asked], _ key: PictureKey, _ passes: PicturePasses, _ check: () throws -> Void
  ) throws -> [Result<FoundMaps, any Error>] {
    let model = try passes.shelf.model(key.model)
    defer { passes.shelf.endLoading(of: key.model) }
    let wishes = all.map { asked in Result { Wish(asked, try explainers(asked.methods, model)) } }
    let image = all.lazy.compactMap(\.image).first
    let answers = Result { try answer(wishes.compactMap { try? $0.get() }, key, image: image, model, passes, check) }
    var rest = ((try? answers.get()) ?? [])[...]
    return wishes.map { wish in wish.flatMap { _ in answers.flatMap { _ in rest.removeFirst() } } }
  }

  private static func answer(
    _ wishes: [Wish], _ key: PictureKey, image: Data?, _ model: ZooModel, _ passes: PicturePasses,
    _ check: () throws -> Void
  ) throws -> [Result<FoundMaps, any Error>] {
    guard !wishes.isEmpty else { return [] }
    var seconds = FoundMaps.Seconds()
    let pass = try clocked(&seconds.picture) {
      try passes.pass(key, image: image, isWhole: wishes.contains { !$0.explainers.isEmpty }, model, check: check)
    }
    let prepared = try clocked(&seconds.text) { try prepare(wishes.map(\.asked.prompts), model, check) }
    clocked(&seconds.maps) {
      // Once for all that want the same methods; each then finds its own among the stored maps.
      for places in Dictionary(grouping: wishes.indices, by: { wishes[$0].asked.methods }).values where places.count > 1
      {
        let prompts = PreparedPrompts(joining: places.compactMap { try? prepared[$0].get() }).withoutRepetitions
        _ = try? pass.maps.maps(of: pass.kept, wishes[places[0]].explainers.map { ($0, prompts) }, step: check)
      }
    }
    return try zip(wishes, prepared).map { wish, prepared in
      try check()
      return Result {
        let prompts = try prepared.get()
        var own = FoundMaps.Seconds()
        let maps = try clocked(&own.maps) {
          try pass.maps.maps(of: pass.kept, wish.explainers.map { ($0, prompts) }, step: check)
        }
        let patches = wish.asked.wantsPatches ? try pass.patches.value.get() : nil
        own = FoundMaps.Seconds(picture: seconds.picture, text: seconds.text, maps: seconds.maps + own.maps)
        return FoundMaps(
          pass: pass, prompts: prompts, explainers: wish.explainers, maps: maps, patches: patches, seconds: own)
      }
    }
  }

  private static func explainers(_ methods: [String], _ model: ZooModel) throws -> [Explainer] {
    try methods.map { name in
      let method = try HeatmapMethod(name)
      if let obstacle = method.obstacle(on: model) { throw obstacle }
      return Explainer(model: model, method: method)
    }
  }

  /// The prompts of each request, each embedded once for all; a few at a time, so that the work can end in between.
  private static func prepare(
    _ prompts: [[String]], _ model: ZooModel, _ check: () throws -> Void
  ) throws -> [Result<PreparedPrompts, any Error>] {
    let explainer = Explainer(model: model)
    var known: [String: Result<PreparedPrompts, any Error>] = [:]
    let new = prompts.joined().filter { known.updateValue(.failure(CancellationError()), forKey: $0) == nil }
    for first in stride(from: 0, to: new.count, by: 4) {
      try check()
      let some = Array(new[first..<min(first + 4, new.count)])
      let together = Result { try explainer.prepare(some, on: model) }
      for (place, prompt) in some.enumerated() {
        switch together {
        case .success(let found): known[prompt] = .success(found[[place]])
        // One of them is invalid; the others are not.
        case .failure: known[prompt] = Result { try explainer.prepare([prompt], on: model) }
        }
      }
    }
    return prompts.map { own in
      Result { PreparedPrompts(joining: try own.compactMap { try known[$0]?.get() }) }
    }
  }

  private static func clocked<Result>(_ seconds: inout Double, _ work: () throws -> Result) rethrows -> Result {
    let start = ContinuousClock.now
    defer { seconds = (ContinuousClock.now - start).seconds }
    return try work()
  }
}

extension Explainer {
  /// Prompts, or a classifier's classes by name.
  fileprivate func prepare(_ prompts: [String], on model: ZooModel) throws -> PreparedPrompts {
    model.architecture.isClassifier ? try prepare(classNames: prompts) : try prepare(prompts)
  }
}

extension PreparedPrompts {
  /// The prompts of all requests, concatenated; they were prepared alike.
  fileprivate init(joining all: [PreparedPrompts]) {
    self.init(
      prompts: all.flatMap(\.prompts), embeddings: all.flatMap(\.embeddings), directions: all.flatMap(\.directions),
      empty: all.first?.empty, absentBelow: all.first?.absentBelow)
  }

  fileprivate var withoutRepetitions: PreparedPrompts {
    var seen: Set<String> = []
    return self[prompts.indices.filter { seen.insert(prompts[$0]).inserted }]
  }
}

/// The model, the picture and the prompts of a request.
struct Asked: Sendable {
  let model: String
  /// The picture's file, if it was sent along.
  let image: Data?
  let id: String
  let prompts: [String]
  /// Empty if only scores are wanted.
  var methods: [String] = []
  var wantsPatches = false

  /// Per request, and per group of requests that share their work.
  static let mostPrompts = 32

  init(_ fields: inout Fields, _ shelf: ModelShelf) throws {
    model = try shelf.name(of: try fields.needed("model") { try $0.text("model", most: 200) })
    prompts = try fields.needed("prompts") { try $0.texts("prompts", count: 1...Self.mostPrompts, most: 2000) }
    let known = try fields.text("picture", most: 64)
    image = try fields.take("image").map { try Fields.picture($0, "image") }
    guard (known == nil) != (image == nil) else {
      throw ServerError.badField(
        "image", reason: "send either the picture or, as 'picture', the id of one that was sent before")
    }
    id = known ?? image?.withUnsafeBytes { sha256(of: $0).description } ?? ""
  }
}

/// What a request's prompts and methods have found in its picture.
struct FoundMaps: Sendable {
  let pass: PicturePass
  let prompts: PreparedPrompts
  let explainers: [Explainer]
  /// `[methods][prompts]`
  let maps: [[Heatmap]]
  /// The embedding of each patch alone, if requested.
  let patches: [[Float]]?
  let seconds: Seconds

  struct Seconds: Encodable, Sendable {
    var picture = 0.0, text = 0.0, maps = 0.0
  }
}
