import Foundation
import Testing
import ZooFixtures
import ZooServer
import ZooTestSupport

/// The API, compared with the arrays of the original implementation and with its own description.
@Suite struct APITests {
  private static let folder = "models/clip_gelu"
  private let served: ServedModel
  private let document: OpenAPIDocument
  private let picture: String
  private let prompts: [String]

  init() async throws {
    served = try ServedModel()
    document = OpenAPIDocument(try await served.get("/openapi.json").json)
    picture = try Data(contentsOf: Golden.url("\(Self.folder)/inputs/image_a.png")).base64EncodedString()
    let file = try #require(try Golden.json("\(Self.folder)/case.json") as? [String: Any])
    prompts = try #require(file["prompts"] as? [String])
  }

  private func answer(_ path: String, _ body: [String: Any]) async throws -> ServedModel.Answer {
    let answer = try await served.post(path, body)
    #expect(document.faults(of: answer, to: "POST", path) == [])
    return answer
  }

  private func floats(_ value: Any?) -> [Float] { (value as? [NSNumber])?.map(\.floatValue) ?? [] }

  @Test func mapsAndSimilaritiesAreTheOriginals() async throws {
    let golden = try GoldenModel(ServedModel.golden, "openclip/open_clip_model.safetensors")
    let maps = try golden.expected("heatmaps.npz"), forward = try golden.expected("forward.npz")
    let asked = Array(prompts.prefix(3))
    let first = try await answer(
      "/v1/explain",
      ["model": served.name, "image": picture, "prompts": asked, "layer_maps": true, "patch_similarities": true])
    #expect(first.status == 200)
    // Once with the picture, once with the pass that is kept.
    let again = try await answer(
      "/v1/explain",
      [
        "model": served.name, "picture": first.json["picture"] ?? "", "prompts": asked,
        "layer_maps": true, "patch_similarities": true,
      ])
    #expect((again.json["seconds"] as? [String: Double])?["picture"] ?? 1 < 0.01)
    for json in [first.json, again.json] {
      let found = try #require(json["maps"] as? [[String: Any]])
      #expect(found.count == 3 && json["grid"] as? [Int] == [4, 4])
      var layers = [Float]()
      for layer in 0..<4 {
        for map in found { layers += floats((map["layers"] as? [[String: Any]])?[layer]["values"]) }
      }
      #expect(maps.distance(layers, to: "native.mean_cosine.layers") <= 1)
      let results = try #require(json["prompts"] as? [[String: Any]])
      let scale = forward["logit_scale_exp"].floats[0], logits = forward["logits"][0].floats
      for (place, result) in results.enumerated() {
        let similarity = try #require(result["similarity"] as? NSNumber).floatValue
        #expect(abs(similarity - logits[place] / scale) < 1e-5)
        #expect(floats(result["patches"]).count == 16)
      }
      let shares = results.compactMap { ($0["share"] as? NSNumber)?.floatValue }
      #expect(abs(shares.reduce(0, +) - 1) < 1e-5)
    }
  }

  @Test func embeddingsAreTheOriginals() async throws {
    let forward = try GoldenModel(ServedModel.golden, "openclip/open_clip_model.safetensors").expected("forward.npz")
    let list = try await answer(
      "/v1/embeddings", ["model": served.name, "input": [prompts[0], ["image": picture], prompts[1]]])
    let data = try #require(list.json["data"] as? [[String: Any]])
    #expect(data.compactMap { $0["index"] as? Int } == [0, 1, 2])
    #expect(forward.distance(floats(data[0]["embedding"]), to: "text_embeddings_norm", row: 0) <= 1)
    #expect(forward.distance(floats(data[1]["embedding"]), to: "image_embeddings_norm", row: 0) <= 1)
    #expect(forward.distance(floats(data[2]["embedding"]), to: "text_embeddings_norm", row: 1) <= 1)
    // Decoded like clients that request base64.
    let coded = try await answer(
      "/v1/embeddings", ["model": served.name, "input": prompts[0], "encoding_format": "base64"])
    let text = try #require((coded.json["data"] as? [[String: Any]])?[0]["embedding"] as? String)
    let bytes = try #require(Data(base64Encoded: text))
    let values = bytes.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
    #expect(forward.distance(values, to: "text_embeddings_norm", row: 0) <= 1)
  }

  @Test func scoresAreThoseOfTheExplanation() async throws {
    let forward = try GoldenModel(ServedModel.golden, "openclip/open_clip_model.safetensors").expected("forward.npz")
    let found = try await answer("/v1/score", ["model": served.name, "image": picture, "prompts": [prompts[4]]])
    let result = try #require((found.json["results"] as? [[String: Any]])?.first)
    let scale = forward["logit_scale_exp"].floats[0]
    let similarity = try #require(result["similarity"] as? NSNumber).floatValue
    #expect(abs(similarity - forward["logits"][0].floats[4] / scale) < 1e-5)
    // One prompt has nothing to be compared with.
    #expect(result["share"] is NSNull)
  }

  @Test func requestsThatArriveTogetherEachGetTheirOwnAnswer() async throws {
    let forward = try GoldenModel(ServedModel.golden, "openclip/open_clip_model.safetensors").expected("forward.npz")
    let served = served, prompts = prompts
    let rows = try await withThrowingTaskGroup(of: (Int, [Float]).self) { group in
      for place in 0..<12 {
        group.addTask {
          let answer = try await served.post("/v1/embeddings", ["model": served.name, "input": prompts[place]])
          let data = answer.json["data"] as? [[String: Any]]
          return (place, (data?.first?["embedding"] as? [NSNumber])?.map(\.floatValue) ?? [])
        }
      }
      return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
    }
    #expect(rows.count == 12)
    for (place, row) in rows { #expect(forward.distance(row, to: "text_embeddings_norm", row: place) <= 1) }
  }

  @Test(arguments: ["/v1/models", "/v1/examples", "/healthz", "/metrics"])
  func whatIsThereIsAsDescribed(_ path: String) async throws {
    let answer = try await served.get(path)
    #expect(answer.status == 200)
    #expect(document.faults(of: answer, to: "GET", path) == [])
  }

  @Test func examplesAreThere() async throws {
    let list = try #require(try await served.get("/v1/examples").json["data"] as? [[String: Any]])
    for example in list {
      let answer = try await served.get(try #require(example["url"] as? String))
      #expect(answer.status == 200 && answer.body.starts(with: [0xFF, 0xD8]))
    }
  }
}

extension ServedModel: @unchecked Sendable {}
