import Testing
import ZooFixtures
import ZooImages
import ZooModels
import ZooRuntime

@testable import ZooExplain

/// What goes with every method: negatives, the empty-prompt correction, lists of methods.
@Suite struct MethodSettingTests {
  private let model: Model
  private let picture: PixelTensor

  init() throws {
    let loaded = try GoldenModel("clip_gelu", "openclip/open_clip_model.safetensors")
    model = loaded.model
    let array = try loaded.expected("preprocess.npz")["image_a.native.tensor"]
    picture = PixelTensor(height: array.shape[1], width: array.shape[2], values: array.floats)
  }

  private func explainer(_ id: String) throws -> Explainer {
    Explainer(model: model, method: try Method(named: id))
  }

  @Test(arguments: Method.all.map(\.id))
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

  @Test(arguments: Method.all.map(\.id))
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

  @Test func aListNamesMethodsWithTheirOptions() throws {
    let list = try Method.list("legrad,gradcam:layer=3,score=dot, textspan:heads=1.0,2.1,legrad:layers=last:2,rollout")
    #expect(list.map(\.info.id) == ["legrad", "gradcam", "textspan", "legrad", "rollout"])
    #expect(
      list.map(\.options) == [[:], ["layer": "3", "score": "dot"], ["heads": "1.0,2.1"], ["layers": "last:2"], [:]])
    #expect(throws: MethodError.unknown("grad-cam", near: ["gradcam"])) { try Method.list("legrad,grad-cam") }
  }
}
