import CHTTP
import Foundation
import Testing

@testable import ZooStore

@Suite struct ProxiesTests {
  private let hub = URL(string: "https://cdn.huggingface.co/x")!
  private let plain = URL(string: "http://huggingface.co/x")!

  @Test func takesTheFirstThatIsSet() {
    let all = Proxies(environment: ["ALL_PROXY": "a", "HTTPS_PROXY": "b", "https_proxy": "c", "http_proxy": ""])
    #expect(all.proxy(for: hub) == .init(variable: "https_proxy", address: "c"))
    #expect(all.proxy(for: plain) == .init(variable: "ALL_PROXY", address: "a"))
    #expect(Proxies(environment: [:]).proxy(for: hub) == nil)
    // What a program behind a web server gets from a stranger's header.
    #expect(Proxies(environment: ["HTTP_PROXY": "a", "REQUEST_METHOD": "GET"]).proxy(for: plain) == nil)
  }

  @Test(arguments: [
    ("huggingface.co", true), ("example.com, .huggingface.co", true), ("*", true), ("CDN.HuggingFace.co", true),
    ("face.co", false), ("", false), ("www.huggingface.co", false),
  ])
  func leavesExceptionsOut(_ list: String, _ isDirect: Bool) {
    #expect((Proxies(environment: ["https_proxy": "a", "NO_PROXY": list]).proxy(for: hub) == nil) == isDirect)
  }

  /// The sentences of libcurl 7.88.
  @Test(arguments: [
    ("SSL certificate problem: self-signed certificate", ConnectionFailure.certificate(reason: "")),
    ("SSL: no alternative certificate subject name matches target host name 'a.b'", .certificate(reason: "")),
    ("Could not resolve proxy: a.b", .proxy(reason: "there is no such host")),
    ("CONNECT tunnel failed, response 403", .proxy(reason: "it refused to connect (403)")),
    ("Received HTTP code 407 from proxy after CONNECT", .proxy(reason: "it asks for a name and a password (407)")),
    ("Unsupported proxy scheme for 'a://b:1'", .proxy(reason: "Unsupported proxy scheme for 'a://b:1'")),
    ("Recv failure", .connection(reason: "Recv failure")),
  ])
  func tellsTroublesApart(_ text: String, _ expected: ConnectionFailure) {
    let error = NoAnswer(kind: zoo_http_other, url: hub, words: text)
    let expected = if case .certificate = expected { ConnectionFailure.certificate(reason: text) } else { expected }
    #expect(ConnectionFailure(error, proxied: true) == expected)
    let count = if case .connection = expected { 6 } else { 1 }
    #expect(expected.attempts(after: error, RetryPolicy()) == count)
  }

  @Test func aHostThatIsNotFoundIsTheProxyWhereThereIsOne() {
    let error = NoAnswer(kind: zoo_http_no_host, url: hub, words: "")
    #expect(ConnectionFailure(error, proxied: true) == .proxy(reason: "there is no such host"))
    #expect(ConnectionFailure(error, proxied: false) == .connection(reason: "there is no such host"))
    #expect(ConnectionFailure(error, proxied: true).attempts(after: error, RetryPolicy()) == 3)
  }

  @Test func saysWhomItDoesNotTrust() {
    let error = NoAnswer(kind: zoo_http_other, url: hub, words: "SSL certificate problem: it has expired")
    let sentence = PullError(
      ConnectionFailure(error, proxied: false), at: hub, file: "hf://a/b/c", Proxies(environment: [:]))
    #expect(
      sentence.description
        == "hf://a/b/c is not fetched, since cdn.huggingface.co cannot be trusted: SSL certificate problem: it has expired"
    )
  }
}
