import Foundation
import Testing
import ZooFixtures
import ZooImages
import ZooModels
import ZooRuntime

@testable import ZooExplain

/// Settings for all methods: negatives, the empty-prompt correction, lists of methods.
@Suite struct MethodSettingTests {
  private let model: ZooModel
  private let picture: PixelTensor

  init() throws {
    let loaded = try GoldenModel("clip_gelu", "openclip/open_clip_model.safetensors")
    model = loaded.model
    let array = try loaded.expected("preprocess.npz")["image_a.native.tensor"]
    picture = PixelTensor(height: array.shape[1], width: array.shape[2], values: array.floats)
  }

  private func explainer(_ id: String) throws -> Explainer {
    Explainer(model: model, method: try HeatmapMethod(named: id))
  }

  @Test(arguments: HeatmapMethod.all.map(\.id))
  func negativesMoveWhatEveryMethodLooksFor(_ id: String) throws {
    var explainer = try explainer(id)
    let plain = try explainer.prepare(["a red square", "a blue circle"])
    explainer.negatives = ["a house", "a tree"]
    let prompts = try explainer.prepare(plain.prompts)
    let negatives = try model.textEmbeddings(explainer.negatives).map(normalised)
    let moved = plain.embeddings.map { embedding in
      embedding.indices.map { embedding[$0] - (negatives[0][$0] + negatives[1][$0]) / 2 }
    }
    let found = try explainer.explain([picture], prompts)[0].prompts.map(\.heatmap)
    let base = explainer.method.base
    let wanted = try base.explain(
      [picture], prompts: moved, background: base.background == .prompts ? plain.embeddings : [], model: model)
    for (a, b) in zip(found, wanted[0].heatmaps) {
      let largest = b.values.map(abs).max() ?? 0
      #expect(zip(a.values, b.values).allSatisfy { abs($0 - $1) <= 1e-5 * largest })
    }
  }

  @Test(arguments: HeatmapMethod.all.map(\.id))
  func theCorrectionBlanksWhatTheEmptyPromptLightsUp(_ id: String) throws {
    var explainer = try explainer(id)
    let prompts = try explainer.prepare(["a red square"]), empty = try #require(prompts.empty)
    let base = explainer.method.base
    let background = base.background == .prompts ? [empty] : []
    let maps = try base.explain(
      [picture], prompts: [prompts.directions[0], empty], background: background, model: model)[0].heatmaps
    let low = try #require(maps[1].values.min()), high = try #require(maps[1].values.max())
    explainer.correction = Correction(threshold: 0.6)
    let found = try explainer.explain([picture], prompts)[0].prompts[0].heatmap.values
    for (index, value) in found.enumerated() {
      let isHigh = high > low && (maps[1].values[index] - low) / (high - low) > 0.6
      #expect(value == (isHigh ? 0 : maps[0].values[index]), "place \(index)")
    }
  }

  /// Only what lies above the threshold is set to 0.
  @Test(arguments: [(0, [7, 0, 0]), (0.5, [7, 8, 0]), (1, [7, 8, 9])] as [(Float, [Float])])
  func theCorrectionBlanksOnlyWhatIsAboveItsThreshold(_ threshold: Float, _ wanted: [Float]) {
    func map(_ values: [Float]) -> Heatmap {
      Heatmap(
        grid: GridSize(height: 1, width: 3), patch: 8, layers: [], values: values, finish: .upsampleThenNormalise)
    }
    var found = map([7, 8, 9])
    Correction(threshold: threshold).apply(to: &found, empty: map([2, 3, 4]))
    #expect(found.values == wanted)
    // A constant map is not active anywhere.
    Correction(threshold: threshold).apply(to: &found, empty: map([2, 2, 2]))
    #expect(found.values == wanted)
  }

