import Foundation
import Synchronization
import Testing
import ZooTestSupport

@testable import ZooStore

@Suite(.timeLimit(.minutes(30))) struct ResumeTests {
  let setting: PullSetting
  let body = Self.body
  private static let body = noise(9 << 20)
  private static let digest = sha(body)
  var hub: HubStub { setting.hub }
  var part: URL {
    setting.store.downloads.appending(path: "owner--name/\(HubStub.commit)/name/model.safetensors.part")
  }

  init() throws {
    setting = try PullSetting()
    hub["owner/name/model.safetensors"] = .init(body, digest: Self.digest)
  }

  /// A pull that fails when the bytes from 8 MB on are requested.
  private func interrupt() async throws {
    let puller = Puller(
      store: setting.store,
      settings: HubSettings(
        endpoint: hub.url, token: nil, isOffline: false, cache: setting.folder.url.appending(path: "cache")),
      policy: RetryPolicy(attempts: 1) { _ in })
    let plan = try await puller.plan(setting.source("hf://owner/name"))
    let first = Download(remote: plan.files[0].remote!, target: plan.checkpointFile, reader: puller.reader)
    try FileManager.default.createDirectory(at: plan.folder, withIntermediateDirectories: true)
    var alone = first
    alone.rangesAtOnce = 1
    hub.forgetRequests()
    // Answers 1 and 2 are right, the third is an error.
    let hub = hub
    await #expect(throws: PullError.badStatus("hf://owner/name/model.safetensors", status: 500)) {
      try await alone.run { here in
        if here == 8 << 20 { hub.inject(.reply(.init(500)), at: "content") }
      }
    }
    #expect(try Data(contentsOf: part) == body.prefix(8 << 20))
  }

  @Test func continuesWhereItStopped() async throws {
    try await interrupt()
    hub.forgetRequests()
    let puller = setting.puller()
    let plan = try await puller.plan(setting.source("hf://owner/name"))
    #expect(plan.files[0].bytesHere == 8 << 20)
    #expect(plan.bytesToFetch == 1 << 20)
    let file = try await puller.fetch(plan)
    #expect(try Data(contentsOf: file) == body)
    let ranges = hub.requests.filter { $0.path.hasPrefix("/content/") }.compactMap(\.range).map(\.lowerBound)
    #expect(ranges == [0, 8 << 20])
    #expect(hub.requests.last?.headers["if-range"] == "\"v1\"")
    #expect(!FileManager.default.fileExists(atPath: part.path))
  }

  @Test func startsOverWhereTheFileIsAnotherNow() async throws {
    try await interrupt()
    let other = noise(9 << 20, seed: 2)
    hub["owner/name/model.safetensors"] = .init(other, digest: sha(other), etag: "\"v2\"")
    let puller = setting.puller()
    let plan = try await puller.plan(setting.source("hf://owner/name"))
    #expect(plan.files[0].bytesHere == 0)
    #expect(try Data(contentsOf: await puller.fetch(plan)) == other)
  }

  @Test func startsOverWhereTheFileChangesMeanwhile() async throws {
    let other = HubStub.File(noise(9 << 20, seed: 3), digest: nil, etag: "\"v2\"")
    hub["files/weights.bin"] = .init(body)
    let puller = setting.puller()
    let plan = try await puller.plan(setting.source("http://localhost:\(hub.url.port!)/files/weights.bin"))
    hub.inject(.replace(other), at: "files")
    #expect(try Data(contentsOf: await puller.fetch(plan)) == other.body)
  }

  @Test func takesEverythingWhereTheServerNoLongerGivesRanges() async throws {
    let puller = setting.puller()
    let plan = try await puller.plan(setting.source("hf://owner/name/model.safetensors"))
    hub.setRanges(false)
    #expect(try Data(contentsOf: await puller.fetch(plan)) == body)
  }

  @Test func givesUpWhereTheServerKeepsChangingItsMind() async throws {
    // Every answer is for a different version.
    let version = Mutex(0)
    let server = try LoopbackServer { request in
      let tag = version.withLock { number in
        number += 1
        return "\"v\(number)\""
      }
      if request.headers["if-range"] != nil { return .init(200, headers: ["ETag": tag], body: Data(count: 90)) }
      return .init(206, headers: ["ETag": tag, "Content-Range": "bytes 0-0/90"], body: Data(count: 1))
    }
    let puller = setting.puller()
    let plan = try await puller.plan(setting.source("\(server.url)/weights.bin"))
    let sentence = await setting.sentence { _ = try await puller.fetch(plan) }
    #expect(sentence == "\(server.url)/weights.bin changed on the server while it was fetched, more than once")
  }

  @Test func keepsWhatACutConnectionGave() async throws {
    let puller = setting.puller()
    let plan = try await puller.plan(setting.source("hf://owner/name"))
    hub.forgetRequests()
    hub.inject(.cut(after: 1000), at: "content")
    #expect(try Data(contentsOf: await puller.fetch(plan)) == body)
    let content = hub.requests.filter { $0.path.hasPrefix("/content/") }.compactMap(\.range)
    #expect(content.count == 4)
    // The rest of the range that was interrupted.
    #expect(content.contains { $0.lowerBound % (4 << 20) == 1000 })
    #expect(setting.pauses.seconds.isEmpty)
  }

  @Test func tellsWhenTheConnectionBreaksOffAgainAndAgain() async throws {
    let puller = setting.puller()
    let plan = try await puller.plan(setting.source("hf://owner/name"))
    hub.inject(.cut(after: 0), at: "content", times: 100)
    let sentence = await setting.sentence { _ = try await puller.fetch(plan) }
    #expect(sentence == "hf://owner/name/model.safetensors cannot be reached: the connection broke off")
  }

  @Test func goesByTheAddressAgainWhenASignatureHasExpired() async throws {
    let puller = setting.puller()
    let plan = try await puller.plan(setting.source("hf://owner/name"))
    hub.inject(.reply(.init(403)), at: "content")
    #expect(try Data(contentsOf: await puller.fetch(plan)) == body)
  }

  @Test func aFinishedFileIsNotFetchedAgain() async throws {
    let file = try await setting.pull("hf://owner/name")
    hub.forgetRequests()
    let puller = setting.puller()
    let plan = try await puller.plan(setting.source("hf://owner/name"))
    #expect(plan.bytesToFetch == 0)
    #expect(try await puller.fetch(plan) == file)
    #expect(hub.requests.filter { $0.path.hasPrefix("/content/") }.compactMap(\.range) == [0...0])
  }
}
