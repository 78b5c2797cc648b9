import Foundation
import Synchronization
import Testing
import ZooFixtures
import ZooImages
import ZooModels
import ZooRuntime
import ZooTestSupport

@testable import ZooExplain

/// One pass for several methods, the backward pass through whole blocks, and passes that are reused.
@Suite struct PassTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var name: String
    var group = "models"
    var checkpoint = "openclip/open_clip_model.safetensors"
    var testDescription: String { name }

    func load() throws -> (model: ZooModel, picture: PixelTensor) {
      let loaded = try GoldenModel(name, checkpoint, group: group) {
        if name.hasPrefix("siglip") { ($0.visionActivation, $0.textActivation) = (.gelu, .gelu) }
      }
      let array = try loaded.expected("preprocess.npz")["image_a.native.tensor"]
      return (loaded.model, PixelTensor(height: array.shape[1], width: array.shape[2], values: array.floats))
    }
  }

  static let cases =
    [
      Case(name: "clip_gelu"), Case(name: "clip_layerscale"), Case(name: "clip_h14style"), Case(name: "coca"),
      Case(name: "siglip"), Case(name: "vit_classifier", checkpoint: "timm/model.safetensors"),
    ]
    + ["clipa", "pe_core", "eva02", "eva01", "eva02_enormous", "mobileclip_base", "timm_gap", "naflex_gap", "vitamin"]
    .map {
      Case(name: $0, group: "families")
    }

  /// Unit vectors, the same at every call.
  private func directions(_ count: Int, width: Int) -> [[Float]] {
    (0..<count).map { index in
      normalised((0..<width).map { Float(($0 * 7919 + index * 104_729) % 1009) / 1009 - 0.5 })
    }
  }

  @Test(arguments: cases)
  func theWayBackIsWhatDifferencesOfTheForwardPassSay(_ golden: Case) throws {
    let (model, picture) = try golden.load(), vision = try model.vision
    let score: Score = vision.isClassifier ? .dot : .cosine,
      direction = directions(1, width: model.architecture.embedding)
    let catcher = Catcher()
    _ = try Pass.run([picture], [Pass.Job(FlowProbe(score: score, catcher: catcher), direction)], model: model)
    let flow = catcher.flow.withLock { $0 }
    #expect(!flow.isEmpty)
    let direction0 = direction[0]
    // The score when the first block's input is moved along a direction.
    func value(_ step: Float, along direction: [Float]) -> Double {
      let work = vision.forward(
        [picture], engine: model.engine, observe: { _ in },
        embedded: { work in
          for index in direction.indices { work.x.pointer[index] += step * direction[index] }
        }, step: {})
      let embedding = vision.pool(work, engine: model.engine)[0].map { Double($0) }
      let length = embedding.reduce(0) { $0 + $1 * $1 }.squareRoot()
      let product = zip(embedding, direction0).reduce(0) { $0 + $1.0 * Double($1.1) }
      return score == .dot ? product : product / length
    }
    for seed in 0..<3 {
      let along = (0..<flow.count).map { place -> Float in
        let mixed = (place &+ seed &* 31) &* 2_654_435_761
        return Float(mixed >> 12 & 0xFFF) / 2048 - 1
      }
      let products = zip(flow, along).map { Double($0) * Double($1) }
      let expected = products.reduce(0, +)
      let step: Float = 2e-3
      let forwards = value(step, along: along), backwards = value(-step, along: along)
      let found = (forwards - backwards) / Double(2 * step)
      let size = products.map { abs($0) }.reduce(0, +)
      #expect(
        Swift.abs(found - expected) <= 0.02 * max(Swift.abs(expected), 0.05 * size), "\(found) is not \(expected)")
    }
  }

  @Test(arguments: ["clip_gelu", "clip_layerscale", "clip_h14style"])
  func inTheLastLayerTheFinalScoreIsTheLayersOwn(_ name: String) throws {
    let (model, picture) = try Case(name: name).load()
    let directions = directions(3, width: model.architecture.embedding)
    var ablation = LeGrad(layers: .last(1), score: .cosine)
    ablation.fromFinalScore = true
    let own = LeGrad(variant: .paper, layers: .last(1), score: .cosine)
    let a = try ablation.explain([picture], prompts: directions, model: model)[0].heatmaps
    let b = try own.explain([picture], prompts: directions, model: model)[0].heatmaps
    for (a, b) in zip(a, b) { #expect(isClose(a.values, b.values)) }
  }

  @Test func withoutReLUTheMapIsTheMeanGradient() throws {
    let (model, picture) = try Case(name: "clip_gelu").load()
    let directions = directions(2, width: model.architecture.embedding)
    var plain = LeGrad(layers: .last(2))
    plain.relu = false
    // The difference of the positive parts of the gradient and its negative is the gradient itself.
    let opposite = directions.map { $0.map(-) }
    let signed = try plain.explain([picture], prompts: directions, model: model)[0].heatmaps
    let positive = try LeGrad(layers: .last(2)).explain([picture], prompts: directions, model: model)[0].heatmaps
    let negative = try LeGrad(layers: .last(2)).explain([picture], prompts: opposite, model: model)[0].heatmaps
    for index in signed.indices {
      #expect(isClose(signed[index].values, zip(positive[index].values, negative[index].values).map(-)))
    }
  }

  @Test func methodsTogetherGiveWhatEachGivesAlone() throws {
    let (model, picture) = try Case(name: "clip_gelu").load()
    let directions = directions(2, width: model.architecture.embedding)
    let methods = try HeatmapMethod.all.map { try HeatmapMethod(named: $0.id).base }
    let together = try Pass.run([picture, picture], methods.map { Pass.Job($0, directions) }, model: model)
    for (method, maps) in zip(methods, together.maps) {
      let alone = try method.explain([picture], prompts: directions, model: model)[0].heatmaps
      #expect(maps.count == 2)
      for maps in maps {
        for (a, b) in zip(maps, alone) { #expect(isClose(a.values, b.values), "\(type(of: method).info.id)") }
      }
    }
  }

  /// To the last bit, so that the rows of an evaluation do not depend on which pictures are measured together.
  @Test(arguments: ["clip_gelu", "siglip", "coca"])
  func picturesThatShareAPassLookForThingsOfTheirOwn(_ name: String) throws {
    let (model, first) = try Case(name: name).load()
    let pictures = (0..<3).map { index in
      PixelTensor(height: first.height, width: first.width, values: first.values.map { $0 * Float(1 - index) + 0.1 })
    }
    let wanted = (1...3).map { directions($0, width: model.architecture.embedding) }
    for method in HeatmapMethod.defined(on: model).compactMap({ try? HeatmapMethod(named: $0.id).base }) {
      let jobs = wanted.enumerated().map { Pass.Job(method, $1, picture: $0) }
      let together = try Pass.run(pictures, jobs, model: model)
      for (index, picture) in pictures.enumerated() {
        let alone = try Pass.run([picture], [Pass.Job(method, wanted[index])], model: model)
        #expect(together.embeddings[index] == alone.embeddings[0])
        #expect(together.maps[index][0].map(\.values) == alone.maps[0][0].map(\.values), "\(type(of: method).info.id)")
        #expect(together.maps[index][0].count == index + 1)
      }
    }
  }

  @Test(arguments: [
    Case(name: "clip_gelu"), Case(name: "siglip"), Case(name: "coca"), Case(name: "resnet", group: "families"),
  ])
  func aKeptPassAnswersNewPromptsLikeANewPass(_ golden: Case) throws {
    let (model, picture) = try golden.load()
    let methods = HeatmapMethod.defined(on: model).compactMap { try? HeatmapMethod(named: $0.id).base }
    #expect(methods.count >= 5)
    let kept = try KeptPass(picture, model: model)
    for count in [1, 3] {
      let directions = directions(count, width: model.architecture.embedding)
      let found = try kept.maps(methods.map { Pass.Job($0, directions) })
      for (method, maps) in zip(methods, found) {
        let fresh = try method.explain([picture], prompts: directions, model: model)[0].heatmaps
        for (a, b) in zip(maps[0], fresh) { #expect(isClose(a.values, b.values), "\(type(of: method).info.id)") }
      }
    }
  }

  @Test func aPassEndsBetweenBlocks() throws {
    struct Enough: Error {}
    let (model, picture) = try Case(name: "clip_gelu").load()
    var blocks: [Int] = []
    func step(_ layer: Int) throws {
      blocks.append(layer)
      if layer == 1 { throw Enough() }
    }
    #expect(throws: Enough.self) { try KeptPass(picture, model: model, step: step) }
    #expect(throws: Enough.self) { try KeptPass(picture, isWhole: false, model: model, step: step) }
    #expect(throws: Enough.self) { try model.imageEmbeddings([picture], step: step) }
    #expect(blocks == [0, 1, 0, 1, 0, 1])
    // And so does what follows it: two blocks forwards for LeGrad, and four forwards and one backwards for a method with a backward pass.
    let kept = try KeptPass(picture, model: model), width = model.architecture.embedding
    for (name, most) in [("legrad", 3), ("gradcam:layer=0", 6)] {
      let job = Pass.Job(try HeatmapMethod(name).base, directions(1, width: width))
      var steps = 0
      #expect(throws: Enough.self) {
        try kept.maps([job]) {
          steps += 1
          if steps == most { throw Enough() }
        }
      }
      #expect(steps == most)
    }
  }

  @Test func layersOfOneMethodShareTheirWork() throws {
    let (model, picture) = try Case(name: "clip_gelu").load()
    let directions = directions(1, width: model.architecture.embedding)
    let jobs = [LeGrad(), LeGrad(layers: .last(2)), LeGrad(layers: .last(2), tokens: .first)].map {
      Pass.Job($0, directions)
    }
    let maps = try Pass.run([picture], jobs, model: model).maps.map { $0[0][0] }
    #expect(maps[0].layers == [0, 1, 2, 3] && maps[1].layers == [2, 3])
    #expect(maps[1].layerValues == Array(maps[0].layerValues.suffix(2)))
    // The class token alone gives a different score.
    #expect(maps[2].values != maps[1].values)
  }

  @Test func whatDoesNotExistIsRefusedByName() throws {
    let (model, picture) = try Case(name: "siglip").load()
    #expect(throws: MethodError.unknown("grad-cam", near: ["gradcam"])) { try HeatmapMethod(named: "grad-cam") }
    #expect(throws: MethodError.self) { try HeatmapMethod(named: "rollout", options: ["layers": "all"]) }
    let directions = directions(1, width: model.architecture.embedding)
    let rollout = try HeatmapMethod(named: "rollout", options: ["start-layer": "99"])
    #expect(throws: MethodError.noSuchLayer(method: "rollout", layer: 99, layers: 3)) {
      try rollout.explain([picture], directions: directions, model: model)
    }
    let textspan = try HeatmapMethod(named: "textspan")
    let error = try #require(throws: MethodError.self) {
      try textspan.explain([picture], directions: directions, model: model)
    }
    #expect("\(error)".contains("these methods run on it: legrad, rollout, raw-attention"), "\(error)")
  }

  private func isClose(_ a: [Float], _ b: [Float]) -> Bool {
    let scale = max(a.map(abs).max() ?? 0, b.map(abs).max() ?? 0)
    return a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) <= 2e-5 * scale }
  }
}