  @Test func aListNamesMethodsWithTheirOptions() throws {
    let list = try HeatmapMethod.list(
      "legrad,gradcam:layer=3,score=dot, textspan:heads=1.0,2.1,legrad:layers=last:2,rollout")
    #expect(list.map(\.info.id) == ["legrad", "gradcam", "textspan", "legrad", "rollout"])
    #expect(
      list.map(\.options) == [[:], ["layer": "3", "score": "dot"], ["heads": "1.0,2.1"], ["layers": "last:2"], [:]])
    #expect(throws: MethodError.unknown("grad-cam", near: ["gradcam"])) { try HeatmapMethod.list("legrad,grad-cam") }
  }

  @Test func layersMayBeAnySubset() throws {
    #expect(try LayerSelection("0,3,8-11").layers(of: 12) == [0, 3, 8, 9, 10, 11])
    #expect(try LayerSelection("4-5,4,1").layers(of: 6) == [1, 4, 5])
    #expect("\(try LayerSelection("0,3,8-11"))" == "0,3,8-11")
    for bad in ["0,", ",", "0,all", "3-1,4", "0, 2"] {
      #expect(throws: LayerSelectionError.unreadable(bad)) { try LayerSelection(bad) }
    }
    let beyond = try LayerSelection("0,99")
    #expect(throws: LayerSelectionError.tooMany(beyond, layers: 12)) { try beyond.layers(of: 12) }
    // The sum of the maps of the named layers.
    let last = try model.vision.blocks.count - 1
    for options in ["", ",final-score=yes", ",relu=no"] {
      let explainers = try HeatmapMethod.list("legrad:layers=0,\(last)\(options),legrad:layers=all\(options)").map {
        Explainer(model: model, method: $0)
      }
      let prompts = try explainers[0].prepare(["a red square", "a cat"])
      let found = try Explainer.explain([picture], explainers.map { ($0, prompts) }).map {
        $0[0].prompts.map(\.heatmap)
      }
      for (some, all) in zip(found[0], found[1]) {
        #expect(some.layers == [0, last] && some.layerValues == [all.layerValues[0], all.layerValues[last]])
        #expect(some.values == zip(all.layerValues[0], all.layerValues[last]).map(+))
      }
      let alone = try explainers[0].explain([picture], prompts)[0].prompts.map(\.heatmap.values)
      #expect(alone == found[0].map(\.values))
    }
  }

  @Test func textSpanTakesItsBackgroundFromAFile() throws {
    let file = FileManager.default.temporaryDirectory.appending(path: "background-\(UUID().uuidString).txt")
    defer { try? FileManager.default.removeItem(at: file) }
    try Data("# things\na red square\n\na blue circle\n".utf8).write(to: file)
    var explainer = try explainer("textspan")
    let both = try explainer.prepare(["a red square", "a blue circle"])
    let wanted = try explainer.explain([picture], both)[0].prompts[0].heatmap.values
    explainer.method = try HeatmapMethod(named: "textspan", options: ["background": file.path])
    let one = try explainer.prepare(["a red square"])
    let found = try explainer.explain([picture], one)[0].prompts[0].heatmap.values
    let largest = wanted.map(abs).max() ?? 0
    #expect(zip(found, wanted).allSatisfy { abs($0 - $1) <= 1e-5 * largest } && largest > 0)
    guard
      case .texts(let names) = try HeatmapMethod(named: "textspan", options: ["background": "imagenet"]).base.background
    else { return #expect(Bool(false)) }
    #expect(names.count == 1000 && names[0] == "a photo of a tench" && names[999] == "a photo of a toilet paper")
    #expect(throws: MethodError.self) { try HeatmapMethod(named: "textspan", options: ["background": "missing.txt"]) }
    try Data("# nothing\n".utf8).write(to: file)
    #expect(throws: MethodError.self) { try HeatmapMethod(named: "textspan", options: ["background": file.path]) }
  }

  @Test func gemSaysHowManyLayersThereAre() throws {
    let count = try model.vision.blocks.count
    for (depth, obstacle) in [(count, false), (count + 1, true)] {
      let found = try HeatmapMethod(named: "gem", options: ["depth": "\(depth)"]).obstacle(on: model)
      #expect((found != nil) == obstacle)
      if let found { #expect("\(found)".hasSuffix("expected 1 to \(count) layers")) }
    }
  }
}
