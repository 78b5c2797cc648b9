import Foundation
import ZooModels
import ZooTensors

/// Why a model cannot be downloaded. URLs are shown without their query, which may contain a signature.
public enum PullError: ZooError, Equatable {
  /// The text is not a reference; `form` is the expected form.
  case badReference(String, form: String)
  /// `HF_ENDPOINT` is not an HTTP address.
  case badEndpoint(String)
  /// A registered architecture with several tags, or with none.
  case tagNeeded(String, tags: [String])
  /// The model is registered as unsupported.
  case unsupported(String, reason: String)
  /// A registered tag without a download location.
  case noSource(String)

  /// The network may not be used, and the model is not in the cache.
  case offline(String, cache: String)
  /// 401.
  case notAllowed(String, sentToken: Bool)
  /// 403, or a hub repository whose terms must be accepted first.
  case gated(String, status: Int, sentToken: Bool)
  /// 404: no such repository, revision or file.
  case notFound(String)
  /// `others` are weights files with other names, none of which could be chosen.
  case noCheckpoint(String, tried: [String], others: [String])
  /// 429; `wait` is how long the server asks to wait.
  case rateLimited(String, wait: String?)
  /// Any other status that is not success.
  case badStatus(String, status: Int)
  /// There is no connection, or it broke too often.
  case unreachable(String, reason: String)
  /// The proxy for a host failed; `variable` in the environment names it, or nil if the system does.
  case proxy(String, variable: String?, host: String, reason: String)
  /// A host whose certificate is not accepted.
  case untrusted(String, host: String, reason: String)
  /// An answer that violates HTTP or the hub's protocol.
  case badAnswer(String, reason: String)
  /// A redirect that would drop encryption.
  case insecureRedirect(String, to: String)

  /// The index of a repository's shards cannot be used.
  case badIndex(String, reason: String)
  /// The file has a different size than the server announced.
  case wrongSize(String, expected: Int, found: Int)
  /// The file's SHA-256 does not match the published one.
  case wrongDigest(String, expected: String, found: String)
  /// The file changed on the server while it was downloaded.
  case changing(String)
  /// The folder for downloads cannot be written.
  case unwritable(String, reason: String)
  /// The disk has too little space; both numbers are in bytes.
  case noSpace(String, needed: Int, free: Int)
  /// A file larger than allowed; `size` is nil if the server did not tell.
  case tooLarge(String, size: Int?, limit: Int)

  public var blame: Blame {
    switch self {
    case .rateLimited, .badStatus, .unreachable, .proxy, .untrusted, .badAnswer, .wrongSize, .wrongDigest, .changing,
      .unwritable, .noSpace, .tooLarge:
      .work
    default: .input
    }
  }

  public var description: String {
    switch self {
    case .badReference(let text, let form): return "'\(text)' is not a valid reference; expected \(form)"
    case .badEndpoint(let text): return "HF_ENDPOINT is '\(text)', which is not an HTTP address"
    case .tagNeeded(let name, let tags):
      return tags.isEmpty
        ? "no weights are registered for \(name)" : "\(name) has several weights: \(tags.joined(separator: ", "))"
    case .unsupported(let name, let reason): return "\(name) is not pulled, since it does not run: \(reason)"
    case .noSource(let name): return "nothing says where the weights of \(name) are"
    case .offline(let name, let cache): return "HF_HUB_OFFLINE is set and \(name) is not in the cache \(cache)"
    case .notAllowed(let name, let sentToken):
      return sentToken ? "\(name): the token is not accepted (401)" : "\(name) does not exist or needs a token (401)"
    case .gated(let name, let status, let sentToken):
      return "\(name) is not open to \(sentToken ? "the account of this token" : "everyone") (\(status))"
    case .notFound(let name): return "\(name) does not exist (404)"
    case .noCheckpoint(let name, let tried, let others):
      return "\(name) has none of \(tried.joined(separator: ", "))"
        + (others.isEmpty ? "" : ", and several others: \(others.prefix(20).joined(separator: ", "))")
    case .rateLimited(let name, let wait):
      return "\(name): the server asks to come back later (429)" + (wait.map { ", after \($0) seconds" } ?? "")
    case .badStatus(let name, let status): return "\(name): the server answered \(status)"
    case .unreachable(let name, let reason): return "\(name) cannot be reached: \(reason)"
    case .proxy(let name, let variable, _, let reason):
      return "\(name) cannot be reached through the proxy of \(variable ?? "the system"): \(reason)"
    case .untrusted(let name, let host, let reason):
      return "\(name) is not fetched, since \(host) cannot be trusted: \(reason)"
    case .badAnswer(let name, let reason): return "\(name): the server's answer makes no sense: \(reason)"
    case .insecureRedirect(let name, let target): return "\(name) leads to \(target), which is not encrypted"
    case .badIndex(let file, let reason): return "\(file) is not an index of shards: \(reason)"
    case .wrongSize(let file, let expected, let found):
      return "\(file) has \(found) bytes and should have \(expected)"
    case .wrongDigest(let file, let expected, let found):
      return "\(file) is damaged: its SHA-256 is \(found) and should be \(expected)"
    case .changing(let file): return "\(file) changed on the server while it was fetched, more than once"
    case .unwritable(let path, let reason): return "\(path) cannot be written: \(reason)"
    case .noSpace(let path, let needed, let free):
      return "\(path) has \(free) bytes free, and \(needed) are needed"
    case .tooLarge(let file, let size?, let limit): return "\(file) has \(size) bytes, more than \(limit)"
    case .tooLarge(let file, nil, let limit):
      return "\(file) has more than \(limit) bytes; its server does not tell how many"
    }
  }
}
