import Foundation
import Testing
import Zoo
import ZooTestSupport

/// The code and the data in Evaluating.md.
@Suite struct EvaluatingGuide {
  @Test func twoMethodsAreMeasuredOnScenes() async throws {
    let zoo = try await DemoZoo(), model = try await zoo.open()
    let data = DemoZoo.examples.appending(path: "eval")

    let scenes = MaskedPictures(try SceneFolder(data), minObjects: 5)
    let explainers = try ["legrad", "gradcam"].map {
      Explainer(model: model, method: try HeatmapMethod($0))
    }
    let table = try await PointingProtocol(scenes).evaluate(explainers) { progress in
      print(progress.phase, progress.done, "of", progress.total)
    }
    for method in table.methods {
      print(method.name)
      for (figure, estimate) in zip(table.figures, method.values) {
        print(figure.name, estimate.value, "from", estimate.low, "to", estimate.high)
      }
    }

    #expect(table.samples == scenes.pictures.count && table.samples > 10)
    let pointing = try #require(table.figures.firstIndex { $0.name == "pointing" })
    #expect(table.methods[0].values[pointing].value > 0.7)
    #expect(table.methods[0].values[pointing].value > table.methods[1].values[pointing].value)
  }

  /// The example of `scenes.json` in the guide, README and docs/evaluating.md can be read.
  @Test func theExampleOfAFolderIsRead() throws {
    let pages = [
      GuideTextTests.guides.appending(path: "Evaluating.md"), Golden.repository.appending(path: "README.md"),
      Golden.repository.appending(path: "docs/evaluating.md"),
    ]
    let folder = FileManager.default.temporaryDirectory.appending(path: "zoo-scenes-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    for page in pages {
      let json = try #require(GuideBlock.all(in: page).first { $0.language == "json" })
      try Data(json.text.utf8).write(to: folder.appending(path: SceneFolder.fileName))
      let scenes = try SceneFolder(folder).scenes
      #expect(scenes.map { $0.objects.map(\.name) } == [["glasses", "crab"]])
      #expect(scenes[0].mask.path == folder.appending(path: "masks/000.png").path)
    }
  }
}
