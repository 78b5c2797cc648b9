import Foundation
import NIOHTTP1
import ZooCheckpoints
import ZooExplain
import ZooImages
import ZooModels
import ZooRuntime
import ZooTensors

/// `/v1/explain` and `/v1/score`: prompts and a picture that is sent now or was sent before.
struct ExplainAPI: Sendable {
  let shelf: ModelShelf
  let queue: WorkQueue
  let tools: ServerTools
  let limits: ServerLimits

  func explain(_ request: ServerRequest) async throws -> ServerResponse {
    var fields = try Fields(request)
    let asked = try Asked(&fields, shelf)
    let methods = try fields.texts("methods", count: 1...8, most: 200) ?? ["legrad"]
    let size = try fields.text("size", most: 20)
    let upright = try fields.flag("upright") ?? false
    let wantsLayers = try fields.flag("layer_maps") ?? false
    let wantsPatches = try fields.flag("patch_similarities") ?? false
    try fields.finish()
    return try await queue.run { cancellation in
      let model = try shelf.model(asked.model)
      var seconds = Explanation.Seconds()
      let explainers = try methods.map { name in
        let method = try Method(name)
        if let obstacle = method.obstacle(on: model) { throw obstacle }
        return Explainer(model: model, method: method)
      }
      let key = PassKey(
        model: asked.model, picture: asked.id, size: size ?? "", upright: upright, methods: explainers.map(\.method),
        patches: wantsPatches)
      let pass = try clocked(&seconds.picture) {
        try self.pass(of: asked, key, model, explainers.map(\.method))
      }
      try cancellation.check()
      let prepared = try clocked(&seconds.text) { try explainers.map { try $0.prepare(asked.prompts, on: model) } }
      try cancellation.check()
      let maps = try clocked(&seconds.maps) {
        try pass.maps.maps(of: pass.kept, zip(explainers, prepared).map { (explainer: $0, prompts: $1) })
      }
      let patches = pass.patches.map { patches in
        prepared[0].embeddings.map { prompt in patches.map { dot($0, prompt) } }
      }
      return try ServerResponse(
        Explanation(
          asked, pass, prepared[0], maps, explainers: explainers, names: methods, patches: patches, layers: wantsLayers,
          seconds: seconds))
    }
  }

  func score(_ request: ServerRequest) async throws -> ServerResponse {
    var fields = try Fields(request)
    let asked = try Asked(&fields, shelf)
    try fields.finish()
    return try await queue.run { _ in
      let model = try shelf.model(asked.model)
      let key = PassKey(model: asked.model, picture: asked.id, size: "", upright: false, methods: [], patches: false)
      let pass = try self.pass(of: asked, key, model, [])
      let prepared = try Explainer(model: model).prepare(asked.prompts, on: model)
      return try ServerResponse(Scores(asked, prepared, pass.kept.embeddings[0], model))
    }
  }

  private func clocked<Result>(_ seconds: inout Double, _ work: () throws -> Result) rethrows -> Result {
    let start = ContinuousClock.now
    defer { seconds = (ContinuousClock.now - start).seconds }
    return try work()
  }

  /// The kept pass, or a new one where the picture came along.
  private func pass(of asked: Asked, _ key: PassKey, _ model: Model, _ methods: [Method]) throws -> PicturePass {
    if let pass = shelf.pass(key) { return pass }
    let data: Data
    if let image = asked.image {
      data = image
    } else {
      guard let known = shelf.picture(asked.id) else { throw ServerError.unknownPicture }
      data = known
    }
    var preprocessing = try model.preprocessing
    if !key.size.isEmpty { preprocessing.scale(to: try tools.size(key.size, model.vision.tower.patch)) }
    let loader = PictureLoader(preprocessing: preprocessing, upright: key.upright, pixelLimit: limits.pixels)
    let picture = loader.load(try Image.decode(data, name: "the picture", pixelLimit: limits.pixels))
    let kept = try KeptPass(
      picture.input.tensor, methods: methods.map(\.base), patches: key.patches, model: model)
    let pass = PicturePass(
      facts: picture.source, kept: kept, patches: key.patches ? try kept.patchEmbeddings() : nil)
    shelf.keep(pass, key)
    shelf.keep(picture: data, id: asked.id)
    return pass
  }
}

extension Explainer {
  /// Prompts, or a classifier's classes by their names.
  fileprivate func prepare(_ prompts: [String], on model: Model) throws -> PreparedPrompts {
    model.architecture.isClassifier ? try prepare(classNames: prompts) : try prepare(prompts)
  }
}

/// The model, the picture and the prompts of a request.
private struct Asked: Sendable {
  let model: String
  /// The picture's file, where it came along.
  let image: Data?
  let id: String
  let prompts: [String]

