import ArgumentParser
import Foundation
import ZooModels
import ZooStore

struct ListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Lists the registered architectures and tags, and what is installed.")

  @Argument(help: "Only names that contain this text.")
  var filter: String?

  @Option(help: "Only architectures of a family, such as siglip.")
  var family: String?

  @Option(help: "Only architectures with a pooler: class_token, token_mean, patch_mean, attention or coca.")
  var pooler: String?

  @Flag(help: "Only what is installed.")
  var installed = false

  @Flag(help: "One line for each tag.")
  var tags = false

  @Flag(help: "As JSON.")
  var json = false

  @OptionGroup var registryOptions: RegistryOptions

  func run() throws {
    let store = Store(), here = store.installed()
    let rows = try entries(registryOptions.registry(store: store), installed: here).filter(matches)
    if json { return try printJSON(rows) }
    var table = Table(
      tags || installed
        ? ["MODEL", "POOLER", "SIZE", "PARAMETERS", "ON DISK", "RUNS"] + (installed ? ["ADDED", "USED"] : [])
        : ["ARCHITECTURE", "POOLER", "SIZE", "PARAMETERS", "RUNS", "TAGS"],
      right: tags || installed ? [2, 3, 4] : [2, 3])
    for row in rows {
      let size = row.image.map { $0[0] == $0[1] ? "\($0[0])" : "\($0[0])x\($0[1])" } ?? "-"
      let parameters = countText(row.parameters), pooler = row.pooler ?? "-"
      let runs = row.unsupported != nil ? "no" : row.part.half.map { "\($0) only" } ?? "yes"
      if tags || installed {
        for tag in row.tags where !installed || tag.installed {
          let times = installed ? [dayText(tag.added), dayText(tag.used)] : []
          table.add(
            ["\(row.architecture):\(tag.tag)", pooler, size, parameters, tag.bytes.map(byteText) ?? "-", runs] + times)
        }
      } else {
        let names = row.tags.map { $0.installed ? "*\($0.tag)" : $0.tag }
        table.add([
          row.architecture, pooler, size, parameters, runs,
          names.isEmpty ? "-" : names.joined(separator: " "),
        ])
      }
    }
    if table.isEmpty {
      let what =
        installed && filter == nil ? "Nothing is installed; 'zoo convert FILE' brings a model in." : "Nothing matches."
      Terminal.note(what)
      return
    }
    print(table.text(within: Terminal.resultWidth))
    if !tags, !installed {
      let count = rows.reduce(0) { $0 + $1.tags.count }
      let reasons = rows.contains { $0.unsupported != nil } ? "; 'zoo show NAME' says why one does not run" : ""
      print("\n\(rows.count) architectures, \(count) tags; * is installed\(reasons)")
    }
  }

  private func matches(_ entry: Entry) -> Bool {
    if let family, entry.family != family { return false }
    if let pooler, entry.pooler != pooler { return false }
    if installed, !entry.tags.contains(where: \.installed) { return false }
    guard let filter = filter?.lowercased() else { return true }
    return entry.architecture.lowercased().contains(filter)
      || entry.tags.contains { "\(entry.architecture):\($0.tag)".lowercased().contains(filter) }
  }

  private func entries(_ registry: Registry, installed: [InstalledModel]) -> [Entry] {
    var byName: [String: [InstalledModel]] = [:]
    for model in installed { byName[model.name.architecture.lowercased(), default: []].append(model) }
    var entries = registry.manifests.map { manifest in
      let here = byName.removeValue(forKey: manifest.name.lowercased()) ?? []
      let known = manifest.weights.map { weights in
        Entry.Tag(
          tag: weights.tag, weights: weights, model: here.first { ModelName.sameTag($0.name.tag ?? "", weights.tag) })
      }
      let others = here.filter { model in
        !manifest.weights.contains { ModelName.sameTag($0.tag, model.name.tag ?? "") }
      }
      return Entry(manifest.architecture, tags: known + others.map { Entry.Tag(tag: $0.name.tag ?? "", model: $0) })
    }
    for models in byName.values {
      entries.append(
        Entry(models[0].description.architecture, tags: models.map { Entry.Tag(tag: $0.name.tag ?? "", model: $0) }))
    }
    return entries.sorted { $0.architecture.standsBefore($1.architecture) }
  }

  /// What `--json` gives for an architecture. Fields are only ever added.
  struct Entry: Encodable {
    var architecture: String
    var family: String
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
    var tags: [Tag]

    init(_ architecture: Architecture, tags: [Tag]) {
      self.architecture = architecture.name
      family = architecture.family
      part = architecture.part
      pooler = architecture.vision?.pooler.name
      image = architecture.vision.map { [$0.image.height, $0.image.width] }
      patch = architecture.vision?.patch
      layers = architecture.vision?.blocks.layers
      width = architecture.vision?.blocks.width
      embedding = architecture.embedding
      parameters = architecture.parameterCount
      unsupported = architecture.unsupported
      self.tags = tags
    }

    struct Tag: Encodable {
      var tag: String
      var installed: Bool
      /// Bytes on disk.
      var bytes: Int?
      var directory: String?
      /// When it was converted and when it ran last, as ISO 8601.
      var added: Date?
      var used: Date?
      var repository: String?
      /// Of the weights, where it is known.
      var license: String?

      init(tag: String, weights: PretrainedWeights? = nil, model: InstalledModel?) {
        self.tag = tag
        installed = model != nil
        bytes = model?.size
        directory = model?.directory.path(percentEncoded: false)
        (added, used) = (model?.added, model?.used)
        repository = weights?.repository
        license = weights?.license
      }
    }
  }
}
