import ZooImages
import ZooModels
import ZooRuntime
import ZooTensors
import ZooText

/// Explains pictures with prompts: embeds the text, runs the method, and handles things that are not in the picture.
///
/// ```swift
/// let explainer = Explainer(model: try ZooModel(directory: url))
/// let result = try explainer.explain(Picture(contentsOf: picture), prompts: ["a photo of a cat"])
/// result.prompts[0].heatmap.pixels()  // [height * width], 0...1
/// ```
public struct Explainer: Sendable {
  /// The model that is explained.
  public let model: ZooModel
  /// The method that computes maps.
  public var method: HeatmapMethod
  /// Nil for none. By default only for models with SigLIP's attention pooler, as in the authors' code.
  public var correction: Correction?
  /// Prompts whose mean is subtracted from each prompt's direction before explaining.
  public var negatives: [String] = []

  /// Creates an explainer with LeGrad and the correction that the authors' code uses for such a model.
  public init(model: ZooModel, method: LeGrad = LeGrad()) { self.init(model: model, method: HeatmapMethod(method)) }

  /// Creates an explainer with a method and the correction that the authors' code uses for such a model.
  public init(model: ZooModel, method: HeatmapMethod) {
    self.model = model
    self.method = method
    if case .attention = model.architecture.vision?.pooler, !model.architecture.isClassifier {
      correction = Correction()
    }
  }

  /// The same explainer with another model, such as its own with another number of threads.
  package func on(_ model: ZooModel) -> Explainer {
    var result = Explainer(model: model, method: method)
    (result.correction, result.negatives) = (correction, negatives)
    return result
  }

  /// Embeds the prompts, so that many pictures can share them.
  ///
  /// Throws `ExplainError.blankPrompt` for a prompt that contains only whitespace.
  public func prepare(_ prompts: [String]) throws -> PreparedPrompts {
    if let blank = (prompts + negatives).first(where: isBlank) { throw ExplainError.blankPrompt(blank) }
    let empty = correction?.prompt ?? Correction.emptyPrompt
    var embeddings = try model.textEmbeddings(prompts + negatives + [empty]).map(normalised)
    let emptyEmbedding = embeddings.removeLast()
    let background = Array(embeddings[prompts.count...])
    embeddings.removeLast(background.count)
    return PreparedPrompts(
      prompts: prompts, embeddings: embeddings, directions: embeddings.map { subtractMean(of: background, from: $0) },
      empty: emptyEmbedding, absentBelow: try model.absentLimit(empty: emptyEmbedding))
  }

  /// Uses classes of a classifier as prompts.
  public func prepare(classes: [Int]) throws -> PreparedPrompts {
    guard model.architecture.isClassifier else { throw ExplainError.notAClassifier(model: model.name) }
    let count = model.architecture.embedding
    for index in classes where !(0..<count).contains(index) { throw ExplainError.noSuchClass(index, count: count) }
    let vectors = classes.map { index in (0..<count).map { $0 == index ? Float(1) : 0 } }
    return PreparedPrompts(
      prompts: classes.map { model.className($0) }, embeddings: vectors, directions: vectors, empty: nil,
      absentBelow: nil)
  }

  /// Uses classes of a classifier, by name or number, as prompts.
  ///
  /// Throws `ExplainError.noClassCalled` with names similar to a misspelt one.
  public func prepare(classNames names: [String]) throws -> PreparedPrompts {
    try prepare(
      classes: names.map { name in
        guard let index = model.classIndex(name) else {
          throw ExplainError.noClassCalled(name, near: nearest(to: name, among: model.description.labels ?? []))
        }
        return index
      })
  }

  /// Explains one picture with the model's own preprocessing.
  public func explain(_ picture: Picture, prompts: [String]) throws -> Explanation {
    let loaded = PictureLoader(preprocessing: try model.preprocessing).load(picture)
    return try explain([loaded.input.tensor], prepare(prompts))[0].showing(loaded)
  }

  /// Explains pictures; those of the same size share passes through the model.
  public func explain(_ pictures: [PixelTensor], _ prompts: PreparedPrompts) throws -> [Explanation] {
    try Self.explain(pictures, [(self, prompts)])[0]
  }

