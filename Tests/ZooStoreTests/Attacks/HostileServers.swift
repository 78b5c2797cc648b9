import Foundation
import Synchronization
import Testing
import ZooTestSupport

@testable import ZooStore

/// Servers that send more than was requested, something else, or nothing at all.
@Suite(.timeLimit(.minutes(30))) struct HostileServerTests {
  let setting: PullSetting
  private let body = noise(3000)
  private var hub: HubStub { setting.hub }
  private let name = "hf://owner/name/model.safetensors"

  init() throws {
    setting = try PullSetting()
    hub["owner/name/model.safetensors"] = .init(body, digest: sha(body))
  }

  /// The error of a pull that gets `reply` after everything was planned; how much the server could send is limited.
  private func fetching(_ reply: LoopbackServer.Reply, times: Int = 1) async throws -> String {
    let puller = setting.puller()
    let plan = try await puller.plan(setting.source("hf://owner/name"))
    hub.inject(.reply(reply), at: "/content/", times: times)
    let sentence = await setting.sentence { _ = try await puller.fetch(plan) }
    #expect(hub.bytesSent < 64 << 20)
    return sentence
  }

  private let range = ["Content-Range": "bytes 0-2999/3000", "ETag": "\"v1\""]

  @Test func anEndlessRangeIsCut() async throws {
    let reply = LoopbackServer.Reply(206, headers: range, body: noise(1 << 16), isEndless: true)
    #expect(try await fetching(reply).hasPrefix("\(name): the server's answer makes no sense"))
  }

  @Test(arguments: ["gzip", "br", "x-unknown"]) func compressedAnswersAreRefused(encoding: String) async throws {
    let headers = range.merging(["Content-Encoding": encoding]) { $1 }
    let sentence =
      "\(name): the server's answer makes no sense: it is compressed (\(encoding)), which was not asked for"
    #expect(try await fetching(.init(206, headers: headers, body: body)) == sentence)
    #expect(hub.requests.allSatisfy { $0.headers["accept-encoding"] == "identity" })
  }

  @Test func aBombInPlaceOfAnIndexIsNotInflated() async throws {
    hub["owner/name/model.safetensors"] = nil
    hub["owner/name/model.safetensors.index.json"] = .init(Data("{\"weight_map\": {}}".utf8))
    hub.inject(.reply(.init(206, headers: ["Content-Range": "bytes 0-0/18"], body: Data([0x7B]))), at: "index.json")
    hub.inject(.reply(.init(200, headers: ["Content-Encoding": "gzip"], body: Data(count: 99))), at: "index.json")
    let found = await setting.sentence { _ = try await setting.pull("hf://owner/name/model.safetensors.index.json") }
    #expect(found.hasSuffix("it is compressed (gzip), which was not asked for"))
  }

  @Test func anEndlessIndexIsCut() async throws {
    hub["owner/name/model.safetensors.index.json"] = .init(Data("{}".utf8))
    hub.inject(.reply(.init(206, headers: ["Content-Range": "bytes 0-0/2"], body: Data([0x7B]))), at: "index.json")
    hub.inject(.reply(.init(200, body: noise(1 << 16), isEndless: true)), at: "index.json")
    let found = await setting.sentence { _ = try await setting.pull("hf://owner/name/model.safetensors.index.json") }
    #expect(found.hasSuffix("there are more than 16777216 bytes"))
    #expect(hub.bytesSent < 64 << 20)
  }

  @Test func bodiesOfRedirectsAndRefusalsAreNotRead() async throws {
    let endless = LoopbackServer.Reply(
      302, headers: ["Location": "\(hub.contentURL)/content/owner/name/model.safetensors"], body: noise(1 << 16),
      isEndless: true)
    hub.inject(.reply(endless), at: "/resolve/")
    hub.inject(.reply(.init(503, body: noise(1 << 16), isEndless: true)), at: "/content/")
    let file = try await setting.pull("hf://owner/name")
    #expect(try Data(contentsOf: file) == body)
    #expect(hub.bytesSent < 64 << 20)
  }

  @Test func redirectsWithoutEndAreGivenUp() async throws {
    let loop = LoopbackServer.Reply(302, headers: ["Location": "\(hub.url)/owner/name/resolve/main/model.safetensors"])
    hub.inject(.reply(loop), at: "/resolve/", times: 100)
    let found = await setting.sentence { _ = try await setting.pull("hf://owner/name/model.safetensors") }
    #expect(found == "\(name): the server's answer makes no sense: it redirects without end")
    #expect(hub.requests.count < 20)
  }

  @Test func aBodyLongerThanItsAnnouncementIsNotTaken() async throws {
    var reply = LoopbackServer.Reply(206, headers: range, body: body + noise(1 << 20))
    reply.headers["Content-Length"] = "3000"
    #expect(try await fetching(reply) == "")
  }

  @Test func withoutRangesABodyGoesWhereItBelongsAndEndsWhereItShould() async throws {
    hub.setRanges(false)
    let large = noise(5 << 20)
    hub["owner/name/model.safetensors"] = .init(large, digest: sha(large))
    #expect(try Data(contentsOf: try await setting.pull("hf://owner/name")) == large)
    hub["owner/name/model.safetensors"] = .init(large, digest: sha(noise(3)), announcedSize: large.count)
    try FileManager.default.removeItem(at: setting.store.downloads)
    let endless = LoopbackServer.Reply(200, body: noise(1 << 16), isEndless: true)
    #expect(
      try await fetching(endless)
        == "\(name): the server's answer makes no sense: there are more than \(large.count) bytes")
  }

  @Test func aFileOfUntoldSizeIsBounded() async throws {
    let endless = LoopbackServer.Reply(200, body: noise(1 << 16), isEndless: true)
    hub.inject(.reply(endless), at: "/files/weights.pt", times: 2)
    var puller = setting.puller()
    puller.sizeLimit = 1_000_000
    let source = try setting.source("http://localhost:\(hub.url.port!)/files/weights.pt")
    let plan = try await puller.plan(source)
    #expect(
      await setting.sentence { _ = try await puller.fetch(plan) }
        == "http://localhost:PORT/files/weights.pt has more than 1000000 bytes; its server does not tell how many")
    #expect(hub.bytesSent < 64 << 20)
    #expect(setting.folder.files.allSatisfy { !$0.hasSuffix(".part") })
  }

  /// Tokenizers and configurations are small, whatever is allowed for weights.
  @Test func whatStandsBesideWeightsIsBounded() async throws {
    let endless = LoopbackServer.Reply(200, body: noise(1 << 20), isEndless: true)
    hub.inject(.reply(endless), at: "/tokenizer.json", times: 2)
    #expect(
      await setting.sentence { _ = try await setting.pull("hf://owner/name") }
        == "hf://owner/name/tokenizer.json has more than 67108864 bytes; its server does not tell how many")
    #expect(hub.bytesSent < 256 << 20)
  }

  @Test func aSizeThatIsToldMayBeTooMuch() async throws {
    var puller = setting.puller()
    puller.sizeLimit = 2999
    let source = try setting.source("hf://owner/name")
    #expect(
      await setting.sentence { _ = try await puller.plan(source) } == "\(name) has 3000 bytes, more than 2999")
    puller.sizeLimit = 3000
    #expect(try await puller.plan(source).bytesToFetch == 3000)
  }

  @Test func aRegisteredModelSaysHowMuchCanBe() throws {
    let source = try PullSource(PullReference("ViT-B-32:openai", endpoint: hub.url), registry: .builtIn)
    #expect(source.untoldLimit == 151_277_313 * 8 + 64 << 20)
  }

  @Test func anotherVersionsBytesAreNotAdded() async throws {
    let other = range.merging(["ETag": "\"v2\""]) { $1 }
    let reply = LoopbackServer.Reply(206, headers: other, body: noise(3000, seed: 2))
    #expect(try await fetching(reply, times: 2) == "\(name) changed on the server while it was fetched, more than once")
    #expect(try Data(contentsOf: try await setting.pull("hf://owner/name")) == body)
  }

  @Test(arguments: ["9223372036854775807", "4611686018427387904", "-5"])
  func sizesThatNoFileHasAreRefused(size: String) async throws {
    let reply = LoopbackServer.Reply(206, headers: ["Content-Range": "bytes 0-0/\(size)"], body: Data([1]))
    hub.inject(.reply(reply), at: "/content/")
    let found = await setting.sentence { _ = try await setting.pull("hf://owner/name/model.safetensors") }
    #expect(found.hasPrefix("\(name)"))
    #expect(!found.isEmpty)
  }

  @Test func whatNeverAnswersIsSaidSoSoon() async throws {
    let notices = Mutex<[String]>([])
    hub.inject(.reply(.init(200, isSilent: true)), at: "/resolve/", times: 9)
    let puller = Puller(
      store: setting.store,
      settings: HubSettings(
        endpoint: hub.url, token: nil, isOffline: false, cache: setting.folder.url.appending(path: "cache")),
      policy: RetryPolicy { _ in }, client: HTTPClient(answerLimit: 0.2)
    ) { notice in notices.withLock { $0.append(notice) } }
    let found = await setting.sentence {
      _ = try await puller.plan(setting.source("hf://owner/name/model.safetensors"))
    }
    let sentence = "\(name) cannot be reached: it does not answer in time"
    #expect(found == sentence)
    #expect(notices.withLock { $0 } == ["\(sentence); trying again (2 of 3)", "\(sentence); trying again (3 of 3)"])
  }

  @Test func plantedLinksAreNotWrittenThrough() async throws {
    try setting.folder.write("precious", "letter.txt")
    let puller = setting.puller()
    let plan = try await puller.plan(setting.source("hf://owner/name"))
    try FileManager.default.createDirectory(at: plan.folder, withIntermediateDirectories: true)
    try FileManager.default.createSymbolicLink(
      at: plan.folder.appending(path: "model.safetensors.part"),
      withDestinationURL: setting.folder.url.appending(path: "letter.txt"))
    _ = await setting.sentence { _ = try await puller.fetch(plan) }
    #expect(try String(contentsOfFile: setting.folder.path("letter.txt"), encoding: .utf8) == "precious")
    // Nor is a download folder that leads elsewhere.
    try FileManager.default.removeItem(at: setting.store.downloads)
    try setting.folder.write("x", "elsewhere/x")
    try FileManager.default.createSymbolicLink(
      atPath: setting.store.downloads.path, withDestinationPath: setting.folder.path("elsewhere"))
    try FileManager.default.createSymbolicLink(
      atPath: setting.folder.path("elsewhere/owner--name"), withDestinationPath: setting.folder.path("elsewhere"))
    let found = await setting.sentence { _ = try await puller.fetch(plan) }
    #expect(found.contains("is a symbolic link, which is not followed"))
  }
}
