import Foundation
import Testing
import ZooTestSupport

@testable import ZooStore

@Suite(.timeLimit(.minutes(30))) struct HubCacheTests {
  let setting: PullSetting
  let body = noise(2000)
  let base = "cache/models--owner--name"
  var hub: HubStub { setting.hub }

  init() throws {
    setting = try PullSetting()
    // As written by huggingface_hub: blobs by digest, snapshots that link to them.
    let folder = setting.folder
    try folder.write(HubStub.commit + "\n", "\(base)/refs/main")
    try folder.write(body, "\(base)/blobs/\(sha(body))")
    try FileManager.default.createDirectory(
      atPath: folder.path("\(base)/snapshots/\(HubStub.commit)"), withIntermediateDirectories: true)
    try FileManager.default.createSymbolicLink(
      atPath: folder.path("\(base)/snapshots/\(HubStub.commit)/model.safetensors"),
      withDestinationPath: "../../blobs/\(sha(body))")
  }

  @Test func usesTheCacheWithoutACopy() async throws {
    hub["owner/name/config.json"] = .init(Data("{}".utf8))
    hub["owner/name/model.safetensors"] = .init(noise(5), digest: sha(noise(5)))
    let puller = setting.puller()
    let plan = try await puller.plan(setting.source("hf://owner/name"))
    #expect(plan.bytesToFetch == 2)
    #expect(plan.digest == sha(body))
    #expect(plan.notes == ["model.safetensors is in the local Hugging Face cache and is used from there."])
    let file = try await puller.fetch(plan)
    #expect(try Data(contentsOf: file) == body)
    #expect(
      try FileManager.default.destinationOfSymbolicLink(atPath: file.path).hasSuffix("\(base)/blobs/\(sha(body))"))
    #expect(!hub.requests.contains { $0.path.contains("model.safetensors") })
    #expect(hub.requests.allSatisfy { $0.path.contains(HubStub.commit) })
    puller.discard(plan)
    #expect(try Data(contentsOf: setting.folder.url.appending(path: "\(base)/blobs/\(sha(body))")) == body)
  }

  @Test func needsNoNetworkOffline() async throws {
    hub.stop()
    let puller = setting.puller(offline: true)
    let plan = try await puller.plan(setting.source("hf://owner/name"))
    #expect(plan.files.map(\.name) == ["model.safetensors"])
    #expect(try Data(contentsOf: await puller.fetch(plan)) == body)
    #expect(setting.pauses.seconds.isEmpty)
  }

  @Test func saysWhatIsMissingOffline() async throws {
    let found = await setting.sentence {
      _ = try await setting.puller(offline: true).plan(setting.source("hf://owner/other"))
    }
    #expect(found == "HF_HUB_OFFLINE is set and hf://owner/other is not in the cache FOLDER/cache")
    #expect(hub.requests.isEmpty)
  }

  @Test func aFailingNetworkOnlyCostsWhatStandsBeside() async throws {
    hub.stop()
    let plan = try await setting.puller().plan(setting.source("hf://owner/name"))
    #expect(plan.files.map(\.name) == ["model.safetensors"])
    #expect(plan.notes.count == 2)
    #expect(plan.notes.last?.hasSuffix("cannot be reached: nothing answers there.") == true)
  }

  @Test func believesTheCacheAboutWhatDoesNotExist() async throws {
    for name in PullSource.configurations + PullSource.tokenizerFiles {
      try setting.folder.write("", "\(base)/.no_exist/\(HubStub.commit)/\(name)")
    }
    let plan = try await setting.puller().plan(setting.source("hf://owner/name"))
    #expect(plan.files.map(\.name) == ["model.safetensors"])
    #expect(hub.requests.isEmpty)
  }

  @Test func usesAFileThatIsCachedByItsCommitAlone() async throws {
    try FileManager.default.removeItem(atPath: setting.folder.path("\(base)/refs"))
    hub["owner/name/model.safetensors"] = .init(body, digest: sha(body))
    let plan = try await setting.puller().plan(setting.source("hf://owner/name"))
    #expect(plan.files.count == 1)
    #expect(plan.bytesToFetch == 0)
  }
}
