import Foundation
import Testing
import ZooTestSupport

/// The variables that name proxies, interpreted like curl and the Python tools.
@Suite(.timeLimit(.minutes(30))) struct ProxyTests {
  let zoo: Command
  let hub: HubStub
  /// Also plays the hub behind the proxy: it answers for every host.
  let proxy: HubStub

  init() throws {
    (zoo, hub, proxy) = (try Command(), try HubStub(), try HubStub())
    for server in [hub, proxy] {
      server["owner/name/model.bin"] = .init(Data("this is no model".utf8))
      server["owner/name/config.json"] = .init(Data("{}".utf8))
    }
  }

  private func pull(from endpoint: String, _ variables: [String: String]) throws -> Command.Outcome {
    var environment = ["HF_ENDPOINT": endpoint, "HF_HOME": zoo.file("hf"), "HF_HUB_CACHE": "", "HF_HUB_OFFLINE": ""]
    for name in ["http_proxy", "https_proxy", "all_proxy", "no_proxy"] {
      (environment[name], environment[name.uppercased()]) = ("", "")
    }
    environment["HF_TOKEN"] = "secret"
    return try zoo.run(
      ["pull", "hf://owner/name/model.bin", "--dry-run"], environment: environment.merging(variables) { $1 })
  }

  @Test(arguments: ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"])
  func goesThroughTheProxy(_ variable: String) throws {
    // The host does not exist: only a proxy can know it.
    let result = try pull(from: "http://hub.invalid", [variable: proxy.url.absoluteString])
    #expect(result.code == 0, "\(result.errors)")
    #expect(result.output.contains("model.bin    16 B"))
    #expect(proxy.requests.contains { $0.target == "http://hub.invalid/owner/name/resolve/main/model.bin" })
    #expect(proxy.requests.allSatisfy { $0.isToProxy && $0.headers["authorization"] == "Bearer secret" })
  }

  @Test(arguments: ["NO_PROXY", "no_proxy"])
  func exceptionsAreAskedDirectly(_ variable: String) throws {
    let result = try pull(
      from: hub.url.absoluteString, ["HTTP_PROXY": proxy.url.absoluteString, variable: "example.com,127.0.0.1"])
    #expect(result.code == 0, "\(result.errors)")
    #expect(proxy.requests.isEmpty)
    #expect(hub.requests.contains { $0.target == "/owner/name/resolve/main/model.bin" })
    #expect(try pull(from: hub.url.absoluteString, ["HTTP_PROXY": proxy.url.absoluteString]).code == 0)
    #expect(!proxy.requests.isEmpty)
  }

  @Test(arguments: ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
  func encryptedConnectionsAskTheProxyToConnect(_ variable: String) throws {
    let result = try pull(from: "https://hub.invalid", [variable: proxy.url.absoluteString])
    #expect(
      result.errors
        == "zoo: hf://owner/name/model.bin cannot be reached through the proxy of \(variable): it refused to connect (403)\n"
        + "  set \(variable) to http://[USER:PASSWORD@]HOST:PORT, or add hub.invalid to NO_PROXY to go without a proxy\n"
    )
    #expect(result.code == 1)
    #expect(proxy.requests.map(\.method) == ["CONNECT"])
    #expect(proxy.requests.map(\.target) == ["hub.invalid:443"])
    #expect(proxy.requests.allSatisfy { $0.headers["authorization"] == nil })
  }

  @Test(arguments: ["http", "https"])
  func aProxyThatWantsAPasswordIsNamed(_ scheme: String) throws {
    proxy.inject(.reply(.init(407, headers: ["Proxy-Authenticate": "Basic"])), at: scheme == "http" ? "/owner" : ":443")
    let variable = "\(scheme.uppercased())_PROXY"
    let result = try pull(from: "\(scheme)://hub.invalid", [variable: proxy.url.absoluteString])
    #expect(
      result.errors.hasPrefix(
        "zoo: hf://owner/name/model.bin cannot be reached through the proxy of \(variable): it asks for a name and a "
          + "password (407)\n  set \(variable) to http://[USER:PASSWORD@]HOST:PORT"))
    #expect(result.code == 1)
    #expect(proxy.requests.count == 1)
  }

  @Test(arguments: ["http", "https"])
  func aProxyThatDoesNotAnswerIsNamed(_ scheme: String) throws {
    proxy.stop()
    let variable = "\(scheme)_proxy"
    let result = try pull(from: "\(scheme)://hub.invalid", [variable: proxy.url.absoluteString])
    #expect(
      result.errors.hasPrefix(
        "zoo: hf://owner/name/model.bin cannot be reached through the proxy of \(variable): nothing answers there\n"))
    let nowhere = try pull(from: "\(scheme)://hub.invalid", [variable: "http://proxy.invalid:3128"])
    #expect(
      nowhere.errors.hasPrefix(
        "zoo: hf://owner/name/model.bin cannot be reached through the proxy of \(variable): there is no such host\n"))
  }
}
