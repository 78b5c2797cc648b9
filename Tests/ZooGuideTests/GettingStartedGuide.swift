import Foundation
import Testing
import Zoo

/// The code in Zoo.md and GettingStarted.md.
@Suite struct GettingStartedGuide {
  @Test func aPictureIsExplained() async throws {
    let zoo = try await DemoZoo(), store = zoo.store
    let file = DemoZoo.scene(1), output = store.home.appending(path: "panda.png")

    let model = try await store.open("ViT-Ti-8-emoji")
    let picture = try Picture(contentsOf: file)
    let explanation = try await Explainer(model: model).explain(
      picture, prompts: ["a photo of a panda", "a photo of a kite"])
    for prompt in explanation.prompts {
      print(prompt.prompt, prompt.similarity, prompt.isAbsent ? "absent" : "present")
    }

    try explanation.overlay(ofPrompt: 0, on: picture).writePNG(to: output)

    #expect(explanation.prompts.map(\.prompt) == ["a photo of a panda", "a photo of a kite"])
    #expect(explanation.prompts.allSatisfy { !$0.isAbsent })
    let drawn = try Picture(contentsOf: output)
    #expect(drawn.width == 384 && drawn.height == 384)
    #expect(drawn.pixels != picture.pixels)
    // The panda's box in the scene of 384 pixels, according to examples.json; the map has 128.
    let map = explanation.prompts[0].heatmap.pixels()
    let peak = try #require(map.indices.max { map[$0] < map[$1] })
    #expect((118..<314).contains(peak % 128 * 3) && (53..<235).contains(peak / 128 * 3))
  }
}
