import Foundation
import Testing
import Zoo

/// The error text that an app shows is the sentence that the command prints.
@Suite struct ErrorTests {
  private func sentence(_ work: () async throws -> Void) async throws -> (shown: String, own: String, localized: Bool) {
    do {
      try await work()
    } catch {
      return (error.localizedDescription, "\(error)", error is any LocalizedError)
    }
    throw CocoaError(.featureUnsupported)
  }

  @Test func errorsHaveTheirOwnSentences() async throws {
    let nowhere = URL(filePath: "/nonexistent/model")
    let found = [
      try await sentence { _ = try ZooModel(directory: nowhere) },
      try await sentence { _ = try Picture(data: Data("no picture".utf8), name: "notes.txt") },
      try await sentence { _ = try Checkpoint.open("/nonexistent/weights.safetensors") },
      try await sentence { _ = try await Conversion.open(Demo.scene(1)) },
      try await sentence { _ = try HeatmapMethod(named: "legrat") },
      try await sentence { _ = try Registry.builtIn.resolve(ModelName("ViT-B-99")) },
      try await sentence { _ = try Registry(contentsOf: [nowhere]) },
      try await sentence { _ = try SceneFolder(nowhere) },
    ]
    for error in found {
      #expect(error.localized && error.shown == error.own, "\(error.own)")
      #expect(!error.shown.isEmpty && !error.shown.contains("operation could not be completed"))
    }
    #expect(found[0].shown == "/nonexistent/model is not a converted model: it has no readable model.json")
  }
}
