import Foundation
import Testing
import ZooServer

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What a server refuses, each with a problem document of a stated status.
@Suite struct LimitTests {
  private struct Call: Sendable, CustomTestStringConvertible {
    let body: String
    let status: Int
    let says: String
    var testDescription: String { says }
  }

  private static let calls = [
    Call(body: "{", status: 400, says: "cannot be parsed"), Call(body: "[1]", status: 400, says: "no object"),
    Call(body: "{}", status: 422, says: "model: it is missing"),
    Call(body: #"{"model": 1}"#, status: 422, says: "model: it is no text"),
    Call(
      body: #"{"model": "nothing", "prompts": ["a"], "image": "aa"}"#, status: 404, says: "no model called 'nothing'"),
    Call(body: #"{"model": "../../etc", "prompts": ["a"]}"#, status: 404, says: "no model called"),
    Call(body: #"{"model": "clip_gelu", "prompts": []}"#, status: 422, says: "1 to 32 texts"),
    Call(body: #"{"model": "clip_gelu", "prompts": [" "]}"#, status: 422, says: "prompts[0]: it is blank"),
    Call(body: #"{"model": "clip_gelu", "prompts": ["a"]}"#, status: 422, says: "send either the picture"),
    Call(
      body: #"{"model": "clip_gelu", "prompts": ["a"], "image": "http://x/y.png"}"#, status: 422,
      says: "fetches nothing"),
    Call(body: #"{"model": "clip_gelu", "prompts": ["a"], "image": "aGVsbG8="}"#, status: 422, says: "the picture"),
    Call(
      body: #"{"model": "clip_gelu", "prompts": ["a"], "picture": "00"}"#, status: 404, says: "send the picture again"),
    Call(
      body: #"{"model": "clip_gelu", "prompts": ["a"], "picture": "00", "more": 1}"#, status: 422,
      says: "more: there is no such field"),
    Call(
      body: #"{"model": "clip_gelu", "prompts": ["a"], "picture": "00", "methods": ["nothing"]}"#, status: 422,
      says: "nothing"),
    Call(
      body: #"{"model": "clip_gelu", "prompts": ["a"], "picture": "00", "layer_maps": 1}"#, status: 422,
      says: "not true or false"),
  ]

  private static let served = Result { try ServedModel() }

  @Test(arguments: calls) private func whatIsWrongIsNamed(_ call: Call) async throws {
    let served = try Self.served.get()
    let answer = try await served.send(
      "POST", "/v1/explain", headers: ["Content-Type": "application/json"],
      body: Data(call.body.replacing("clip_gelu", with: served.name).utf8))
    #expect(answer.status == call.status && answer.detail?.contains(call.says) == true, "\(answer.detail ?? "")")
    let document = OpenAPIDocument(try await served.get("/openapi.json").json)
    #expect(document.faults(of: answer, to: "POST", "/v1/explain") == [])
  }

  @Test func pathsAndMethodsThatAreNotThere() async throws {
    let served = try ServedModel()
    for path in ["/nothing", "/../etc/passwd", "/%2e%2e/x", "//", "/examples/../page.c"] {
      #expect(try await served.get(path).status == 404)
    }
    #expect(try await served.get("/v1/explain").status == 405)
    #expect(try await served.post("/v1/models", [:]).status == 405)
    #expect(
      try await served.send("POST", "/v1/explain", headers: ["Content-Type": "text/plain"], body: Data("{}".utf8))
        .status
        == 415)
  }

  @Test func otherNamesAndOtherPagesAreRefused() async throws {
    let served = try ServedModel(), port = served.port
    #expect(try await served.get("/healthz", ["Host": "evil.example:\(port)"]).status == 403)
    #expect(try await served.get("/healthz", ["Host": "127.0.0.1:1"]).status == 403)
    #expect(try await served.get("/healthz", ["Host": ""]).status != 200)
    #expect(try await served.get("/healthz", ["Host": "localhost:\(port)"]).status == 200)
    #expect(try await served.get("/v1/models", ["Origin": "http://evil.example"]).status == 403)
    #expect(try await served.get("/v1/models", ["Origin": "null"]).status == 403)
    #expect(try await served.get("/v1/models", ["Origin": "http://127.0.0.1:\(port)"]).status == 200)
    #expect(try await served.get("/v1/models", ["Sec-Fetch-Site": "cross-site"]).status == 403)
    #expect(
      try await served.send("OPTIONS", "/v1/explain", headers: ["Origin": "http://evil.example"]).headers[
        "access-control-allow-origin"] == nil)
  }

  @Test func theTokenIsWanted() async throws {
    let served = try ServedModel(token: "secret")
    #expect(try await served.get("/v1/models").status == 401)
    #expect(try await served.get("/v1/models", ["Authorization": "Bearer secreT"]).status == 401)
    #expect(try await served.get("/v1/models", ["Authorization": "Bearer secret"]).status == 200)
    #expect(try await served.get("/healthz").status == 200)
  }

  @Test func headersKeepAPageFromBeingMisused() async throws {
    let headers = try await ServedModel().get("/openapi.json").headers
    #expect(headers["x-content-type-options"] == "nosniff" && headers["x-frame-options"] == "DENY")
    let policy = try #require(headers["content-security-policy"])
    #expect(policy.hasPrefix("default-src 'none'") && !policy.contains("unsafe"))
  }

  @Test func bodiesAndHeadersHaveLimits() async throws {
    var limits = ServerLimits()
    limits.bodyBytes = 1000
    let served = try ServedModel(limits: limits)
    let large = Data(repeating: 0x20, count: 2000)
    #expect(
      try await served.send("POST", "/v1/explain", headers: ["Content-Type": "application/json"], body: large).status
        == 413)
    // One that does not say how long it is.
    let chunk = String(repeating: "a", count: 1500)
    let chunked =
      "POST /v1/explain HTTP/1.1\r\nHost: 127.0.0.1:\(served.port)\r\nTransfer-Encoding: chunked\r\n\r\n5dc\r\n\(chunk)\r\n0\r\n\r\n"
    #expect(try await served.exchange(Data(chunked.utf8)).status == 413)
    #expect(try await served.get("/healthz", ["X-Long": String(repeating: "a", count: 100_000)]).status != 200)
    let many = Dictionary(uniqueKeysWithValues: (0..<200).map { ("X-\($0)", "a") })
    #expect(try await served.get("/healthz", many).status != 200)
    #expect(try await served.exchange(Data("nonsense\r\n\r\n".utf8)).status == 400)
    #expect(try await served.get("/healthz").status == 200)
  }

  @Test func slowClientsAreLetGo() async throws {
    var limits = ServerLimits()
    limits.seconds = 1
    let served = try ServedModel(limits: limits)
    // Neither half a head nor half a body holds a connection.
    #expect(try await served.exchange(Data("GET /healthz HTTP/1.1\r\n".utf8)).status == 0)
    let half = "POST /v1/explain HTTP/1.1\r\nHost: 127.0.0.1:\(served.port)\r\nContent-Length: 100\r\n\r\n{"
    #expect(try await served.exchange(Data(half.utf8)).status == 408)
  }

  @Test func connectionsHaveALimit() async throws {
    var limits = ServerLimits()
    limits.connections = 3
    let served = try ServedModel(limits: limits)
    let held = try (0..<3).map { _ in try served.connection() }
    // What is too much is closed without an answer.
    var refused = 0
    for _ in 0..<20 where refused == 0 { if try await served.get("/healthz").status == 0 { refused += 1 } }
    #expect(refused == 1)
    held.forEach { close($0) }
    var answer = 0
    for _ in 0..<50 where answer != 200 { answer = (try? await served.get("/healthz").status) ?? 0 }
    #expect(answer == 200)
  }

  @Test func tooManyRequestsAreToldToWait() async throws {
    var limits = ServerLimits()
    limits.waiting = 0
    let served = try ServedModel(limits: limits)
    let answer = try await served.post("/v1/score", ["model": served.name])
    #expect(answer.status == 429 && answer.headers["retry-after"] == "1")
    #expect(try await served.get("/healthz").status == 200)
  }

  @Test func aServerThatEndsTakesNothingMore() async throws {
    let served = try ServedModel()
    let idle = try served.connection()
    defer { close(idle) }
    served.stop()
    await #expect(throws: POSIXError.self) { try await served.get("/healthz") }
  }

  @Test func aTakenPortIsNamed() async throws {
    let served = try ServedModel()
    let error = #expect(throws: ServerError.self) { try ServedModel.listen(at: served.port) }
    #expect(error?.description.contains("port \(served.port) of 127.0.0.1 is taken by") == true)
  }
}
