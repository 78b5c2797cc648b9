import Foundation
import Zoo
import ZooTestSupport

/// A store with a demo model, as a reader of the guides has it, and a folder for the files that a test writes.
final class DemoZoo {
  let store: ModelStore
  static let examples = Golden.repository.appending(path: "Examples")
  static let scenes = examples.appending(path: "examples")
  static let checkpoint = examples.appending(path: "ViT-Ti-8-emoji/open_clip_model.safetensors")

  /// - Parameter model: False for a store without the model.
  init(model: Bool = true) async throws {
    store = ModelStore(
      home: FileManager.default.temporaryDirectory.appending(path: "zoo-guide-\(UUID().uuidString)"))
    try FileManager.default.createDirectory(at: store.home, withIntermediateDirectories: true)
    if model { _ = try await store.install(Conversion.open(Self.checkpoint)) }
  }

  deinit { try? FileManager.default.removeItem(at: store.home) }

  func open() async throws -> ZooModel { try await store.open("ViT-Ti-8-emoji") }

  static func scene(_ number: Int) -> URL { scenes.appending(path: "scene\(number).jpg") }
}
