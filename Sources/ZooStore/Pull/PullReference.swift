import Foundation
import ZooModels

/// The model that `zoo pull` is asked for.
package enum PullReference: Sendable, Hashable {
  /// A registered `ARCHITECTURE:TAG`.
  case model(ModelName)
  /// `OWNER/REPOSITORY[@REVISION][/FILE]`, with or without `hf://`, or the URL of a page or file on the hub.
  case hub(HubRepository, file: String?)
  /// Any other file on the web.
  case web(URL)

  /// Parses a reference; throws a `PullError` that shows the expected form.
  package init(_ text: String, endpoint: URL) throws(PullError) {
    if let rest = text.dropping(prefix: "hf://") {
      self = try Self.hub(rest, text)
    } else if text.contains("://") {
      guard let url = URL(string: text), ["http", "https"].contains(url.scheme?.lowercased() ?? ""),
        let host = url.host(), !host.isEmpty
      else { throw .badReference(text, form: "https://HOST/PATH/FILE") }
      let hosts = ["huggingface.co", "hf.co"]
      let isHub = url.origin == endpoint.origin || (hosts.contains(host) && hosts.contains(endpoint.host() ?? ""))
      if isHub, let page = try Self.page(url, text) {
        self = page
      } else {
        guard isPlainFileName(url.lastPathComponent) else { throw .badReference(text, form: "https://HOST/PATH/FILE") }
        self = .web(url)
      }
    } else if ModelName.isSpelledAsOpenAIDoes(text) {
      // OpenAI's spelling means OpenAI's weights.
      let name = ModelName(text)
      self = .model(ModelName(architecture: name.architecture, tag: name.tag ?? "openai"))
    } else if text.contains("/") {
      self = try Self.hub(Substring(text), text)
    } else {
      self = .model(ModelName(text))
    }
  }

  /// `OWNER/REPOSITORY[@REVISION][/FILE]`; a slash in a revision is written `%2F`.
  private static func hub(_ rest: Substring, _ text: String) throws(PullError) -> PullReference {
    let parts = rest.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    let form = "hf://OWNER/REPOSITORY[@REVISION][/FILE]"
    guard parts.count >= 2 else { throw .badReference(text, form: form) }
    let name = parts[1].split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    let revision = name.count > 1 ? percentDecoded(name[1]) ?? "" : "main"
    var files = Array(parts.dropFirst(2))
    if files == [""] { files = [] }
    guard let repository = HubRepository(owner: parts[0], name: name[0], revision: revision),
      files.allSatisfy(isPlainFileName)
    else { throw .badReference(text, form: form) }
    return .hub(repository, file: files.isEmpty ? nil : files.joined(separator: "/"))
  }

  /// Pages of the hub: `/OWNER/REPOSITORY`, with `/tree/REVISION`, `/blob/REVISION/FILE` or `/resolve/REVISION/FILE`.
  private static func page(_ url: URL, _ text: String) throws(PullError) -> PullReference? {
    let parts = url.path(percentEncoded: false).split(separator: "/").map(String.init)
    guard parts.count >= 2 else { throw .badReference(text, form: "hf://OWNER/REPOSITORY[@REVISION][/FILE]") }
    guard parts.count != 3 else { return nil }
    let revision = parts.count > 3 ? parts[3] : "main"
    guard let repository = HubRepository(owner: parts[0], name: parts[1], revision: revision) else { return nil }
    if parts.count == 2 { return .hub(repository, file: nil) }
    let file = parts.dropFirst(4)
    switch parts[2] {
    case "tree" where file.isEmpty: return .hub(repository, file: nil)
    case "blob", "resolve":
      return !file.isEmpty && file.allSatisfy(isPlainFileName)
        ? .hub(repository, file: file.joined(separator: "/")) : nil
    default: return nil
    }
  }
}

/// A model repository on the hub at a revision.
package struct HubRepository: Sendable, Hashable, CustomStringConvertible {
  package let owner: String
  package let name: String
  /// A branch, a tag or a commit.
  package var revision: String

  /// Nil if a part is not a valid name on the hub, or would lead elsewhere as a path.
  package init?(owner: String, name: String, revision: String = "main") {
    func isName(_ text: String) -> Bool {
      !text.isEmpty && text.count <= 96 && !text.hasPrefix(".") && !text.contains("--")
        && text.utf8.allSatisfy { byte in
          byte < 0x80
            && (Character(UnicodeScalar(byte)).isLetter || Character(UnicodeScalar(byte)).isNumber
              || [0x2D, 0x2E, 0x5F].contains(byte))
        }
    }
    let parts = revision.split(separator: "/", omittingEmptySubsequences: false)
    guard isName(owner), isName(name), parts.allSatisfy({ isPlainFileName(String($0)) }) else { return nil }
    self.owner = owner
    self.name = name
    self.revision = revision
  }

  /// Parses `OWNER/REPOSITORY`, as used in manifests.
  package init?(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2 else { return nil }
    self.init(owner: parts[0], name: parts[1])
  }

  /// `OWNER/REPOSITORY`.
  package var id: String { "\(owner)/\(name)" }
  package var description: String { revision == "main" ? "hf://\(id)" : "hf://\(id)@\(revision)" }

  /// The URL for listing its files.
  func listing(endpoint: URL) -> URL {
    endpoint.appending(path: "api/models/\(id)/revision").appending(component: revision)
  }

  /// The URL of a file.
  func url(of file: String, revision: String? = nil, endpoint: URL) -> URL {
    endpoint.appending(path: id).appending(path: "resolve")
      .appending(component: revision ?? self.revision).appending(path: file)
  }
}

extension URL {
  /// Scheme, host and port: a token is never sent to another origin.
  var origin: String {
    let scheme = scheme?.lowercased() ?? ""
    return "\(scheme)://\(host()?.lowercased() ?? ""):\(port ?? (scheme == "https" ? 443 : 80))"
  }

  /// The download folder for its host.
  var folderName: String { PlainName(nearest: host() ?? "")?.description ?? "web" }

  /// Without query and fragment (which may contain a signature) and without a password.
  var shown: String {
    let port = port.map { ":\($0)" } ?? ""
    return "\(scheme?.lowercased() ?? "")://\(host() ?? "")\(port)\(path(percentEncoded: false))"
  }
}

/// Decodes percent escapes such as `%2F`; nil if the result is not text.
private func percentDecoded(_ text: String) -> String? {
  var bytes: [UInt8] = [], rest = Array(text.utf8)[...]
  while let byte = rest.popFirst() {
    guard byte == UInt8(ascii: "%") else {
      bytes.append(byte)
      continue
    }
    let digits = rest.prefix(2)
    guard digits.count == 2, digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
      let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
    else { return nil }
    bytes.append(value)
    rest = rest.dropFirst(2)
  }
  return String(validating: bytes, as: UTF8.self)
}

extension String {
  func dropping(prefix: String) -> Substring? { hasPrefix(prefix) ? dropFirst(prefix.count) : nil }
}
