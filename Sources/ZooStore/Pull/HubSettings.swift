import Foundation

/// What the environment says about the hub, in the same variables as for the Python tools.
public struct HubSettings: Sendable, Hashable {
  /// `HF_ENDPOINT`, by default `https://huggingface.co`.
  public var endpoint: URL
  /// `HF_TOKEN`, or the token that `hf auth login` stored in `$HF_HOME/token`.
  public var token: String?
  /// `HF_HUB_OFFLINE`: only files in the cache are used.
  public var isOffline: Bool
  /// `HF_HUB_CACHE`, by default `$HF_HOME/hub`.
  public var cache: URL

  /// Creates settings that do not come from the environment.
  public init(endpoint: URL, token: String?, isOffline: Bool, cache: URL) {
    self.endpoint = endpoint
    self.token = token
    self.isOffline = isOffline
    self.cache = cache
  }

  /// Throws a `PullError` if `HF_ENDPOINT` is not a URL.
  public init(environment: [String: String] = ProcessInfo.processInfo.environment) throws(PullError) {
    func value(_ names: String...) -> String? {
      names.lazy.compactMap { environment[$0]?.trimmed }.first { !$0.isEmpty }
    }
    func folder(_ path: String) -> URL {
      guard path == "~" || path.hasPrefix("~/") else { return URL(filePath: path, directoryHint: .isDirectory) }
      return FileManager.default.homeDirectoryForCurrentUser.appending(
        path: String(path.dropFirst(2)), directoryHint: .isDirectory)
    }
    let address = value("HF_ENDPOINT") ?? "https://huggingface.co"
    guard let endpoint = URL(string: address.hasSuffix("/") ? String(address.dropLast()) : address),
      ["http", "https"].contains(endpoint.scheme?.lowercased()), endpoint.host()?.isEmpty == false
    else { throw .badEndpoint(address) }
    self.endpoint = endpoint
    let caches = value("XDG_CACHE_HOME").map(folder) ?? folder(value("HOME") ?? "~").appending(path: ".cache")
    let home = value("HF_HOME").map(folder) ?? caches.appending(path: "huggingface")
    cache = value("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE").map(folder) ?? home.appending(path: "hub")
    let tokenFile = value("HF_TOKEN_PATH").map { URL(filePath: $0) } ?? home.appending(path: "token")
    let stored = try? String(contentsOf: tokenFile, encoding: .utf8)
    token = value("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN") ?? stored?.trimmed
    // A token with a line break or a space would become a separate header.
    if let token, token.isEmpty || !token.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) { self.token = nil }
    isOffline = ["1", "true", "yes", "on"].contains(value("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")?.lowercased() ?? "")
  }
}
