import Foundation
import Testing
import Zoo

/// The code and the claims in Explaining.md.
@Suite struct ExplainingGuide {
  @Test func manyPicturesShareTheirPrompts() async throws {
    let zoo = try await DemoZoo(), model = try await zoo.open()
    let pictures = try [1, 2].map { try Picture(contentsOf: DemoZoo.scene($0)) }

    var explainer = Explainer(model: model, method: try HeatmapMethod("gradcam:layer=3"))
    explainer.correction = Correction(threshold: 0.8)
    let prompts = ["a photo of a panda", "a photo of a kite"]
    let explanations = try await explainer.explain(pictures, prompts: prompts)
    for explanation in explanations {
      for prompt in explanation.prompts where !prompt.isAbsent {
        print(prompt.prompt, prompt.similarity, prompt.heatmap.energy)
      }
    }

    #expect(explanations[0].prompts.map(\.isAbsent) == [false, false])
    #expect(explanations[1].prompts[0].isAbsent)
    #expect(explanations[0].prompts[0].heatmap.layers == [3])
  }

  /// What the guide says about its first picture.
  @Test func anAbsentPromptHasABrightSpotAndMoreEnergyThanOneThatIsThere() async throws {
    let zoo = try await DemoZoo(), model = try await zoo.open()
    let found = try await Explainer(model: model).explain(
      Picture(contentsOf: DemoZoo.scene(1)),
      prompts: ["a photo of a panda", "a photo of a kite", "a photo of a banana"]
    ).prompts
    #expect(found.map(\.isAbsent) == [false, false, true])
    #expect(found[2].heatmap.pixels().max() == 1)
    #expect(found[2].heatmap.energy > found[1].heatmap.energy)
    // On the kite: its box is 1...144 by 204...339 of 384 pixels.
    let map = found[2].heatmap.pixels()
    let peak = try #require(map.indices.max { map[$0] < map[$1] })
    #expect((1..<144).contains(peak % 128 * 3) && (204..<339).contains(peak / 128 * 3))
  }
}
