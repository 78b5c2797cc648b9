import Foundation
import Testing
import ZooModels
import ZooTensors
import ZooTestSupport

@testable import ZooStore

@Suite(.timeLimit(.minutes(30))) struct PullErrorTests {
  let setting: PullSetting
  var hub: HubStub { setting.hub }

  init() throws { setting = try PullSetting() }

  private func sentence(_ reference: String = "hf://owner/name", token: String? = nil) async -> String {
    await setting.sentence { _ = try await setting.pull(reference, token: token) }
  }

  @Test func refusesAWrongDigestAndForgetsTheFile() async throws {
    let body = noise(3000), expected = sha(noise(10))
    hub["owner/name/model.safetensors"] = .init(body, digest: expected)
    #expect(
      await sentence()
        == "hf://owner/name/model.safetensors is damaged: its SHA-256 is \(sha(body)) and should be \(expected)")
    #expect(setting.folder.files.isEmpty)
    #expect(PullError.wrongDigest("", expected: "", found: "").blame == .work)
  }

  @Test func refusesAWrongSize() async throws {
    let body = noise(3000)
    hub["owner/name/model.safetensors"] = .init(body, digest: sha(body), announcedSize: 4000)
    #expect(await sentence() == "hf://owner/name/model.safetensors has 3000 bytes and should have 4000")
    #expect(setting.folder.files.isEmpty)
  }

  @Test func refusesARangeOtherThanTheOneAskedFor() async throws {
    hub["owner/name/model.safetensors"] = .init(noise(3000))
    let puller = setting.puller()
    let plan = try await puller.plan(setting.source("hf://owner/name"))
    let wrong = LoopbackServer.Reply(206, headers: ["Content-Range": "bytes 5-3004/3010"], body: noise(3000))
    hub.inject(.reply(wrong), at: "model.safetensors")
    let found = await setting.sentence { _ = try await puller.fetch(plan) }
    #expect(
      found == "hf://owner/name/model.safetensors: the server's answer makes no sense: bytes 0 on were asked for, "
        + "its range is bytes 5-3004/3010")
  }

  @Test func refusesMoreBytesThanWereAskedFor() async throws {
    hub["owner/name/model.safetensors"] = .init(noise(3000))
    let puller = setting.puller()
    let plan = try await puller.plan(setting.source("hf://owner/name"))
    let wrong = LoopbackServer.Reply(206, headers: ["Content-Range": "bytes 0-2999/3000"], body: noise(900_000))
    hub.inject(.reply(wrong), at: "model.safetensors")
    await #expect(throws: PullError.self) { _ = try await puller.fetch(plan) }
  }

  @Test func saysWhatIsNotThere() async throws {
    #expect(await sentence() == "hf://owner/name does not exist (404)")
    hub["owner/name/README.md"] = .init(Data("hello".utf8))
    #expect(
      await sentence()
        == "hf://owner/name has none of open_clip_model.safetensors, model.safetensors, model.safetensors.index.json, "
        + "open_clip_pytorch_model.bin, pytorch_model.bin, pytorch_model.bin.index.json")
    #expect(await sentence("hf://owner/name/x.bin") == "hf://owner/name/x.bin does not exist (404)")
  }

  @Test func saysWhoMayNotEnter() async throws {
    hub["owner/name/model.safetensors"] = .init(noise(10))
    hub.require(token: "right")
    #expect(await sentence() == "hf://owner/name does not exist or needs a token (401)")
    #expect(await sentence(token: "wrong") == "hf://owner/name: the token is not accepted (401)")
    hub.require(token: "right", gated: true)
    #expect(await sentence() == "hf://owner/name is not open to everyone (401)")
    #expect(await sentence(token: "wrong") == "hf://owner/name is not open to the account of this token (403)")
    #expect(await sentence(token: "right") == "")
    #expect(setting.pauses.seconds.isEmpty)
  }

  @Test func triesAgainAfterWhatPasses() async throws {
    hub["owner/name/model.safetensors"] = .init(noise(10))
    hub.inject(.reply(.init(503)), at: "model.safetensors", times: 2)
    hub.inject(.reply(.init(429, headers: ["Retry-After": "7"])), at: "model.safetensors")
    #expect(await sentence("hf://owner/name/model.safetensors") == "")
    #expect(setting.pauses.seconds == [1, 2, 7])
  }

  @Test func givesUpAfterSixTimes() async throws {
    hub["owner/name/model.safetensors"] = .init(noise(10))
    hub.inject(.reply(.init(502)), at: "model.safetensors", times: 100)
    #expect(
      await sentence("hf://owner/name/model.safetensors")
        == "hf://owner/name/model.safetensors: the server answered 502")
    #expect(setting.pauses.seconds == [1, 2, 4, 8, 16])
  }

  @Test func doesNotWaitForHours() async throws {
    hub["owner/name/model.safetensors"] = .init(noise(10))
    hub.inject(.reply(.init(429, headers: ["Retry-After": "3600"])), at: "model.safetensors")
    #expect(
      await sentence("hf://owner/name/model.safetensors")
        == "hf://owner/name: the server asks to come back later (429), after 3600 seconds")
    #expect(setting.pauses.seconds.isEmpty)
  }

  @Test func readsBothFormsOfRetryAfter() {
    let now = Date(timeIntervalSince1970: 1_792_567_680)  // 2026-10-21 07:28:00 GMT
    #expect(RetryPolicy.seconds("12", now: now) == 12)
    #expect(RetryPolicy.seconds("Wed, 21 Oct 2026 07:28:30 GMT", now: now) == 30)
    #expect(RetryPolicy.seconds("Wed, 21 Oct 2020 07:28:30 GMT", now: now) == 0)
    #expect(RetryPolicy.seconds("soon", now: now) == nil)
    #expect(RetryPolicy(firstDelay: 1).delay(50, retryAfter: nil) == 120)
  }

  @Test func saysWhenNothingAnswers() async throws {
    hub.stop()
    #expect(await sentence("hf://owner/name/x.bin") == "hf://owner/name/x.bin cannot be reached: nothing answers there")
    #expect(setting.pauses.seconds == [1, 2])
  }

  @Test func followsNoRedirectInCircles() async throws {
    hub["owner/name/model.safetensors"] = .init(noise(10))
    let circle = LoopbackServer.Reply(302, headers: ["Location": "/owner/name/resolve/main/model.safetensors"])
    hub.inject(.reply(circle), at: "model.safetensors", times: 100)
    #expect(
      await sentence("hf://owner/name/model.safetensors")
        == "hf://owner/name/model.safetensors: the server's answer makes no sense: it redirects without end")
    let nowhere = LoopbackServer.Reply(302, headers: ["Location": "file:///etc/passwd"])
    hub["owner/other/x.bin"] = .init(noise(10))
    hub.inject(.reply(nowhere), at: "x.bin")
    #expect(
      await sentence("hf://owner/other/x.bin")
        == "hf://owner/other/x.bin: the server's answer makes no sense: its redirect leads nowhere")
  }

  @Test func relativeRedirectsOfRenamedRepositoriesKeepTheToken() async throws {
    hub["owner/name/model.safetensors"] = .init(noise(10))
    hub["owner/old/model.safetensors"] = .init(noise(10))
    hub.require(token: "right")
    let moved = LoopbackServer.Reply(307, headers: ["Location": "/owner/name/resolve/main/model.safetensors"])
    hub.inject(.reply(moved), at: "/owner/old/resolve")
    #expect(await sentence("hf://owner/old/model.safetensors", token: "right") == "")
    #expect(hub.requests.allSatisfy { $0.headers["authorization"] == "Bearer right" })
  }

  @Test func saysWhenAFolderCannotBeWritten() async throws {
    hub["owner/name/model.safetensors"] = .init(noise(10))
    try setting.folder.write("a file", "home")
    let found = await sentence("hf://owner/name/model.safetensors")
    #expect(found.hasPrefix("FOLDER/home/downloads/owner--name/\(HubStub.commit)/name cannot be written: "))
  }
}
