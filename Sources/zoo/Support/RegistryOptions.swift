import ArgumentParser
import Foundation
import ZooExplain
import ZooImages
import ZooManifests
import ZooModels
import ZooRuntime
import ZooStore
import ZooTensors
import ZooText

/// Which manifests are known: the built-in ones, `$ZOO_HOME/manifests`, then `--manifest`.
struct RegistryOptions: ParsableArguments {
  @Option(name: .customLong("manifest"), help: ArgumentHelp("One more manifest.", valueName: "file"))
  var manifestFiles: [String] = []

  /// Says on standard error which files of `$ZOO_HOME/manifests` are left out: they keep nothing else from working.
  func registry(store: ModelStore = ModelStore()) throws -> Registry {
    let registry = try Self.registry(store: store, and: manifestFiles)
    for problem in registry.problems { Terminal.note("\(problem): it is left out") }
    return registry
  }

  static func registry(store: ModelStore = ModelStore(), and files: [String] = []) throws -> Registry {
    let folder = store.manifests
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    let inHome = names.filter { $0.hasSuffix(".json") }.sorted().map { folder.appending(path: $0).path }
    return try Registry(layers: [Registry.builtInManifests, files.map(read)], optional: inHome)
  }

  private static func read(_ path: String) throws -> (file: String, json: Data) {
    do throws(FileError) {
      return (path, try readFile(path, limit: Limits.descriptionBytes))
    } catch {
      throw CallError.unreadable(file: path, reason: error.reason)
    }
  }
}
