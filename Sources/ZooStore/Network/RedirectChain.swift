import Foundation

/// An answer and the headers of the redirects that led to it.
struct RedirectChain: Sendable {
  var answer: HTTPAnswer
  /// `X-Linked-Etag`, `X-Linked-Size`, `X-Repo-Commit`: the first of each.
  var linked: [String: String]
  /// Whether the token was sent to the last server.
  var sentToken: Bool
}
