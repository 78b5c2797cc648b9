import Foundation
import Testing
import Zoo

/// The code in Converting.md.
@Suite struct ConvertingGuide {
  @Test func aCheckpointBecomesAModel() async throws {
    let zoo = try await DemoZoo(model: false), store = zoo.store, file = DemoZoo.checkpoint

    let conversion = try await Conversion.open(file)
    print(conversion.model.name, conversion.model.notes)
    print(conversion.plan)
    let installed = try await store.install(conversion) { progress in
      print(progress.phase, progress.bytesDone, "of", progress.bytesTotal)
    }

    #expect(installed.name.description == "ViT-Ti-8-emoji:local")
    #expect(try await installed.verify().isEmpty)
  }
}
