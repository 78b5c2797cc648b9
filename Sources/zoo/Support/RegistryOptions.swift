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
  @Option(name: .customLong("manifest"), help: ArgumentHelp("Path of an additional manifest.", valueName: "file"))
  var manifestFiles: [String] = []

  /// Reports on standard error which files of `$ZOO_HOME/manifests` are skipped: they do not keep anything else from working.
  func registry(store: ModelStore = ModelStore()) throws -> Registry {
    let registry = try Self.registry(store: store, and: manifestFiles)
    for problem in registry.problems { Terminal.note("\(problem): it is left out") }
    return registry
  }

  static func registry(store: ModelStore = ModelStore(), and files: [String] = []) throws -> Registry {
    try Registry(layers: [Registry.builtInManifests, files.map(read)], optional: inHome(store))
  }

  /// What a listing shows about the same manifests; only files that are not built in are read.
  func summaries(store: ModelStore) throws -> [ManifestSummary] {
    let own = try Registry(layers: [[], manifestFiles.map(Self.read)], optional: Self.inHome(store))
    for problem in own.problems { Terminal.note("\(problem): it is left out") }
    let names = Set(own.manifests.map { $0.name.lowercased() })
    return Registry.builtInSummaries.filter { !names.contains($0.name.lowercased()) }
      + own.manifests.map(ManifestSummary.init)
  }

  private static func inHome(_ store: ModelStore) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: store.manifests.path)) ?? []
    return names.filter { $0.hasSuffix(".json") }.sorted().map { store.manifests.appending(path: $0).path }
  }

  private static func read(_ path: String) throws -> (file: String, json: Data) {
    do throws(FileError) {
      return (path, try readFile(path, limit: Limits.descriptionBytes))
    } catch {
      throw CallError.unreadable(file: path, reason: error.reason)
    }
  }
}