/// What a `FlowProbe` has received.
private final class Catcher: Sendable {
  let flow = Mutex<[Float]>([])
}

/// Receives what arrives at the input of the first block.
private struct FlowProbe: ExplanationMethod {
  static let info = MethodInfo(id: "probe", title: "", summary: "", source: "", cost: "")
  let score: Score
  let catcher: Catcher

  init(score: Score, catcher: Catcher) { (self.score, self.catcher) = (score, catcher) }
  init(_ options: inout MethodOptions) throws { self.init(score: .cosine, catcher: Catcher()) }

  static func == (a: FlowProbe, b: FlowProbe) -> Bool { a.score == b.score }
  func hash(into hasher: inout Hasher) { hasher.combine(score) }

  func start(_ job: MethodJob) throws -> any MethodRun { Run(self) }

  private final class Run: MethodRun {
    let probe: FlowProbe
    init(_ probe: FlowProbe) { self.probe = probe }
    var request: PassRequest { .embedding }
    var flows: [FlowRequest] { [FlowRequest(kind: .gradient(probe.score), layers: 0..<1, depth: .input)] }
    func backward(_ layer: LayerView, _ flow: LayerFlow) {
      probe.catcher.flow.withLock { $0 = flow.input?.buffer.array ?? [] }
    }
    func maps() -> [[Heatmap]] { [[]] }
  }
}
