import ArgumentParser
import Foundation
import ZooStore

struct DiskUsageCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "du", abstract: "Shows the disk usage of the zoo, largest models first.")

  @Flag(help: "Print the result as JSON, sizes in bytes.")
  var json = false

  func run() throws {
    let store = ModelStore()
    let report = Report(store.usage(), home: store.home.path(percentEncoded: false))
    if json { return try printJSON(report) }
    print(report.text)
  }

  /// Fields are only ever added.
  struct Report: Encodable {
    struct Model: Encodable {
      let model: String
      let bytes: Int
      let directory: String
      /// When it was converted and when it last ran, in ISO 8601.
      let added: Date?
      let used: Date?
    }

    let home: String
    let models: [Model]
    let downloads: Int
    let leftovers: Int
    let total: Int

    init(_ usage: StoreUsage, home: String) {
      self.home = home
      models = usage.models.map {
        Model(
          model: "\($0.name)", bytes: $0.size, directory: $0.directory.path(percentEncoded: false), added: $0.added,
          used: $0.used)
      }
      (downloads, leftovers, total) = (usage.downloads, usage.leftovers, usage.total)
    }

    var text: String {
      var table = Table(["MODEL", "SIZE", "ADDED", "USED"], right: [1])
      for model in models {
        table.add([model.model, byteText(model.bytes), dayText(model.added), dayText(model.used)])
      }
      if downloads > 0 { table.add(["(downloads)", byteText(downloads), "", ""]) }
      if leftovers > 0 { table.add(["(leftovers: zoo doctor --fix)", byteText(leftovers), "", ""]) }
      table.add(["total", byteText(total), "", ""])
      return "\(table.text)\n\n\(home)"
    }
  }
}
