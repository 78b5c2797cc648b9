import Foundation
import Testing
import ZooExplain
import ZooFixtures
import ZooRuntime
import ZooTestSupport

@testable import ZooEvaluate

/// Names, templates and zero-shot heads, compared with open_clip (`Tools/evaluation/make_embeddings.py`).
@Suite struct HeadTests {
  struct Expected: Decodable {
    let names: [String]
    let heads: [String: [[Float]]]
  }

  @Test func namesComeWithTheBuild() throws {
    let names = try ClassNames.builtIn()
    #expect(names.ids.count == 1000 && names.ids == names.ids.sorted())
    #expect(names.ids[0] == "n01440764" && names["n01440764"] == "tench" && names["n15075141"] == "toilet paper")
    // Not among the 1000.
    #expect(names["n02084071"] == "dog" && names["n00000000"] == nil)
  }

  @Test func templatesHaveNames() throws {
    let all = try PromptTemplates.expand(["openai"])
    #expect(all.count == 80 && all.first == "a bad photo of a {}." && all.last == "a tattoo of the {}.")
    #expect(try PromptTemplates.expand(["openai-7", "my {}"]).suffix(2) == ["a photo of the small {}.", "my {}"])
    #expect(PromptTemplates.describe(all) == "openai (80)" && PromptTemplates.describe(["a {}"]) == "\"a {}\"")
    #expect(throws: EvaluateError.templateWithoutPlace("opena")) { try PromptTemplates.expand(["opena"]) }
  }

  @Test func headsAreOpenCLIPs() throws {
    let file = Golden.cases.appending(path: "embeddings/expected.json")
    let expected = try JSONDecoder().decode(Expected.self, from: Data(contentsOf: file))
    let cache = FileManager.default.temporaryDirectory.appending(path: "zoo-heads-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: cache) }
    let model = try GoldenModel.demo("ViT-Ti-8-emoji", textCache: cache)
    for (name, head) in expected.heads {
      for _ in 0..<2 {  // The second time from the cache.
        let found = try Explainer(model: model).head(expected.names, templates: PromptTemplates.expand([name]))
        for (found, want) in zip(found.directions, head) {
          #expect(zip(found, want).map { abs($0 - $1) }.max() ?? 1 < 2e-6, "\(name)")
        }
        #expect(found.prompts == expected.names && found.empty != nil && found.absentBelow != nil)
      }
    }
  }

  /// A head with one template and the prompt that it makes are two entries in the cache.
  @Test func headsAndPromptsAreKeptApart() throws {
    let cache = FileManager.default.temporaryDirectory.appending(path: "zoo-heads-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: cache) }
    let model = try GoldenModel.demo("ViT-Ti-8-emoji", textCache: cache)
    let prompt = try GoldenModel.demo("ViT-Ti-8-emoji").textEmbeddings(["a photo of a cat"])
    let direction = try model.textEmbeddings(of: ["cat"], in: PromptTemplates.plain)
    #expect(abs(dot(direction[0], direction[0]) - 1) < 1e-5)
    #expect(try model.textEmbeddings(["a photo of a cat"]) == prompt)
    #expect(try model.textEmbeddings(of: ["cat"], in: PromptTemplates.plain) == direction)
  }

  @Test func presetsAreThePapers() throws {
    #expect(PaperPreset.all.map(\.name) == [1, 2, 3, 4, 5, 7].map { "paper-table\($0)" })
    for preset in PaperPreset.all {
      for method in preset.methods { _ = try HeatmapMethod(method) }
      _ = try PromptTemplates.expand([preset.template])
    }
    let four = try PaperPreset.named("paper-table4", for: PointsProtocol.name)
    #expect(!four.methods.contains { $0.hasPrefix("textspan") } && four.models == ["ViT-B-16-SigLIP:webli"])
    let error = #expect(throws: EvaluateError.self) { try PaperPreset.named("paper-table1", for: PointsProtocol.name) }
    #expect(
      error?.description == "points has no preset 'paper-table1'; it has paper-table2, paper-table4")
  }
}
