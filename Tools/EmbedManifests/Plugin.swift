import Foundation
import PackagePlugin

/// Turns every `Manifests/models/**.json` into one Swift file, so that adding a model is adding one JSON file.
@main
struct EmbedManifests: BuildToolPlugin {
  func createBuildCommands(context: PluginContext, target: Target) throws -> [Command] {
    let folder = context.package.directoryURL.appending(path: "Manifests/models")
    let names = try FileManager.default.subpathsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".json") }
    let inputs = names.sorted().map { folder.appending(path: $0) }
    let output = context.pluginWorkDirectoryURL.appending(path: "EmbeddedManifests.swift")
    return [
      .buildCommand(
        displayName: "Embedding \(inputs.count) manifests",
        executable: try context.tool(named: "embed-manifests").url,
        arguments: [output.path, folder.path] + inputs.map(\.path),
        inputFiles: inputs, outputFiles: [output])
    ]
  }
}