  /// Explains pictures in several ways, `[ways][pictures]`: pictures of the same size share the passes through the model, and so do methods that
  /// differ only in the layers that are summed.
  ///
  /// - Parameters:
  ///   - ways: Explainers of one model, each with its prompts.
  ///   - clock: Times the work that is not for all ways.
  ///   - step: Called before each block; throwing ends the work.
  package static func explain(
    _ pictures: [PixelTensor], _ ways: [(explainer: Explainer, prompts: PreparedPrompts)],
    clock: MethodClock = MethodClock(), step: () throws -> Void = {}
  ) throws -> [[Explanation]] {
    guard let model = ways.first?.explainer.model else { return [] }
    let jobs = try jobs(ways)
    let explained = try pictures.bySize { pictures, _ in
      let some = explanations(ways, try Pass.run(pictures, jobs, model: model, clock: clock, step: step))
      return pictures.indices.map { picture in some.map { $0[picture] } }
    }
    return ways.indices.map { way in explained.map { $0[way] } }
  }

  /// Explains pictures that each have their own prompts, `[ways][pictures]`; those of the same size still share the passes.
  ///
  /// - Parameters:
  ///   - ways: Explainers of one model, each with its prompts for each picture.
  ///   - step: Called before each block; throwing ends the work.
  package static func explain(
    _ pictures: [PixelTensor], _ ways: [(explainer: Explainer, prompts: [PreparedPrompts])],
    clock: MethodClock = MethodClock(), step: () throws -> Void = {}
  ) throws -> [[Explanation]] {
    guard let model = ways.first?.explainer.model else { return [] }
    let explained = try pictures.bySize { pictures, places in
      let own = places.map { place in ways.map { (explainer: $0.explainer, prompts: $0.prompts[place]) } }
      let jobs = try own.enumerated().flatMap { picture, ways in try Self.jobs(ways, picture: picture) }
      let output = try Pass.run(
        pictures, jobs, model: model, clock: clock, ways: jobs.indices.map { $0 % ways.count }, step: step)
      return own.enumerated().map { picture, ways in
        let maps = Array(output.maps[picture * ways.count..<(picture + 1) * ways.count])
        return explanations(ways, Pass.Output(embeddings: [output.embeddings[picture]], maps: maps)).map { $0[0] }
      }
    }
    return ways.indices.map { way in explained.map { $0[way] } }
  }

  /// Explains the picture of a complete pass that was kept: `[ways]`, without another forward pass.
  ///
  /// - Parameter step: Called before each block; throwing ends the work.
  package static func explain(
    _ pass: KeptPass, _ ways: [(explainer: Explainer, prompts: PreparedPrompts)], step: () throws -> Void = {}
  ) throws -> [Explanation] {
    let maps = try pass.maps(jobs(ways), step: step)
    return explanations(ways, Pass.Output(embeddings: pass.embeddings, maps: maps)).map { $0[0] }
  }

  private static func jobs(
    _ ways: [(explainer: Explainer, prompts: PreparedPrompts)], picture: Int? = nil
  ) throws -> [Pass.Job] {
    // If one needs the empty prompt, it is included for all, so that they share the same directions.
    let corrects = ways.contains { $0.explainer.correction != nil }
    return try ways.map { way in
      try Pass.Job(
        way.explainer.method.base, way.prompts.directions + (corrects ? way.prompts.empty.map { [$0] } ?? [] : []),
        background: way.explainer.background(of: way.prompts), picture: picture)
    }
  }

  private static func explanations(
    _ ways: [(explainer: Explainer, prompts: PreparedPrompts)], _ output: Pass.Output
  ) -> [[Explanation]] {
    zip(ways, output.maps).map { way, maps in
      zip(output.embeddings, maps).map { embedding, maps in
        way.explainer.explanation(of: embedding, maps: way.explainer.corrected(maps, way.prompts), prompts: way.prompts)
      }
    }
  }

