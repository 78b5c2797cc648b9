import ZooJSON
import ZooTensors

/// Why a request cannot be answered.
package enum ServerError: ZooError, Equatable {
  case noSuchPath(String)
  case wrongMethod(String, path: String, allowed: String)
  case notJSON(String)
  case badField(String, reason: String)
  case wrongType(String)
  case bodyTooLarge(limit: Int)
  case unknownPicture
  case wrongHost(String)
  case wrongOrigin(String)
  case noToken
  case busy(limit: Int)
  case crowded(limit: Int)
  case tooSlow(seconds: Int)
  case takesTooLong(seconds: Int)
  case headersTooLarge(bytes: Int, fields: Int)
  case malformed
  case ending
  case portTaken(host: String, port: Int, by: String?)
  case cannotListen(host: String, port: Int, reason: String)

  /// The corresponding HTTP status.
  package var status: Int {
    switch self {
    case .noSuchPath, .unknownPicture: 404
    case .wrongMethod: 405
    case .notJSON, .malformed: 400
    case .badField: 422
    case .wrongType: 415
    case .bodyTooLarge: 413
    case .headersTooLarge: 431
    case .wrongHost, .wrongOrigin: 403
    case .noToken: 401
    case .busy, .crowded: 429
    case .tooSlow: 408
    case .ending, .takesTooLong: 503
    case .portTaken, .cannotListen: 500
    }
  }

  package var blame: Blame { .input }

  package var description: String {
    switch self {
    case .noSuchPath(let path): "there is nothing at \(path); /openapi.json lists all paths"
    case .wrongMethod(let method, let path, let allowed): "\(path) does not answer \(method), but \(allowed)"
    case .notJSON(let reason): "the body is not the JSON object that is asked for: \(reason)"
    case .badField(let field, let reason): "\(field): \(reason)"
    case .wrongType(let type): "the body is \(type.isEmpty ? "of no stated type" : type); send application/json"
    case .bodyTooLarge(let limit): "the body has more than \(limit) bytes"
    case .unknownPicture: "no pass is kept for this picture and model; send the picture again"
    case .wrongHost(let host): "the server is not called '\(host)'; if it is, start it with --name"
    case .wrongOrigin(let origin): "pages of \(origin) may not use this server"
    case .noToken: "the server wants its token: send 'Authorization: Bearer TOKEN'"
    case .busy(let limit): "\(limit) requests are waiting already; try again in a moment"
    case .crowded(let limit): "the requests in hand have more than \(limit) bytes together; try again in a moment"
    case .tooSlow(let seconds): "the request did not arrive within \(seconds) seconds"
    case .takesTooLong(let seconds): "the request takes more than \(seconds) seconds; send fewer prompts or methods"
    case .headersTooLarge(let bytes, let fields):
      "the request's header has more than \(bytes) bytes or \(fields) fields"
    case .malformed: "the request is not one of HTTP/1.1"
    case .ending: "the server is ending"
    case .portTaken(let host, let port, let owner):
      "port \(port) of \(host) is taken" + (owner.map { " by \($0)" } ?? "") + "; choose another with --port"
    case .cannotListen(let host, let port, let reason): "cannot listen at \(host):\(port): \(reason)"
    }
  }
}

extension ServerError: JSONFailure {
  package static func json(
    _ fault: JSONFault, file: String, offset: Int, expected: String?, found: String?
  ) -> ServerError {
    .notJSON("\(fault.reason(expected: expected, found: found)) (byte \(offset))")
  }
}
