import ArgumentParser
import ZooManifests
import ZooModels
import ZooStore

extension CompletionKind {
  /// Names of installed models.
  static let installedModels = CompletionKind.custom { _, _, _ in Store().installed().map { "\($0.name)" } }

  /// Names of installed models, and of all that the registry knows.
  static let knownModels = CompletionKind.custom { _, _, _ in
    Array(Set(Store().installed().map { "\($0.name)" } + registeredNames())).sorted()
  }

  /// Names with tags of all that the registry knows.
  static let registeredModels = CompletionKind.custom { _, _, _ in registeredNames() }
}

private func registeredNames() -> [String] {
  Registry.builtIn.manifests.flatMap { manifest in
    manifest.weights.map { "\(ModelName(architecture: manifest.name, tag: $0.tag))" }
  }
}
