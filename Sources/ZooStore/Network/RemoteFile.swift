import Foundation
import Synchronization
import ZooModels

/// The URL of a file, and its name in messages.
struct RemoteAddress: Sendable {
  let url: URL
  /// The file, such as `hf://laion/CLIP-ViT-B-32/open_clip_model.safetensors`.
  let file: String
  /// What access is granted to: the repository, or the file.
  let place: String

  init(_ url: URL) {
    self.url = url
    file = url.shown
    place = url.shown
  }

  init(_ name: String, of repository: HubRepository, revision: String, endpoint: URL) {
    url = repository.url(of: name, revision: revision, endpoint: endpoint)
    file = "\(repository)/\(name)"
    place = repository.description
  }
}

/// What a server says about a file before it is downloaded.
struct RemoteFile: Sendable {
  let address: RemoteAddress
  /// The size in bytes; nil if the server does not tell.
  let size: Int?
  /// The strong entity tag of the location that the bytes come from.
  let etag: String?
  /// SHA-256 in lowercase hexadecimal, from the hub's `X-Linked-Etag`.
  let digest: String?
  /// The hub's `X-Repo-Commit`.
  let commit: String?
  let hasRanges: Bool
  /// The location after redirects.
  let location: Location

  /// The URL after redirects, which may be signed and then expires.
  final class Location: Sendable {
    private let url: Mutex<URL>

    init(_ url: URL) { self.url = Mutex(url) }

    var current: URL {
      get { url.withLock { $0 } }
      set { url.withLock { $0 = newValue } }
    }
  }

  /// More bytes than any file has, so that the sum of the sizes of all files in a pull does not overflow.
  private static let sizeLimit = 1 << 46

  /// Reads the answer to `Range: bytes=0-0` and the redirects before it.
  init(_ address: RemoteAddress, _ journey: RedirectChain) throws(PullError) {
    let answer = journey.answer
    self.address = address
    location = Location(answer.url)
    let tag = answer.headers["etag"]
    etag = tag.flatMap { $0.hasPrefix("W/") ? nil : $0 }
    commit = journey.linked["x-repo-commit"].flatMap { isPlainFileName($0) ? $0 : nil }
    let linkedTag = journey.linked["x-linked-etag"]?.trimming { "W/\"".contains($0) }
    digest = linkedTag.flatMap { $0.utf8.count == 64 && $0.allSatisfy(\.isHexDigit) ? $0.lowercased() : nil }
    let total: Int?
    if answer.status == 200 {
      total = answer.headers["content-length"].flatMap { Int($0) }
      hasRanges = false
    } else {
      total = ContentRange(answer)?.total
      hasRanges = answer.status == 206 && total != nil
    }
    let linkedSize = journey.linked["x-linked-size"].flatMap { Int($0) }
    if let linkedSize, let total, linkedSize != total {
      throw .wrongSize(address.file, expected: linkedSize, found: total)
    }
    size = total ?? linkedSize
    if let size, !(0...Self.sizeLimit).contains(size) {
      throw .badAnswer(address.file, reason: "a size of \(size) bytes")
    }
  }
}

/// `Content-Range: bytes 0-99/200` or `bytes */200`.
struct ContentRange {
  var first: Int?
  var total: Int?

  init?(_ answer: HTTPAnswer) {
    guard let rest = answer.headers["content-range"]?.dropping(prefix: "bytes ") else { return nil }
    let parts = rest.split(separator: "/", maxSplits: 1)
    guard parts.count == 2 else { return nil }
    first = parts[0].split(separator: "-").first.flatMap { Int($0) }
    total = Int(parts[1])
  }
}
