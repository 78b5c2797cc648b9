import Foundation
import ZooModels
import ZooTensors

// embed-manifests OUTPUT FOLDER FILE...: writes the files as string literals, by their path inside FOLDER, and for each a line with what a listing
// shows about it.
let arguments = CommandLine.arguments.dropFirst()
guard arguments.count >= 2, let output = arguments.first, let folder = arguments.dropFirst().first else {
  try? OpenFile.standardError.write(Data("usage: embed-manifests OUTPUT FOLDER FILE...\n".utf8))
  exit(2)
}
var source = "enum EmbeddedManifests {\n  static let all: [(file: String, json: String)] = [\n", lines: [String] = []
for path in arguments.dropFirst(2) {
  let name = String(path.dropFirst(folder.count).drop { $0 == "/" })
  let json = try String(contentsOfFile: path, encoding: .utf8)
  source += "    (\n      \"\(name)\",\n      ####\"\"\"\n\(json)\n\"\"\"####\n    ),\n"
  do {
    let summary = ManifestSummary(try Manifest(json: Data(json.utf8), file: name))
    guard ManifestSummary(line: summary.line[...]) == summary else {
      throw ManifestError.unreadable(file: name, reason: "a text has a tab, or weights have one of ; and |")
    }
    lines.append(summary.line)
  } catch {
    try? OpenFile.standardError.write(Data("error: \(error)\n".utf8))
    exit(1)
  }
}
source += "  ]\n  static let lines = ####\"\"\"\n\(lines.joined(separator: "\n"))\n\"\"\"####\n}\n"
try source.write(toFile: output, atomically: true, encoding: .utf8)
