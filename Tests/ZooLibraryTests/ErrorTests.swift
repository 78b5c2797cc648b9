import Foundation
import Testing
import Zoo

/// What an app shows of an error is the sentence that the command prints.
@Suite struct ErrorTests {
  private func sentence(_ work: () throws -> Void) throws -> (shown: String, own: String, localized: Bool) {
    do {
      try work()
    } catch {
      return (error.localizedDescription, "\(error)", error is any LocalizedError)
    }
    throw CocoaError(.featureUnsupported)
  }

  @Test func errorsHaveTheirOwnSentences() throws {
    let nowhere = URL(filePath: "/nonexistent/model")
    let found = [
      try sentence { _ = try ZooModel(directory: nowhere) },
      try sentence { _ = try Picture(data: Data("no picture".utf8), name: "notes.txt") },
      try sentence { _ = try Checkpoint.open("/nonexistent/weights.safetensors") },
      try sentence { _ = try Conversion(opening: Demo.scene(1).path, registry: .builtIn) },
      try sentence { _ = try HeatmapMethod(named: "legrat") },
      try sentence { _ = try Registry.builtIn.resolve(ModelName("ViT-B-99")) },
      try sentence { _ = try SceneFolder(nowhere) },
    ]
    for error in found {
      #expect(error.localized && error.shown == error.own, "\(error.own)")
      #expect(!error.shown.isEmpty && !error.shown.contains("operation could not be completed"))
    }
    #expect(found[0].shown == "/nonexistent/model is not a converted model: it has no readable model.json")
  }
}
