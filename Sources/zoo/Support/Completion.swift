import ArgumentParser
import ZooManifests
import ZooModels
import ZooStore

extension CompletionKind {
  /// Names of installed models.
  static let installedModels = CompletionKind.custom { _, _, prefix in names(Store().installed().map(\.name), prefix) }

  /// Names of installed models, and of all that the registry knows.
  static let knownModels = CompletionKind.custom { _, _, prefix in
    names(Store().installed().map(\.name) + registered, prefix)
  }

  /// Names with tags of all that the registry knows.
  static let registeredModels = CompletionKind.custom { _, _, prefix in names(registered, prefix) }
}

private var registered: [ModelName] {
  Registry.builtIn.manifests.flatMap { manifest in
    manifest.weights.map { ModelName(architecture: manifest.name, tag: $0.tag) }
  }
}

/// Not all shells filter by what is typed already.
private func names(_ all: [ModelName], _ prefix: String) -> [String] {
  Set(all.map(\.description)).filter { $0.hasPrefix(prefix) }.sorted()
}
