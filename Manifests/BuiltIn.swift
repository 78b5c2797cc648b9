import Foundation
import ZooModels

extension Registry {
  /// The manifests that this build carries, as (file, text).
  package static var builtInManifests: [(file: String, json: Data)] {
    EmbeddedManifests.all.map { ($0.file, Data($0.json.utf8)) }
  }

  /// What a list says of the manifests that this build carries.
  package static var builtInSummaries: [ManifestSummary] {
    EmbeddedManifests.lines.split(separator: "\n").map { line in
      guard let summary = ManifestSummary(line: line) else { fatalError("the build wrote '\(line)'") }
      return summary
    }
  }

  /// The registry of this build alone.
  public static let builtIn: Registry = {
    do {
      return try Registry(layers: [builtInManifests])
    } catch {
      fatalError("a built-in manifest is broken: \(error)")  // a test reads them all
    }
  }()
}
