import Foundation
import Testing
import ZooTestSupport

@testable import ZooStore

@Suite(.timeLimit(.minutes(2))) struct PullTests {
  let setting = try! PullSetting()
  var hub: HubStub { setting.hub }

  @Test func fetchesFromTheContentHostWithoutTheToken() async throws {
    let body = noise(100_000)
    hub["owner/name/model.safetensors"] = .init(body, digest: sha(body))
    hub["owner/name/config.json"] = .init(Data("{}".utf8))
    hub.require(token: "hf_secret")
    let file = try await setting.pull("hf://owner/name", token: "hf_secret")
    #expect(try Data(contentsOf: file) == body)
    #expect(file.path.hasSuffix("downloads/owner--name/\(HubStub.commit)/model.safetensors"))
    #expect(try Data(contentsOf: file.deletingLastPathComponent().appending(path: "config.json")) == Data("{}".utf8))
    let content = hub.requests.filter { $0.path.hasPrefix("/content/") }
    #expect(content.count >= 2)
    #expect(content.allSatisfy { $0.headers["host"]?.hasPrefix("localhost:") == true })
    #expect(content.allSatisfy { $0.headers["authorization"] == nil })
    let own = hub.requests.filter { $0.path.hasPrefix("/owner/") }
    #expect(own.allSatisfy { $0.headers["authorization"] == "Bearer hf_secret" })
    #expect(hub.requests.allSatisfy { $0.headers["accept-encoding"] == "identity" })
  }
}
