import Foundation
import Testing

@testable import ZooServer

/// The served description contains everything that the server has, and nothing else.
@Suite struct DescriptionTests {
  private let served: ServedModel
  private let document: [String: Any]

  init() async throws {
    served = try ServedModel()
    document = try await served.get("/openapi.json").json
  }

  private func operations() throws -> [(path: String, method: String, operation: [String: Any])] {
    try #require(document["paths"] as? [String: [String: [String: Any]]]).flatMap { path, methods in
      methods.map { (path, $0.uppercased(), $1) }
    }
  }

  @Test func itsPathsAreTheServers() throws {
    let described = Dictionary(grouping: try operations(), by: \.path).mapValues { $0.map(\.method) }
    #expect(described == served.paths.mapValues { [$0] })
  }

  @Test func itsFieldsAreThoseThatAreTaken() async throws {
    let schemas = try #require((document["components"] as? [String: Any])?["schemas"] as? [String: [String: Any]])
    let valid: [String: [String: Any]] = [
      "/v1/explain": ["prompts": ["a"], "picture": "00"], "/v1/score": ["prompts": ["a"], "picture": "00"],
      "/v1/embeddings": ["input": "a"],
    ]
    for (path, _, operation) in try operations() where operation["requestBody"] != nil {
      let content = (operation["requestBody"] as? [String: Any])?["content"] as? [String: [String: [String: String]]]
      let name = try #require(content?["application/json"]?["schema"]?["$ref"]?.split(separator: "/").last)
      let properties = try #require(schemas[String(name)]?["properties"] as? [String: Any]).keys.sorted()
      var body = try #require(valid[path])
      body["model"] = served.name
      body["nothing"] = 1
      let answer = try await served.post(path, body)
      #expect(answer.status == 422)
      #expect(
        answer.detail == "nothing: there is no such field; there are \(properties.joined(separator: ", "))", "\(path)")
    }
  }

  /// An error of each kind that a request can cause, at a place where it can.
  @Test func itHasEachStatusThatARequestCanMeet() throws {
    let errors: [ServerError] = [
      .unknownPicture, .notJSON(""), .badField("", reason: ""), .wrongType(""), .bodyTooLarge(limit: 1), .wrongHost(""),
      .wrongOrigin(""), .noToken, .busy(limit: 1), .crowded(limit: 1), .tooSlow(seconds: 1), .takesTooLong(seconds: 1),
      .headersTooLarge(bytes: 1, fields: 1), .malformed, .ending,
    ]
    // In addition: a picture that cannot be read, and errors of the server itself.
    let all = Set(errors.map(\.status) + [200, 422, 500])
    for (path, method, operation) in try operations() where method == "POST" {
      let described = try #require(operation["responses"] as? [String: Any]).keys.compactMap { Int($0) }
      #expect(Set(described) == all, "\(path)")
    }
  }
}
