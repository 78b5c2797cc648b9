import Foundation
import ZooCheckpoints
import ZooModels

/// Where a model's files are, and which of them are wanted.
package struct PullSource: Sendable, Hashable {
  package enum Place: Sendable, Hashable {
    case hub(HubRepository)
    case web(URL)
  }

  package var place: Place
  /// Names of checkpoints, best first; the first one that exists is used. Empty for a file on the web.
  package var checkpoints: [String]
  /// Files beside the checkpoint that are wanted if they exist.
  package var companions: [String]
  /// The registered name: the conversion's `--as`.
  package var model: ModelName?
  /// The first digits of the checkpoint's SHA-256, if known beforehand.
  package var digestPrefix: String?
  /// Another location of the checkpoint, if the hub has none of `checkpoints`.
  package var fallback: URL?
  /// Maximum size in bytes of a weights file if the server does not tell the size.
  package var untoldLimit = unregisteredLimit

  /// The limit for unregistered models: more than the largest registered one has in f32.
  static let unregisteredLimit = 24 << 30
  /// Names of checkpoints in a repository, best first.
  package static let knownCheckpoints = Checkpoint.preferredNames
  static let configurations = [
    "open_clip_config.json", "config.json", "preprocessor_config.json", "processor_config.json",
  ]
  static let tokenizerFiles = TokenizerFileNames.all

  /// Whether a file belongs beside weights.
  static func isCompanion(_ path: String) -> Bool {
    let name = URL(filePath: path).lastPathComponent
    return configurations.contains(name) || tokenizerFiles.contains(name)
  }

  init(place: Place, checkpoints: [String], companions: [String] = []) {
    self.place = place
    self.checkpoints = checkpoints
    self.companions = companions
  }

  /// Determines the source of a reference, without asking a server.
  ///
  /// Throws a `RegistryError` for unknown names, and a `PullError` if a tag is required or the model is unsupported.
  package init(_ reference: PullReference, registry: Registry) throws {
    switch reference {
    case .web(let url):
      place = .web(url)
      (checkpoints, companions) = ([], [])
      digestPrefix = registry.digestPrefix(ofFile: url.lastPathComponent) ?? url.digestInPath
    case .hub(let repository, let file):
      place = .hub(repository)
      checkpoints = file.map { [$0] } ?? Self.knownCheckpoints
      companions = Self.configurations + Self.tokenizerFiles
      digestPrefix = file.flatMap { registry.digestPrefix(ofFile: URL(filePath: $0).lastPathComponent) }
      if let folder = file?.split(separator: "/").dropLast(), !folder.isEmpty {
        companions = companions.map { "\(folder.joined(separator: "/"))/\($0)" }
      }
    case .model(let name):
      let (manifest, named) = try registry.resolve(name)
      if let reason = manifest.architecture.unsupported {
        throw PullError.unsupported(manifest.name, reason: reason)
      }
      guard let weights = named ?? (manifest.weights.count == 1 ? manifest.weights[0] : nil) else {
        throw PullError.tagNeeded(manifest.name, tags: manifest.weights.map(\.tag))
      }
      let model = ModelName(architecture: manifest.name, tag: weights.tag)
      fallback = weights.url.flatMap { URL(string: $0) }
      if let repository = weights.repository.flatMap(HubRepository.init) {
        place = .hub(repository)
        checkpoints = weights.files.isEmpty ? Self.knownCheckpoints : weights.files
        // CLIP's vocabulary is built in.
        let needsTokenizer = manifest.architecture.text.map { !$0.tokenizer.kind.isCLIP } ?? false
        companions = Self.configurations + (needsTokenizer ? Self.tokenizerFiles : [])
      } else if let url = fallback {
        place = .web(url)
        (checkpoints, companions) = ([], [])
      } else {
        throw PullError.noSource("\(model)")
      }
      self.model = model
      // Twice its values in f32: training code adds averages of them.
      untoldLimit = manifest.architecture.parameterCount * 8 + 64 << 20
      digestPrefix = weights.sha256Prefix?.lowercased()
    }
  }
}

extension PullSource: CustomStringConvertible {
  package var description: String {
    switch place {
    case .hub(let repository): repository.description
    case .web(let url): url.shown
    }
  }

  /// The name of the lock to hold while the files are downloaded and used.
  package var lockName: String {
    switch place {
    case .hub(let repository): ModelStore.downloadLock("\(repository.owner)--\(repository.name)")
    case .web(let url): ModelStore.downloadLock(url.folderName)
    }
  }

  /// The digest published for a file on the hub, which the registry also knows from elsewhere.
  func digestPrefix(ofHubFile name: String) -> String? {
    guard let fallback else { return digestPrefix }
    return URL(filePath: name).lastPathComponent == fallback.lastPathComponent ? digestPrefix : nil
  }

  /// The fallback as a source of its own; the digest in manifests belongs to this file.
  var onTheWeb: PullSource? {
    guard case .hub = place, let fallback else { return nil }
    var copy = self
    copy.place = .web(fallback)
    (copy.checkpoints, copy.companions, copy.fallback) = ([], [], nil)
    return copy
  }
}

extension Registry {
  /// The first digits of the published SHA-256 of a released file, by its name; nil for names that others may use, such as the architecture's own
  /// (`ViT-B-32.pt`).
  fileprivate func digestPrefix(ofFile name: String) -> String? {
    guard manifest(URL(filePath: name).deletingPathExtension().lastPathComponent) == nil else { return nil }
    for weights in manifests.flatMap(\.weights) {
      guard let prefix = weights.sha256Prefix, let url = weights.url.flatMap({ URL(string: $0) }),
        url.lastPathComponent == name
      else { continue }
      return prefix.lowercased()
    }
    return nil
  }
}

extension URL {
  /// The SHA-256 that is a component of the path, as in OpenAI's URLs.
  fileprivate var digestInPath: String? {
    pathComponents.first { $0.utf8.count == 64 && $0.utf8.allSatisfy { Character(UnicodeScalar($0)).isHexDigit } }?
      .lowercased()
  }
}
