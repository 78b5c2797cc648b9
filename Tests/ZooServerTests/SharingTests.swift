import Foundation
import Synchronization
import Testing
import ZooFixtures
import ZooServer
import ZooTestSupport

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What requests share: passes, models, memory.
@Suite struct SharingTests {
  private static let folder = "models/clip_gelu"
  private let picture: String
  private let prompts: [String]

  init() throws {
    picture = try Data(contentsOf: Golden.url("\(Self.folder)/inputs/image_a.png")).base64EncodedString()
    let file = try #require(try Golden.json("\(Self.folder)/case.json") as? [String: Any])
    prompts = try #require(file["prompts"] as? [String])
  }

  private func count(_ name: String, of served: ServedModel) async throws -> Int {
    let text = String(decoding: try await served.get("/metrics").body, as: UTF8.self)
    let line = text.split(separator: "\n").first { $0.hasPrefix("\(name) ") }
    return try #require(line?.split(separator: " ").last.flatMap { Int($0) })
  }

  private func floats(_ value: Any?) -> [Float] { (value as? [NSNumber])?.map(\.floatValue) ?? [] }

  @Test func requestsAboutOnePictureShareAPassAndKeepTheirOwnAnswers() async throws {
    let gate = Gate(), served = try ServedModel(loading: { gate.wait() })
    let picture = picture, prompts = prompts
    async let answers = withThrowingTaskGroup(of: (Int, ServedModel.Answer).self) { group in
      for place in 0..<8 {
        let path = place % 4 == 3 ? "/v1/score" : "/v1/explain"
        let asked = [prompts[place], prompts[8], prompts[place]]
        let body: [String: Any] = ["model": served.name, "image": picture, "prompts": asked]
        let methods: [String: Any] =
          path == "/v1/explain" ? ["methods": place == 0 ? ["legrad", "gem"] : ["legrad"]] : [:]
        let data = try JSONSerialization.data(withJSONObject: body.merging(methods) { $1 })
        group.addTask { (place, try await served.post(path, data)) }
      }
      return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
    }
    while try await count("zoo_requests_in_hand", of: served) < 8 { try await Task.sleep(for: .milliseconds(10)) }
    gate.open()
    let found = try await answers
    #expect(try await count("zoo_passes_total", of: served) == 1)
    let golden = try GoldenModel(ServedModel.golden, "openclip/open_clip_model.safetensors")
    let forward = try golden.expected("forward.npz"), scale = forward["logit_scale_exp"].floats[0]
    for (place, answer) in found {
      #expect(answer.status == 200)
      let results = try #require(answer.json[place % 4 == 3 ? "results" : "prompts"] as? [[String: Any]])
      #expect(results.compactMap { $0["prompt"] as? String } == [prompts[place], prompts[8], prompts[place]])
      for (result, row) in zip(results, [place, 8, place]) {
        let similarity = try #require(result["similarity"] as? NSNumber).floatValue
        #expect(abs(similarity - forward["logits"][0].floats[row] / scale) < 1e-5)
      }
      guard place % 4 != 3 else { continue }
      // What it would have got alone.
      let methods = place == 0 ? ["legrad", "gem"] : ["legrad"]
      let alone = try await served.post(
        "/v1/explain",
        [
          "model": served.name, "image": picture, "prompts": [prompts[place], prompts[8], prompts[place]],
          "methods": methods, "size": "32",
        ])
      let maps = try #require(answer.json["maps"] as? [[String: Any]])
      let others = try #require(alone.json["maps"] as? [[String: Any]])
      #expect(maps.count == 3 * methods.count)
      for (map, other) in zip(maps, others) {
        let values = floats(map["values"]), expected = floats(other["values"])
        #expect(values.count == 16 && zip(values, expected).allSatisfy { abs($0 - $1) < 1e-5 })
      }
    }
  }

  @Test func moreMethodsAndPatchesCostNoFurtherPass() async throws {
    let served = try ServedModel()
    let first = try await served.post("/v1/score", ["model": served.name, "image": picture, "prompts": [prompts[0]]])
    let id = try #require(first.json["picture"] as? String)
    #expect(try await count("zoo_passes_total", of: served) == 1)
    let methods = ["legrad", "rollout", "gradcam", "chefercam:start-layer=0", "lrp", "textspan", "gem"]
    for count in 1...methods.count {
      let answer = try await served.post(
        "/v1/explain",
        [
          "model": served.name, "picture": id, "prompts": [prompts[0]], "methods": Array(methods.prefix(count)),
          "patch_similarities": count > 3,
        ])
      #expect(answer.status == 200 && (answer.json["maps"] as? [Any])?.count == count, "\(answer.detail ?? "")")
    }
    // One for scores alone, and one for everything that is kept.
    #expect(try await count("zoo_passes_total", of: served) == 2)
  }

