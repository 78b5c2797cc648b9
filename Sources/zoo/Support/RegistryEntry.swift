import Foundation
import ZooModels
import ZooStore

/// The output of `zoo list --json` for an architecture. Fields are only ever added.
struct RegistryEntry: Encodable {
  var architecture: String
  var family: Family
  /// `whole`, `image_tower`, `text_tower` or `classifier`.
  var part: ModelPart
  /// Nil for a text tower alone, like the four below.
  var pooler: String?
  /// Height and width in pixels.
  var image: [Int]?
  var patch: Int?
  var layers: Int?
  var width: Int?
  var embedding: Int
  var parameters: Int
  var unsupported: String?
  /// Nil if the model takes no text, like the one below.
  var tokenizer: String?
  /// The number of tokens in a prompt.
  var context: Int?
  var verified: Verification?
  var tags: [Tag]

  init(_ summary: ManifestSummary, tags: [Tag]) {
    architecture = summary.name
    family = summary.family
    part = summary.part
    pooler = summary.pooler
    image = summary.image.map { [$0.height, $0.width] }
    patch = summary.patch
    layers = summary.layers
    width = summary.width
    embedding = summary.embedding
    parameters = summary.parameters
    unsupported = summary.unsupported
    tokenizer = summary.tokenizer
    context = summary.context
    verified = summary.verified
    self.tags = tags
  }

  struct Tag: Encodable {
    var tag: String
    var installed: Bool
    /// The size on disk in bytes.
    var bytes: Int?
    var directory: String?
    /// When it was converted and when it last ran, in ISO 8601.
    var added: Date?
    var used: Date?
    var repository: String?
    /// Other repositories that have the same weights.
    var mirrors: [String]
    /// The license of the weights, if known.
    var license: String?
    var languages: String?

    init(tag: String, weights: ManifestSummary.Tag? = nil, model: InstalledModel?) {
      self.tag = tag
      installed = model != nil
      bytes = model?.size
      directory = model?.directory.path(percentEncoded: false)
      (added, used) = (model?.added, model?.used)
      repository = weights?.repository
      mirrors = weights?.mirrors ?? []
      license = weights?.license
      languages = weights?.languages
    }

    /// The text that is searched.
    fileprivate var text: String {
      ([tag, repository, license, languages].compactMap(\.self) + mirrors).joined(separator: "\n").lowercased()
    }
  }
}

extension RegistryEntry {
  /// All architectures that are registered or installed, by family and name.
  static func all(_ registered: [ManifestSummary], installed: [InstalledModel]) -> [RegistryEntry] {
    var byName: [String: [InstalledModel]] = [:]
    for model in installed { byName[model.name.architecture.lowercased(), default: []].append(model) }
    var entries = registered.map { summary in
      let here = byName.removeValue(forKey: summary.name.lowercased()) ?? []
      let known = summary.tags.map { weights in
        Tag(tag: weights.tag, weights: weights, model: here.first { ModelName.sameTag($0.name.tag ?? "", weights.tag) })
      }
      let others = here.filter { model in
        !summary.tags.contains { ModelName.sameTag($0.tag, model.name.tag ?? "") }
      }
      return RegistryEntry(
        summary, tags: known + others.map { Tag(tag: $0.name.tag ?? "", model: $0) })
    }
    for models in byName.values {
      let tags = models.map { Tag(tag: $0.name.tag ?? "", model: $0) }
      entries.append(RegistryEntry(ManifestSummary(models[0].description.architecture), tags: tags))
    }
    return entries.sorted { $0.architecture.standsBefore($1.architecture) }
  }

  /// The entry with the tags for which all words are found in its own facts or in theirs; nil if there are none.
  func found(by words: [String]) -> RegistryEntry? {
    let own = [architecture, family.rawValue, family.title, pooler, tokenizer].compactMap(\.self).joined(
      separator: "\n"
    )
    .lowercased()
    if words.allSatisfy(own.contains) { return self }
    var copy = self
    copy.tags = tags.filter { tag in words.allSatisfy { own.contains($0) || tag.text.contains($0) } }
    return copy.tags.isEmpty ? nil : copy
  }
}
