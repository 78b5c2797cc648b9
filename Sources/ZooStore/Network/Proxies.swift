import Foundation

/// The proxies that the environment names: `http_proxy`, `https_proxy`, `all_proxy` and `no_proxy`, in lower or upper case.
///
/// libcurl reads the same variables by itself, all but `HTTP_PROXY`; see `Proxies.export`.
package struct Proxies: Sendable, Hashable {
  /// A proxy, and the variable that names it.
  struct Proxy: Sendable, Hashable {
    let variable: String
    /// As the variable has it; it may hold a password.
    let address: String
  }

  private let byScheme: [String: Proxy]
  /// Hosts that are asked directly, in lower case; a domain counts for all hosts in it.
  private let exceptions: [String]

  package init(environment: [String: String] = ProcessInfo.processInfo.environment) {
    func proxy(_ name: String) -> Proxy? {
      var names = [name, name.uppercased()]
      // A web server that runs programs makes HTTP_PROXY of a header that anybody can send.
      if name == "http_proxy", environment["REQUEST_METHOD"] != nil { names.removeLast() }
      let named = names.lazy.compactMap { name in
        environment[name].flatMap { $0.isEmpty ? nil : Proxy(variable: name, address: $0) }
      }
      // Capitals where both are the same: the other one may be that of `export`.
      return named.first.map { first in named.last { $0.address == first.address } ?? first }
    }
    let general = proxy("all_proxy")
    byScheme = ["http": proxy("http_proxy") ?? general, "https": proxy("https_proxy") ?? general]
      .compactMapValues(\.self)
    let list = [environment["no_proxy"], environment["NO_PROXY"]].compactMap(\.self).first { !$0.isEmpty }
    exceptions = (list ?? "").lowercased().split { $0 == "," || $0.isWhitespace }
      .map { String($0.drop { $0 == "." }) }.filter { !$0.isEmpty }
  }

  /// The proxy through which an address is asked; nil where it is asked directly.
  func proxy(for url: URL) -> Proxy? {
    guard let host = url.host()?.lowercased() else { return nil }
    let isException = exceptions.contains { $0 == "*" || host == $0 || host.hasSuffix("." + $0) }
    return isException ? nil : byScheme[url.scheme?.lowercased() ?? ""]
  }

  /// Makes `HTTP_PROXY` known under the only name by which libcurl reads it. To be called before anything else runs.
  package static func export() {
    guard let proxy = Proxies().byScheme["http"], proxy.variable == "HTTP_PROXY" else { return }
    setenv("http_proxy", proxy.address, 1)
  }
}