  @Test func aRequestWhoseClientHasGoneIsNotComputed() async throws {
    let gate = Gate(), served = try ServedModel(loading: { gate.wait() })
    let body = try JSONSerialization.data(
      withJSONObject: ["model": served.name, "image": picture, "prompts": [prompts[0]]])
    let head =
      "POST /v1/explain HTTP/1.1\r\nHost: 127.0.0.1:\(served.port)\r\nContent-Type: application/json\r\n"
      + "Content-Length: \(body.count)\r\n\r\n"
    let socket = try served.connection()
    let request = Data(head.utf8) + body
    #expect(request.withUnsafeBytes { send(socket, $0.baseAddress, $0.count, 0) } == request.count)
    while try await count("zoo_requests_in_hand", of: served) < 1 { try await Task.sleep(for: .milliseconds(10)) }
    close(socket)
    // The model is still being loaded, and nobody waits any more.
    for _ in 0..<500 where try await count("zoo_requests_in_hand", of: served) > 0 {
      try await Task.sleep(for: .milliseconds(10))
    }
    #expect(try await count("zoo_requests_in_hand", of: served) == 0)
    gate.open()
    // The next one, about something else, waits its turn behind it.
    let next = try await served.post("/v1/embeddings", ["model": served.name, "input": "a"])
    #expect(next.status == 200)
    #expect(try await count("zoo_passes_total", of: served) == 0)
  }

  @Test func modelsTellHowFarTheyAreAndAreLetGoInTheirOrder() async throws {
    let gate = Gate()
    var limits = ServerLimits()
    limits.modelBytes = 1  // room for one at a time
    let served = try ServedModel(
      limits: limits, others: ["siglip"],
      loading: { gate.wait() }, progress: 0.5)
    func models() async throws -> [String: [String: Any]] {
      let answer = try await served.get("/v1/models")
      let document = OpenAPIDocument(try await served.get("/openapi.json").json)
      #expect(document.faults(of: answer, to: "GET", "/v1/models") == [])
      let list = try #require(answer.json["data"] as? [[String: Any]])
      return Dictionary(uniqueKeysWithValues: list.map { ($0["id"] as? String ?? "", $0) })
    }
    #expect(served.names.count == 2)
    #expect(try await models().values.allSatisfy { $0["loaded"] as? Bool == false && $0["loading"] is NSNull })
    let picture = picture, prompts = prompts
    async let first = served.post("/v1/score", ["model": served.names[0], "image": picture, "prompts": [prompts[0]]])
    while try await count("zoo_requests_in_hand", of: served) < 1 { try await Task.sleep(for: .milliseconds(10)) }
    // Half of what is prepared ahead is there, and nothing has run.
    var share: Double?
    for _ in 0..<300 where share == nil {
      share = try await models()[served.names[0]]?["loading"] as? Double
      try await Task.sleep(for: .milliseconds(10))
    }
    #expect(share == 0.25)
    gate.open()
    #expect(try await first.status == 200)
    #expect(try await models()[served.names[0]]?["loaded"] as? Bool == true)
    #expect(try await models()[served.names[0]]?["loading"] is NSNull)
    let memory = try #require(try await served.get("/v1/models").json["memory"] as? [String: Int])
    #expect(memory["limit"] == 1 && memory["used"] ?? 0 > 1)
    let second = try await served.post(
      "/v1/score", ["model": served.names[1], "image": picture, "prompts": [prompts[0]]])
    #expect(second.status == 200)
    let now = try await models()
    #expect(now[served.names[0]]?["loaded"] as? Bool == false && now[served.names[1]]?["loaded"] as? Bool == true)
    // What was kept for pictures has gone with it; the picture itself has not.
    let again = try await served.post(
      "/v1/score",
      ["model": served.names[0], "picture": second.json["picture"] as? String ?? "", "prompts": [prompts[0]]])
    #expect(again.status == 200)
  }

  @Test func whoHasAskedIsAnsweredBeforeTheServerEnds() async throws {
    let gate = Gate(), served = try ServedModel(loading: { gate.wait() })
    let picture = picture, prompts = prompts
    async let answer = served.post("/v1/score", ["model": served.name, "image": picture, "prompts": [prompts[0]]])
    while try await count("zoo_requests_in_hand", of: served) < 1 { try await Task.sleep(for: .milliseconds(10)) }
    async let end: Void = withCheckedContinuation { done in
      DispatchQueue.global().async {
        served.stop()
        done.resume()
      }
    }
    // No other client is accepted.
    for _ in 0..<500 where (try? await served.get("/healthz").status) == 200 {
      try await Task.sleep(for: .milliseconds(10))
    }
    await #expect(throws: POSIXError.self) { try await served.get("/healthz") }
    gate.open()
    #expect(try await answer.status == 200)
    await end
  }

  @Test func whoTakesTooLongDoesNotKeepTheServer() async throws {
    let gate = Gate()
    var limits = ServerLimits()
    limits.drainSeconds = 1
    let served = try ServedModel(limits: limits, loading: { gate.wait() })
    async let answer = served.post(
      "/v1/score", ["model": served.name, "image": picture, "prompts": [prompts[0]]] as [String: Any])
    while try await count("zoo_requests_in_hand", of: served) < 1 { try await Task.sleep(for: .milliseconds(10)) }
    let start = ContinuousClock.now
    await withCheckedContinuation { done in
      DispatchQueue.global().async {
        served.stop()
        done.resume()
      }
    }
    #expect(ContinuousClock.now - start < .seconds(5))
    #expect(try await answer.status == 0)
    gate.open()
  }

  /// Blocks the loading of models until it is opened.
  private final class Gate: Sendable {
    private let semaphore = DispatchSemaphore(value: 0)

    func wait() {
      semaphore.wait()
      semaphore.signal()
    }

    func open() { semaphore.signal() }
  }
}