  /// What the method compares the prompts with.
  private func background(of prompts: PreparedPrompts) throws -> [[Float]] {
    switch method.base.background {
    case .none: return []
    case .prompts where model.architecture.isClassifier:
      // The mean of all classes.
      let count = model.architecture.embedding
      return [[Float](repeating: 1 / Float(count), count: count)]
    case .prompts: return prompts.prompts.count > 1 ? prompts.embeddings : prompts.empty.map { [$0] } ?? []
    case .texts(let texts): return try model.textEmbeddings(texts).map(normalised)
    }
  }

  /// The maps of the prompts alone, corrected by the empty prompt's if requested.
  private func corrected(_ maps: [Heatmap], _ prompts: PreparedPrompts) -> [Heatmap] {
    var own = Array(maps.prefix(prompts.prompts.count))
    if let correction, own.count < maps.count {
      for index in own.indices { correction.apply(to: &own[index], empty: maps[own.count]) }
    }
    return own
  }

  private func explanation(of embedding: [Float], maps: [Heatmap], prompts: PreparedPrompts) -> Explanation {
    let (empty, similarities) = prompts.similarities(to: embedding, of: model)
    let results = zip(similarities, maps).map { score, map in
      Explanation.Prompt(
        prompt: score.prompt, similarity: score.similarity, heatmap: map, isAbsent: score.isAbsent)
    }
    return Explanation(
      embedding: embedding, emptySimilarity: empty, absentBelow: prompts.absentBelow, prompts: results)
  }

  private func subtractMean(of background: [[Float]], from prompt: [Float]) -> [Float] {
    guard !background.isEmpty else { return prompt }
    return prompt.indices.map { index in
      prompt[index] - background.reduce(0) { $0 + $1[index] } / Float(background.count)
    }
  }
}

/// Prompts, embedded once.
public struct PreparedPrompts: Sendable {
  /// The prompts, or the names of the classes.
  public let prompts: [String]
  /// Normalised text embeddings, `[prompts][embedding]`; one-hot vectors for classes.
  public let embeddings: [[Float]]
  /// The directions that maps are computed for: the embeddings, minus the mean of the negatives.
  public let directions: [[Float]]
  /// The normalised embedding of the empty prompt; nil for classes.
  public let empty: [Float]?
  /// Prompts whose cosine with a picture is not above this are absent from it; nil if unknown.
  public let absentBelow: Float?

  package init(
    prompts: [String], embeddings: [[Float]], directions: [[Float]], empty: [Float]?, absentBelow: Float?
  ) {
    (self.prompts, self.embeddings, self.directions, self.empty) = (prompts, embeddings, directions, empty)
    self.absentBelow = absentBelow
  }

  /// Some of the prompts, by index.
  public subscript(places: [Int]) -> PreparedPrompts {
    PreparedPrompts(
      prompts: places.map { prompts[$0] }, embeddings: places.map { embeddings[$0] },
      directions: places.map { directions[$0] }, empty: empty, absentBelow: absentBelow)
  }
}

/// How well one prompt fits one picture.
public struct PromptSimilarity: Sendable {
  /// The prompt, or the name of the class.
  public let prompt: String
  /// Cosine of picture and prompt; a classifier's logit.
  public let similarity: Float
  /// Whether the prompt fits the picture no better than a prompt that names nothing fits pictures of noise.
  public let isAbsent: Bool

  package init(prompt: String, similarity: Float, isAbsent: Bool) {
    self.prompt = prompt
    self.similarity = similarity
    self.isAbsent = isAbsent
  }
}

extension PreparedPrompts {
  /// How well the prompts, and the prompt that names nothing, fit a picture.
  ///
  /// - Parameter embedding: The picture's embedding, not normalised; a classifier's logits.
  public func similarities(to embedding: [Float], of model: ZooModel) -> (empty: Float?, prompts: [PromptSimilarity]) {
    // A classifier's embedding is its logits, and a prompt picks one of them.
    let unit = model.architecture.isClassifier ? embedding : normalised(embedding)
    let emptySimilarity = empty.map { dot($0, unit) }
    let scores = zip(prompts, embeddings).map { prompt, embedding in
      let similarity = dot(embedding, unit)
      return PromptSimilarity(
        prompt: prompt, similarity: similarity, isAbsent: absentBelow.map { similarity <= $0 } ?? false)
    }
    return (emptySimilarity, scores)
  }
}
