import Foundation

/// An answer and what the redirects on the way to it said.
struct RedirectChain: Sendable {
  var answer: HTTPAnswer
  /// `X-Linked-Etag`, `X-Linked-Size`, `X-Repo-Commit`: the first of each.
  var linked: [String: String]
  /// True where the last server was sent the token.
  var sentToken: Bool
}
