import NIOHTTP1

/// Access control: a page of another site may not send requests, under whatever name it reaches the server, and from other machines only clients with
/// the token may.
struct Gate: Sendable {
  /// Names and addresses by which the server is reached, with its port.
  let hosts: Set<String>
  /// Nil if none is required.
  let token: String?

  /// - Parameters:
  ///   - host: The address that the server listens on.
  ///   - names: Further names by which it is reached.
  init(host: String, port: Int, names: [String], token: String?) {
    let all = ["127.0.0.1", "localhost", "[::1]", host.contains(":") ? "[\(host)]" : host] + names
    hosts = Set(all.flatMap { name in ["\(name):\(port)"] + (port == 80 ? [name] : []) }.map { $0.lowercased() })
    self.token = token
  }

  /// Throws a `ServerError` if a request must not be answered.
  ///
  /// - Parameter isOpen: True if no token is needed, as for the page itself, which asks for it.
  func check(_ request: ServerRequest, isOpen: Bool) throws(ServerError) {
    let named = request.headers["host"]
    guard named.count == 1, hosts.contains(named[0].lowercased()) else {
      throw .wrongHost(named.first ?? "")
    }
    for origin in request.headers["origin"] where origin.lowercased() != "http://\(named[0].lowercased())" {
      throw .wrongOrigin(origin)
    }
    if let site = request.headers.first(name: "sec-fetch-site"), !["same-origin", "none"].contains(site) {
      throw .wrongOrigin(request.headers.first(name: "referer") ?? "another site")
    }
    guard let token, !isOpen else { return }
    let given = request.headers.first(name: "authorization") ?? ""
    guard same(Array(given.utf8), Array("Bearer \(token)".utf8)) else { throw .noToken }
  }

  /// Compares in constant time for texts of the same length.
  private func same(_ a: [UInt8], _ b: [UInt8]) -> Bool {
    guard a.count == b.count else { return false }
    return zip(a, b).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
  }
}