  init(_ fields: inout Fields, _ shelf: ModelShelf) throws {
    model = try shelf.name(of: try fields.needed("model") { try $0.text("model", most: 200) })
    prompts = try fields.needed("prompts") { try $0.texts("prompts", count: 1...32, most: 2000) }
    let known = try fields.text("picture", most: 64)
    image = try fields.take("image").map { try Fields.picture($0, "image") }
    guard (known == nil) != (image == nil) else {
      throw ServerError.badField(
        "image", reason: "send either the picture or, as 'picture', the id of one that was sent before")
    }
    id = known ?? image?.withUnsafeBytes { sha256(of: $0).description } ?? ""
  }
}

/// What `/v1/explain` answers.
private struct Explanation: Encodable {
  let schema = 1
  let model: String
  let picture: String
  let source: Source
  let seen: Sides
  let grid: [Int]
  let prompts: [Prompt]
  let maps: [Map]
  let seconds: Seconds
  let notes: [String] = []

  struct Source: Encodable {
    let width: Int
    let height: Int
    let crop: CropBox
  }

  struct Sides: Encodable {
    let width: Int
    let height: Int
  }

  struct Prompt: Encodable {
    let prompt: String
    let similarity: Float
    @Null var share: Float?
    @Null var absent: Bool?
    @Null var patches: [Float]?
  }

  struct Map: Encodable {
    let method: String
    let name: String
    let prompt: Int
    let energy: Float
    let flat: Bool
    let finish: Heatmap.Finish
    let values: [Float]
    @Null var layers: [Layer]?
  }

  struct Layer: Encodable {
    let layer: Int
    let values: [Float]
  }

  struct Seconds: Encodable, Sendable {
    var picture = 0.0, text = 0.0, maps = 0.0
  }

  /// - Parameter heatmaps: `[ways][prompts]`
  init(
    _ asked: Asked, _ pass: PicturePass, _ prepared: PreparedPrompts, _ heatmaps: [[Heatmap]], explainers: [Explainer],
    names: [String], patches: [[Float]]?, layers: Bool, seconds: Seconds
  ) {
    (model, picture, self.seconds) = (asked.model, asked.id, seconds)
    source = Source(width: pass.facts.width, height: pass.facts.height, crop: pass.facts.crop)
    let first = heatmaps[0][0], embedding = pass.kept.embeddings[0]
    seen = Sides(width: first.pictureSize.width, height: first.pictureSize.height)
    grid = [first.grid.height, first.grid.width]
    let scores = prepared.similarities(to: embedding, of: explainers[0].model).prompts
    let shares = promptShares(of: scores.map(\.similarity), embedding, explainers[0].model)
    prompts = scores.enumerated().map { place, score in
      Prompt(
        prompt: score.prompt, similarity: score.similarity, share: shares?[place],
        absent: prepared.absentBelow == nil ? nil : score.isAbsent, patches: patches?[place])
    }
    maps = zip(zip(names, explainers), heatmaps).flatMap { way, maps in
      maps.enumerated().map { place, map in
        Map(
          method: way.0, name: way.1.method.displayName, prompt: place, energy: map.energy, flat: map.isFlat,
          finish: map.finish, values: map.values,
          layers: layers && !map.layerValues.isEmpty
            ? zip(map.layers, map.layerValues).map { Layer(layer: $0, values: $1) } : nil)
      }
    }
  }
}

/// What `/v1/score` answers.
private struct Scores: Encodable {
  let schema = 1
  let model: String
  let picture: String
  let results: [Score]

  struct Score: Encodable {
    let prompt: String
    let similarity: Float
    @Null var share: Float?
  }

  init(_ asked: Asked, _ prompts: PreparedPrompts, _ embedding: [Float], _ model: Model) {
    (self.model, picture) = (asked.model, asked.id)
    let scores = prompts.similarities(to: embedding, of: model).prompts
    let shares = promptShares(of: scores.map(\.similarity), embedding, model)
    results = scores.enumerated().map { Score(prompt: $1.prompt, similarity: $1.similarity, share: shares?[$0]) }
  }
}

/// What a prompt is worth among the others, or on its own where the model was trained so.
private func promptShares(of similarities: [Float], _ embedding: [Float], _ model: Model) -> [Float]? {
  let scaled = ScaledScores(similarities, among: model.architecture.isClassifier ? embedding : nil, of: model)
  return scaled.probabilities ?? scaled.softmax
}

/// A value that is `null` in JSON where it is nil.
@propertyWrapper
struct Null<Value: Encodable>: Encodable {
  var wrappedValue: Value?

  init(wrappedValue: Value?) { self.wrappedValue = wrappedValue }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    if let wrappedValue { try container.encode(wrappedValue) } else { try container.encodeNil() }
  }
}
