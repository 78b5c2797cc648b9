import Foundation
import Testing
import Zoo

/// The code in RegistryAndZoo.md.
@Suite struct RegistryGuide {
  @Test func aNameLeadsToAManifest() throws {
    let (manifest, weights) = try Registry.builtIn.resolve(ModelName("ViT-B-16:laion2b_s34b_b88k"))
    print(manifest.architecture.vision?.grid ?? "no image tower", weights?.repository ?? "no repository")

    #expect(manifest.architecture.vision?.grid == GridSize(square: 14))
    #expect(weights?.repository == "laion/CLIP-ViT-B-16-laion2B-s34B-b88K")
    #expect(throws: RegistryError.self) { try Registry.builtIn.resolve(ModelName("ViT-B-17")) }
  }

  @Test func installedModelsAreListed() async throws {
    let zoo = try await DemoZoo(), store = zoo.store

    for installed in store.installed() {
      let model = try await store.open("\(installed.name)")
      print(model.name, installed.size, model.architecture.embedding)
    }

    #expect(store.installed().map(\.name.description) == ["ViT-Ti-8-emoji:local"])
  }

  @Test func aProgramHasManifestsOfItsOwn() throws {
    var mine = try #require(Registry.builtIn.manifest("ViT-B-32"))
    (mine.architecture.name, mine.weights) = ("ViT-B-32-mine", [])
    let file = try Self.file(of: mine)
    defer { try? FileManager.default.removeItem(at: file) }

    let registry = Registry.builtIn.adding(try Registry(contentsOf: [file]))

    #expect(registry.manifest("vit-b-32-MINE")?.architecture.vision == mine.architecture.vision)
    #expect(registry.manifests.count == Registry.builtIn.manifests.count + 1)
  }

  @Test func anAddedManifestTakesThePlaceOfItsName() throws {
    var mine = try #require(Registry.builtIn.manifest("ViT-B-32"))
    mine.weights = []
    let file = try Self.file(of: mine)
    defer { try? FileManager.default.removeItem(at: file) }
    let registry = Registry.builtIn.adding(try Registry(contentsOf: [file]))
    #expect(registry.manifests.map(\.name) == Registry.builtIn.manifests.map(\.name))
    #expect(registry.manifest("ViT-B-32")?.weights.isEmpty == true)
    #expect(registry.manifest("ViT-B-16")?.weights.isEmpty == false)
  }

  /// A manifest as a user writes it, in a file for the caller to remove.
  private static func file(of manifest: Manifest) throws -> URL {
    let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID()).json")
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    try encoder.encode(manifest).write(to: file)
    return file
  }
}
