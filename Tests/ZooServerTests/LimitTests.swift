import Foundation
import Testing
import ZooServer
import ZooTestSupport

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What a server rejects, each with a problem document with a stated status.
@Suite struct LimitTests {
  private struct Call: Sendable, CustomTestStringConvertible {
    let body: String
    let status: Int
    let says: String
    var testDescription: String { says }
  }

  private static let calls = [
    Call(body: "{", status: 400, says: "expected a string, found the end of the text (byte 1)"),
    Call(body: "[1]", status: 400, says: "not an object"),
    Call(body: "{}", status: 422, says: "model: it is missing"),
    Call(body: #"{"model": 1}"#, status: 422, says: "model: it is not text"),
    Call(
      body: #"{"model": "nothing", "prompts": ["a"], "image": "aa"}"#, status: 404, says: "no model called 'nothing'"),
    Call(body: #"{"model": "../../etc", "prompts": ["a"]}"#, status: 404, says: "no model called"),
    Call(body: #"{"model": "clip_gelu", "prompts": []}"#, status: 422, says: "1 to 32 texts"),
    Call(
      body: #"{"model": "clip_gelu", "prompts": [\#(Array(repeating: #""a""#, count: 33).joined(separator: ","))]}"#,
      status: 422, says: "1 to 32 texts"),
    Call(
      body: #"{"model": "clip_gelu", "prompts": ["\#(String(repeating: "a", count: 2001))"]}"#, status: 422,
      says: "prompts[0]: it has more than 2000 letters"),
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
  private static let picture =
    (try? Data(contentsOf: Golden.url("models/clip_gelu/inputs/image_a.png")).base64EncodedString()) ?? ""

  /// An answer must be a problem document with this status, which the path's description lists.
  private func expect(
    _ answer: ServedModel.Answer, _ status: Int, _ method: String = "GET", _ path: String? = nil,
    at location: SourceLocation = #_sourceLocation
  ) async throws {
    let document = OpenAPIDocument(try await Self.served.get().get("/openapi.json").json)
    #expect(answer.status == status, sourceLocation: location)
    #expect(document.faults(ofProblem: answer) == [], sourceLocation: location)
    if let path { #expect(document.faults(of: answer, to: method, path) == [], sourceLocation: location) }
  }

  @Test(arguments: calls) private func whatIsWrongIsNamed(_ call: Call) async throws {
    let served = try Self.served.get()
    let answer = try await served.send(
      "POST", "/v1/explain", headers: ["Content-Type": "application/json"],
      body: Data(call.body.replacing("clip_gelu", with: served.name).utf8))
    try await expect(answer, call.status, "POST", "/v1/explain")
    #expect(answer.detail?.contains(call.says) == true, "\(answer.detail ?? "")")
  }

  @Test func pathsAndMethodsThatAreNotThere() async throws {
    let served = try ServedModel()
    for path in ["/nothing", "/../etc/passwd", "/%2e%2e/x", "//", "/examples/../page.c"] {
      try await expect(served.get(path), 404)
    }
    let wrong = try await served.get("/v1/explain")
    try await expect(wrong, 405)
    #expect(wrong.headers["allow"] == "POST")
    try await expect(served.post("/v1/models", [:]), 405)
    let text = try await served.send(
      "POST", "/v1/explain", headers: ["Content-Type": "text/plain"], body: Data("{}".utf8))
    try await expect(text, 415, "POST", "/v1/explain")
  }

  @Test func otherNamesAndOtherPagesAreRefused() async throws {
    let served = try ServedModel(), port = served.port
    for host in ["evil.example:\(port)", "127.0.0.1:1"] {
      try await expect(served.get("/healthz", ["Host": host]), 403, "GET", "/healthz")
    }
    try await expect(served.get("/healthz", ["Host": ""]), 403)
    #expect(try await served.get("/healthz", ["Host": "localhost:\(port)"]).status == 200)
    for header in [["Origin": "http://evil.example"], ["Origin": "null"], ["Sec-Fetch-Site": "cross-site"]] {
      try await expect(served.get("/v1/models", header), 403, "GET", "/v1/models")
    }
    #expect(try await served.get("/v1/models", ["Origin": "http://127.0.0.1:\(port)"]).status == 200)
    #expect(
      try await served.send("OPTIONS", "/v1/explain", headers: ["Origin": "http://evil.example"]).headers[
        "access-control-allow-origin"] == nil)
  }

  @Test func theTokenIsWanted() async throws {
    let served = try ServedModel(token: "secret")
    for header in [[:], ["Authorization": "Bearer secreT"]] {
      try await expect(served.get("/v1/models", header), 401, "GET", "/v1/models")
    }
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
    let json = ["Content-Type": "application/json"], large = Data(repeating: 0x20, count: 2000)
    try await expect(
      served.send("POST", "/v1/explain", headers: json, body: large), 413, "POST", "/v1/explain")
    // A body of unstated length.
    let chunk = String(repeating: "a", count: 1500)
    let chunked =
      "POST /v1/explain HTTP/1.1\r\nHost: 127.0.0.1:\(served.port)\r\nTransfer-Encoding: chunked\r\n\r\n5dc\r\n\(chunk)\r\n0\r\n\r\n"
    try await expect(served.exchange(Data(chunked.utf8)), 413, "POST", "/v1/explain")
    try await expect(
      served.get("/healthz", ["X-Long": String(repeating: "a", count: 20_000)]), 431, "GET", "/healthz")
    let many = Dictionary(uniqueKeysWithValues: (0..<200).map { ("X-\($0)", "a") })
    try await expect(served.get("/healthz", many), 431, "GET", "/healthz")
    try await expect(served.exchange(Data("nonsense\r\n\r\n".utf8)), 400, "GET", "/healthz")
    #expect(try await served.get("/healthz").status == 200)
  }

  @Test func bodiesHaveALimitTogether() async throws {
    var limits = ServerLimits()
    (limits.bodyBytes, limits.allBodyBytes) = (1000, 1500)
    let served = try ServedModel(limits: limits)
    func begin() throws -> Int32 {
      let socket = try served.connection()
      let half =
        "POST /v1/explain HTTP/1.1\r\nHost: 127.0.0.1:\(served.port)\r\nContent-Length: 1000\r\n\r\n"
        + String(repeating: " ", count: 900)
      #expect(
        half.utf8.withContiguousStorageIfAvailable { send(socket, $0.baseAddress, $0.count, 0) } == half.utf8.count)
      return socket
    }
    let held = try begin()
    let json = ["Content-Type": "application/json"], body = Data(repeating: 0x20, count: 900)
    var status = 0
    for _ in 0..<200 where status != 429 {
      status = try await served.send("POST", "/v1/explain", headers: json, body: body).status
    }
    #expect(status == 429)
    // Memory taken by a request is returned when it ends.
    close(held)
    for _ in 0..<200 where status != 400 {
      status = try await served.send("POST", "/v1/explain", headers: json, body: body).status
    }
    #expect(status == 400)
  }

  @Test func slowClientsAreLetGo() async throws {
    var limits = ServerLimits()
    limits.seconds = 1
    let served = try ServedModel(limits: limits)
    // An incomplete head or body does not keep a connection open.
    #expect(try await served.exchange(Data("GET /healthz HTTP/1.1\r\n".utf8)).status == 0)
    let half = "POST /v1/explain HTTP/1.1\r\nHost: 127.0.0.1:\(served.port)\r\nContent-Length: 100\r\n\r\n{"
    try await expect(served.exchange(Data(half.utf8)), 408, "POST", "/v1/explain")
  }

  @Test func picturesHaveLimits() async throws {
    var limits = ServerLimits()
    limits.pixels = 100
    let small = try ServedModel(limits: limits)
    let answer = try await small.post(
      "/v1/score", ["model": small.name, "image": Self.picture, "prompts": ["a"]] as [String: Any])
    try await expect(answer, 422, "POST", "/v1/score")
    #expect(answer.detail?.contains("pixels") == true, "\(answer.detail ?? "")")
    // Room for one picture and one pass: the first is evicted for the second.
    limits = ServerLimits()
    (limits.pictureBytes, limits.passBytes) = (1, 1)
    let served = try ServedModel(limits: limits)
    let other = try Data(contentsOf: Golden.url("models/clip_gelu/inputs/image_b.jpg")).base64EncodedString()
    var ids: [String] = []
    for picture in [Self.picture, other] {
      let sent = try await served.post("/v1/score", ["model": served.name, "image": picture, "prompts": ["a"]])
      ids.append(try #require(sent.json["picture"] as? String))
    }
    let again = try await served.post("/v1/score", ["model": served.name, "picture": ids[1], "prompts": ["b"]])
    #expect(again.status == 200)
    let gone = try await served.post("/v1/score", ["model": served.name, "picture": ids[0], "prompts": ["b"]])
    try await expect(gone, 404, "POST", "/v1/score")
  }

  @Test func workThatTakesTooLongEnds() async throws {
    var limits = ServerLimits()
    limits.workSeconds = 0
    let served = try ServedModel(limits: limits)
    for (path, body) in [
      ("/v1/embeddings", ["input": "a"] as [String: Any]), ("/v1/score", ["prompts": ["a"], "image": Self.picture]),
      ("/v1/explain", ["prompts": ["a"], "image": Self.picture]),
    ] {
      let answer = try await served.post(path, body.merging(["model": served.name]) { $1 })
      try await expect(answer, 503, "POST", path)
      #expect(answer.detail?.contains("takes more than 0 seconds") == true)
    }
  }

  @Test func connectionsHaveALimit() async throws {
    var limits = ServerLimits()
    limits.connections = 3
    let served = try ServedModel(limits: limits)
    let held = try (0..<3).map { _ in try served.connection() }
    // Excess connections are closed without an answer.
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
    try await expect(answer, 429, "POST", "/v1/score")
    #expect(answer.headers["retry-after"] == "1")
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
