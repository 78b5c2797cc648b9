import Foundation

/// The proxies named by the environment: `http_proxy`, `https_proxy`, `all_proxy` and `no_proxy`, in lower or upper case.
///
/// libcurl reads the same variables itself, except `HTTP_PROXY`; see `Proxies.export`.
package struct Proxies: Sendable, Hashable {
  /// A proxy, and the variable that names it.
  struct Proxy: Sendable, Hashable {
    let variable: String
    /// The value of the variable; it may contain a password.
    let address: String
  }

  private let byScheme: [String: Proxy]
  /// Hosts that are contacted directly, in lower case; a domain covers all its hosts.
  private let exceptions: [String]

  package init(environment: [String: String] = ProcessInfo.processInfo.environment) {
    func proxy(_ name: String) -> Proxy? {
      var names = [name, name.uppercased()]
      // A web server that runs programs sets HTTP_PROXY from a request header that anybody can send.
      if name == "http_proxy", environment["REQUEST_METHOD"] != nil { names.removeLast() }
      let named = names.lazy.compactMap { name in
        environment[name].flatMap { $0.isEmpty ? nil : Proxy(variable: name, address: $0) }
      }
      // Upper case if both are equal: the other one may have been set by `export`.
      return named.first.map { first in named.last { $0.address == first.address } ?? first }
    }
    let general = proxy("all_proxy")
    byScheme = ["http": proxy("http_proxy") ?? general, "https": proxy("https_proxy") ?? general]
      .compactMapValues(\.self)
    let list = [environment["no_proxy"], environment["NO_PROXY"]].compactMap(\.self).first { !$0.isEmpty }
    exceptions = (list ?? "").lowercased().split { $0 == "," || $0.isWhitespace }
      .map { String($0.drop { $0 == "." }) }.filter { !$0.isEmpty }
  }

  /// The proxy for a URL; nil if it is contacted directly.
  func proxy(for url: URL) -> Proxy? {
    guard let host = url.host()?.lowercased() else { return nil }
    let isException = exceptions.contains { $0 == "*" || host == $0 || host.hasSuffix("." + $0) }
    return isException ? nil : byScheme[url.scheme?.lowercased() ?? ""]
  }

  /// Exports `HTTP_PROXY` under the only name by which libcurl reads it. Call this before anything else runs.
  package static func export() {
    guard let proxy = Proxies().byScheme["http"], proxy.variable == "HTTP_PROXY" else { return }
    setenv("http_proxy", proxy.address, 1)
  }
}
