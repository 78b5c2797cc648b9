import Foundation
import Testing
import Zoo
import ZooTestSupport

/// From a hub to an embedding in two calls.
@Suite struct PullingTests {
  private func demoHub() throws -> HubStub {
    let hub = try HubStub(), folder = Demo.checkpoint.deletingLastPathComponent()
    for name in ["open_clip_model.safetensors", "open_clip_config.json", "bpe_simple_vocab_16e6.txt.gz"] {
      hub["owner/ViT-Ti-8-emoji/\(name)"] = .init(try Data(contentsOf: folder.appending(path: name)))
    }
    return hub
  }

  private func settings(_ hub: HubStub, _ folder: Folder) -> HubSettings {
    HubSettings(endpoint: hub.url, token: nil, isOffline: false, cache: folder.url.appending(path: "cache"))
  }

  @Test func aModelIsPulledAndRuns() async throws {
    let hub = try demoHub(), folder = try Folder(), store = ModelStore(home: folder.url.appending(path: "home"))
    let told = Told<InstallProgress>()
    let model = try await store.pull("hf://owner/ViT-Ti-8-emoji", settings: settings(hub, folder)) { told.add($0) }
    #expect(store.installed().map(\.directory) == [model.directory])
    let phases = told.all.map { step in
      switch step {
      case .fetching: "fetching"
      case .converting(let step): step.phase.rawValue
      }
    }
    #expect(Set(phases) == ["fetching", "writing", "verifying"])
    #expect(phases.first == "fetching" && phases.last == "verifying")
    // Downloads are not kept beside the model.
    #expect(!folder.files.contains { $0.hasPrefix("home/downloads") })
    #expect(try await store.open("ViT-Ti-8-emoji").embed(["a panda"])[0].values.count == 128)
  }

  @Test func aPullThatIsCancelledInstallsNothing() async throws {
    let hub = try demoHub(), folder = try Folder(), store = ModelStore(home: folder.url.appending(path: "home"))
    let settings = settings(hub, folder)
    let result = await cancelled { cancel in
      try await store.pull("hf://owner/ViT-Ti-8-emoji", settings: settings) { step in
        if case .converting = step { cancel() }
      }
    }
    #expect(throws: CancellationError.self) { try result.get() }
    #expect(store.installed().isEmpty)
    // The next pull downloads nothing again.
    let sent = hub.bytesSent
    _ = try await store.pull("hf://owner/ViT-Ti-8-emoji", settings: settings)
    #expect(hub.bytesSent - sent < 100_000)
  }
}
