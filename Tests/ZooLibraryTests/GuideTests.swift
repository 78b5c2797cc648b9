import Foundation
import SwiftUILike
import Testing
import TransformersLike
import Zoo

/// What an app does, in a file that also imports modules with the names in SwiftUI and swift-transformers: no name needs a module prefix.
@Suite struct GuideTests {
  @Test func aCheckpointIsConvertedAndAPictureExplained() async throws {
    let folder = try Folder()
    let store = ModelStore(home: folder.url)
    let conversion = try await Conversion.open(Demo.checkpoint)
    #expect(conversion.plan.problems.isEmpty)
    let told = Told<ConversionProgress>()
    let installed = try await store.install(conversion) { told.add($0) }
    #expect("\(installed.name)" == "ViT-Ti-8-emoji:local")
    #expect(told.all.last?.bytesDone == conversion.plan.byteCount)
    #expect(try await installed.verify().isEmpty)

    let model: ZooModel = try await store.open("ViT-Ti-8-emoji")
    let picture: Picture = try Picture(contentsOf: Demo.scene(1))
    let explainer = Explainer(model: model)
    let explanation = try await explainer.explain(picture, prompts: ["a photo of a panda", "a photo of a kite"])
    #expect(explanation.prompts.count == 2)
    let seen = try #require(explanation.picture)
    let map = explanation.prompts[0].heatmap
    let png: Data = try map.overlay(on: seen).pngData()
    let again = try Picture(data: png)
    #expect(again.width == map.pictureSize.width && again.height == map.pictureSize.height)
    let whole = try explanation.overlay(ofPrompt: 0, on: picture)
    #expect(whole.width == picture.width && whole.height == picture.height)
    #expect(throws: ExplainError.noSuchPrompt(2, count: 2)) { try explanation.overlay(ofPrompt: 2, on: picture) }
    #expect(throws: ExplainError.self) { try map.overlay(on: picture.cropped(rows: 0..<1, columns: 0..<1)) }

    // Names in SwiftUI refer to SwiftUI.
    let view = Image("photo")
    #expect(type(of: view) == SwiftUILike.Image.self)
  }

  @Test func picturesAreSearchedByText() async throws {
    let model = try await DemoModel.shared.model()
    let scenes = (1...3).map(Demo.scene)
    let told = Told<Int>()
    let pictures = try scenes.map { try Picture(contentsOf: $0) }
    let embedded: [EmbeddingVector] = try await model.embed(pictures) { told.add($0) }
    #expect(told.all == [3])
    let query = try await model.embed(["a photo of a panda"])[0]
    let ranked = zip(scenes, embedded).sorted { query.similarity(to: $0.1) > query.similarity(to: $1.1) }
    let explanations = try await Explainer(model: model).explain(pictures, prompts: ["a photo of a panda"])
    // The similarities are those of the explanations.
    for (embedding, explanation) in zip(embedded, explanations) {
      #expect(abs(query.similarity(to: embedding) - explanation.prompts[0].similarity) < 1e-5)
    }
    let best = explanations.indices.max {
      explanations[$0].prompts[0].similarity < explanations[$1].prompts[0].similarity
    }
    #expect(ranked.first?.0 == best.map { scenes[$0] })
    let tokenizer: any PromptTokenizer = try model.tokenizer()
    #expect(tokenizer.encode("a panda").count == tokenizer.contextLength)
  }

  @Test func theRegistryIsListed() throws {
    let manifest = try #require(Registry.builtIn.manifest("ViT-B-16"))
    #expect(manifest.architecture.vision?.patch == 16)
    #expect(manifest.architecture.vision?.grid == GridSize(height: 14, width: 14))
    #expect(manifest.weights.contains { $0.tag == "openai" })
    #expect(HeatmapMethod.all.contains { $0.id == "legrad" })
  }

  @Test func methodsAreComparedOnScenes() async throws {
    let model = try await DemoModel.shared.model()
    let data = try Demo.scenes(8)
    let ways = try ["legrad", "gradcam"].map { Explainer(model: model, method: try HeatmapMethod(named: $0)) }
    let told = Told<EvaluationProgress>()
    let table = try await PointingProtocol(data).evaluate(ways) { told.add($0) }
    #expect(table.methods.map(\.name) == ways.map(\.method.displayName))
    #expect(table.samples == data.pictures.count)
    let last = try #require(told.all.last)
    #expect(last.phase == .measuring && last.done == table.samples && last.total == table.samples)
    // LeGrad with the demo model finds its objects better than chance.
    let iou = try #require(zip(table.figures, table.methods[0].values).first { $0.0.name == "mIoU @0.5" }?.1.value)
    #expect(iou > 0.3 && iou <= 1)
  }
}

/// The demo model, converted once.
actor DemoModel {
  static let shared = DemoModel()
  private var task: Task<(ZooModel, Folder), any Error>?

  func model() async throws -> ZooModel {
    let task =
      task
      ?? Task {
        let folder = try Folder(), directory = folder.url.appending(path: "model")
        let conversion = try await Conversion.open(Demo.checkpoint)
        _ = try await conversion.write(to: directory)
        return (try ZooModel(directory: directory), folder)
      }
    self.task = task
    return try await task.value.0
  }
}
