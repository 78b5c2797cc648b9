import ArgumentParser
import Foundation
import ZooModels
import ZooStore

struct ListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Lists the registered architectures and tags, and what is installed.",
    discussion: "One line for each architecture, by family; 'zoo show NAME' says all of one.")

  @Argument(help: "Show only names that contain this text.")
  var filter: String?

  @Option(help: "Show only architectures of this family, such as siglip or 'SigLIP 2'.")
  var family: String?

  @Option(
    help: ArgumentHelp(
      "Show only entries with all these words in their name, family, tag, repository, licence or languages.",
      valueName: "words"))
  var search: String?

  @Option(
    help:
      "Show only architectures with this pooler: class_token, token_mean, patch_mean, class_and_patch_mean, attention or coca."
  )
  var pooler: String?

  @Flag(help: "Show only what is installed.")
  var installed = false

  @Flag(help: "Print one line for each tag.")
  var tags = false

  @Flag(help: "Print the result as JSON.")
  var json = false

  @OptionGroup var registryOptions: RegistryOptions

  func run() throws {
    let store = ModelStore()
    let all = RegistryEntry.all(try registryOptions.summaries(store: store), installed: store.installed())
    if let family, !all.contains(where: { $0.family.isCalled(family) }) {
      throw CallError.unknownFamily(family, known: Set(all.map(\.family.rawValue)).sorted())
    }
    let words = search?.lowercased().split(whereSeparator: \.isWhitespace).map(String.init) ?? []
    let rows = all.filter(matches).compactMap { $0.found(by: words) }
    if json { return try printJSON(rows) }
    if rows.isEmpty {
      let isBare = installed && filter == nil && words.isEmpty && family == nil && pooler == nil
      Terminal.note(isBare ? "Nothing is installed; 'zoo convert FILE' brings a model in." : "Nothing matches.")
      return
    }
    print(tags || installed ? byTag(rows) : byFamily(rows))
  }

  private func matches(_ entry: RegistryEntry) -> Bool {
    if let family, !entry.family.isCalled(family) { return false }
    if let pooler, entry.pooler != pooler { return false }
    if installed, !entry.tags.contains(where: \.installed) { return false }
    guard let filter = filter?.lowercased() else { return true }
    return entry.architecture.lowercased().contains(filter)
      || entry.tags.contains { "\(entry.architecture):\($0.tag)".lowercased().contains(filter) }
  }

  private func byTag(_ rows: [RegistryEntry]) -> String {
    var table = Table(
      ["MODEL", "SIZE", "PARAMS", "ON DISK"] + (installed ? ["ADDED", "USED"] : []) + ["RUNS"], right: [1, 2, 3])
    for row in rows {
      for tag in row.tags where !installed || tag.installed {
        let times = installed ? [dayText(tag.added), dayText(tag.used)] : []
        table.add(
          ["\(row.architecture):\(tag.tag)", row.size, countText(row.parameters), tag.bytes.map(byteText) ?? "-"]
            + times + [row.runs ?? "yes"])
      }
    }
    return table.text(within: Terminal.resultWidth)
  }

  private func byFamily(_ rows: [RegistryEntry]) -> String {
    var table = Table(["ARCHITECTURE", "SIZE", "PARAMS", "TAGS"], right: [1, 2])
    let families = Dictionary(grouping: rows, by: \.family)
    let order = families.keys.sorted { $0.title.standsBefore($1.title) }
    for family in order {
      table.add(
        heading: family.rawValue == family.title ? family.title : "\(family.title) (--family \(family.rawValue))")
      for row in families[family] ?? [] {
        let names = row.tags.filter(\.installed).map { "*\($0.tag)" } + row.tags.filter { !$0.installed }.map(\.tag)
        let shown = names.isEmpty ? ["-"] : names
        table.add(
          [row.architecture, row.size, countText(row.parameters)], list: (row.runs.map { ["(\($0))"] } ?? []) + shown)
      }
    }
    let count = rows.reduce(0) { $0 + $1.tags.count }
    let reasons = rows.contains { $0.unsupported != nil } ? "; 'zoo show NAME' says why not" : ""
    return table.text(within: Terminal.resultWidth)
      + "\n\n\(rows.count) architectures, \(count) tags; * is installed\(reasons)"
  }
}

extension RegistryEntry {
  fileprivate var size: String {
    image.map { $0[0] == $0[1] ? "\($0[0])" : "\($0[0])x\($0[1])" } ?? "-"
  }

  /// Nil if there is nothing to say.
  fileprivate var runs: String? { unsupported != nil ? "does not run" : part.half.map { "\($0) only" } }
}
