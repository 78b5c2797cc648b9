import ZooExplain
import ZooImages
import ZooRuntime

/// The answer of `/v1/explain`.
struct ExplanationAnswer: Encodable {
  let schema = 1
  let model: String
  let picture: String
  let source: Source
  let seen: Sides
  let grid: [Int]
  let prompts: [Prompt]
  let maps: [Map]
  let seconds: FoundMaps.Seconds
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

  /// - Parameter layers: Whether each layer's map is wanted.
  init(_ asked: Asked, _ found: FoundMaps, layers: Bool) {
    (model, picture, seconds) = (asked.model, asked.id, found.seconds)
    let facts = found.pass.facts, first = found.maps[0][0], embedding = found.pass.kept.embeddings[0]
    source = Source(width: facts.width, height: facts.height, crop: facts.crop)
    seen = Sides(width: first.pictureSize.width, height: first.pictureSize.height)
    grid = [first.grid.height, first.grid.width]
    let model = found.pass.kept.model, prepared = found.prompts
    let scores = prepared.similarities(to: embedding, of: model).prompts
    let shares = promptShares(of: scores.map(\.similarity), embedding, model)
    prompts = scores.enumerated().map { place, score in
      Prompt(
        prompt: score.prompt, similarity: score.similarity, share: shares?[place],
        absent: prepared.absentBelow == nil ? nil : score.isAbsent,
        patches: found.patches.map { $0.map { dot($0, prepared.embeddings[place]) } })
    }
    maps = zip(zip(asked.methods, found.explainers), found.maps).flatMap { way, maps in
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

/// The answer of `/v1/score`.
struct ScoresAnswer: Encodable {
  let schema = 1
  let model: String
  let picture: String
  let results: [Score]

  struct Score: Encodable {
    let prompt: String
    let similarity: Float
    @Null var share: Float?
  }

  init(_ asked: Asked, _ found: FoundMaps) {
    (model, picture) = (asked.model, asked.id)
    let embedding = found.pass.kept.embeddings[0], model = found.pass.kept.model
    let scores = found.prompts.similarities(to: embedding, of: model).prompts
    let shares = promptShares(of: scores.map(\.similarity), embedding, model)
    results = scores.enumerated().map { Score(prompt: $1.prompt, similarity: $1.similarity, share: shares?[$0]) }
  }
}

/// The probability of each prompt among the others, or on its own if the model was trained that way.
private func promptShares(of similarities: [Float], _ embedding: [Float], _ model: ZooModel) -> [Float]? {
  let scaled = ScaledScores(similarities, among: model.architecture.isClassifier ? embedding : nil, of: model)
  return scaled.probabilities ?? scaled.softmax
}

/// An optional value that is encoded as `null` in JSON if it is nil.
@propertyWrapper
struct Null<Value: Encodable>: Encodable {
  var wrappedValue: Value?

  init(wrappedValue: Value?) { self.wrappedValue = wrappedValue }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    if let wrappedValue { try container.encode(wrappedValue) } else { try container.encodeNil() }
  }
}
