import Foundation
import NIOHTTP1
import ZooStore
import ZooTensors

/// A request that has arrived completely.
struct ServerRequest: Sendable {
  let method: HTTPMethod
  /// Without the query.
  let path: String
  let headers: HTTPHeaders
  let body: Data
}

/// What is sent back.
struct ServerResponse: Sendable {
  var status: HTTPResponseStatus
  var type: String
  var body: Data
  var headers: [(name: String, value: String)] = []

  init(_ body: Data, type: String, status: HTTPResponseStatus = .ok) {
    (self.body, self.type, self.status) = (body, type, status)
  }

  /// A value as JSON.
  init(_ value: some Encodable) throws { self.init(try Self.json(value), type: "application/json") }

  private static func json(_ value: some Encodable) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    return try encoder.encode(value)
  }

  /// An error in the format of RFC 9457.
  init(problem status: Int, detail: String) {
    struct Problem: Encodable {
      let type = "about:blank"
      let title: String
      let status: Int
      let detail: String
    }
    let code = HTTPResponseStatus(statusCode: status)
    let problem = Problem(title: code.reasonPhrase, status: status, detail: detail)
    self.init((try? Self.json(problem)) ?? Data(), type: "application/problem+json", status: code)
    switch status {
    case 401: headers.append(("WWW-Authenticate", "Bearer"))
    case 429, 503: headers.append(("Retry-After", "1"))
    default: break
    }
  }

  /// - Parameter words: The sentence for an error; nil if it has none.
  init(_ error: any Error, words: (any Error) -> String?) {
    let status =
      switch error {
      case let error as ServerError: error.status
      case is CancellationError: 503
      case StoreError.notInstalled: 404
      case let error as any ZooError where error.blame == .input: 422
      default: 500
      }
    self.init(problem: status, detail: words(error) ?? "something went wrong in the server")
    if case ServerError.wrongMethod(_, _, let allowed) = error { headers.append(("Allow", allowed)) }
  }
}
