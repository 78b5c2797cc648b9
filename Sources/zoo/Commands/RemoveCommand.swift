import ArgumentParser
import Foundation
import ZooStore

struct RemoveCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rm", abstract: "Removes models from the zoo.", aliases: ["remove"])

  @Argument(help: "ARCHITECTURE:TAG, or ARCHITECTURE where it has one tag only.", completion: .installedModels)
  var models: [String]

  @Flag(help: "Nothing on standard error but errors.")
  var quiet = false

  func run() throws {
    let store = Store()
    // All names are right, or nothing is removed.
    let directories = try models.map(store.directoryToRemove)
    var seen: Set<URL> = []
    for (name, directory) in zip(models, directories) where seen.insert(directory).inserted {
      let place = "\(directory.deletingLastPathComponent().lastPathComponent):\(directory.lastPathComponent)"
      let freed: Int
      do throws(StoreError) {
        freed = try store.remove(name, waiting: Conversion.waiting(quiet: quiet))
      } catch .notInstalled {
        print("\(place) was removed by another process meanwhile")
        continue
      }
      print("\(place) removed, \(byteText(freed)) freed")
    }
  }
}
