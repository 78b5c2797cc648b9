import ArgumentParser
import Foundation
import ZooConvert
import ZooStore

struct RemoveCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rm", abstract: "Removes models from the zoo.", aliases: ["remove"])

  @Argument(help: "ARCHITECTURE:TAG, or ARCHITECTURE if it has only one tag.", completion: .installedModels)
  var models: [String] = []

  @Flag(help: "Remove all models.")
  var all = false

  @Option(
    help: ArgumentHelp(
      "Remove models that have been neither converted nor used for this long, such as 12h, 30d or 8w.",
      valueName: "span"))
  var olderThan: Span?

  @Flag(help: "Show what would be removed without removing it.")
  var dryRun = false

  @Flag(help: "Print only errors to standard error.")
  var quiet = false

  func validate() throws {
    switch (models.isEmpty, all || olderThan != nil) {
    case (true, false): throw ValidationError("Name the models to remove, or give --older-than SPAN or --all.")
    case (false, true): throw ValidationError("Give either names or one of --older-than and --all.")
    case (true, true) where all && olderThan != nil:
      throw ValidationError("Give one of --older-than and --all.")
    default: break
    }
  }

  func run() throws {
    let store = ModelStore()
    // All names are checked before anything is removed.
    let targets =
      models.isEmpty ? chosen(store) : try models.map { (reference: $0, directory: try store.directoryToRemove($0)) }
    guard !targets.isEmpty else {
      let condition = olderThan.map { " that was not used for \($0.text)" } ?? ""
      return Terminal.note("There is no model\(condition).")
    }
    var seen: Set<URL> = []
    for target in targets where seen.insert(target.directory).inserted {
      let folder = target.directory
      let place = "\(folder.deletingLastPathComponent().lastPathComponent):\(folder.lastPathComponent)"
      if dryRun {
        print("\(place) would be removed, \(byteText(store.size(of: folder))) freed")
      } else if let freed = try remove(target.reference, from: store) {
        print("\(place) removed, \(byteText(freed)) freed")
      } else {
        print("\(place) was removed by another process meanwhile")
      }
    }
  }

  /// The number of bytes freed; nil if the model is already gone.
  private func remove(_ reference: String, from store: ModelStore) throws(StoreError) -> Int? {
    do throws(StoreError) {
      return try store.remove(reference, waiting: Conversion.waiting(quiet: quiet))
    } catch {
      if case .notInstalled = error { return nil }
      throw error
    }
  }

  /// By folder, as several models may have the same name.
  private func chosen(_ store: ModelStore) -> [(reference: String, directory: URL)] {
    let old = store.installed().filter { model in
      guard let olderThan else { return true }
      return model.lastWanted.map { -$0.timeIntervalSinceNow > olderThan.seconds } ?? false
    }
    // Models that can no longer be read are found by their name alone.
    return old.map { ($0.directory.path(percentEncoded: false), $0.directory) }
      + (all ? store.broken().map { ($0.name.description, $0.directory) } : [])
  }
}

/// A time span as people write it: a number with `h`, `d` or `w`.
struct Span: ExpressibleByArgument {
  let text: String
  let seconds: Double

  init?(argument: String) {
    let units: [Character: Double] = ["h": 3600, "d": 86_400, "w": 604_800]
    guard let unit = argument.last.flatMap({ units[$0] }), let count = Int(argument.dropLast()),
      (0...100_000).contains(count)
    else { return nil }
    text = argument
    seconds = Double(count) * unit
  }
}
