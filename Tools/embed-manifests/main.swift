import Foundation

// embed-manifests OUTPUT FOLDER FILE...: writes the files as string literals, by their path inside FOLDER.
let arguments = CommandLine.arguments.dropFirst()
guard arguments.count >= 2, let output = arguments.first, let folder = arguments.dropFirst().first else {
  FileHandle.standardError.write(Data("usage: embed-manifests OUTPUT FOLDER FILE...\n".utf8))
  exit(2)
}
var source = "enum EmbeddedManifests {\n  static let all: [(file: String, json: String)] = [\n"
for path in arguments.dropFirst(2) {
  let name = path.dropFirst(folder.count).drop { $0 == "/" }
  let json = try String(contentsOfFile: path, encoding: .utf8)
  source += "    (\n      \"\(name)\",\n      ####\"\"\"\n\(json)\n\"\"\"####\n    ),\n"
}
source += "  ]\n}\n"
try source.write(toFile: output, atomically: true, encoding: .utf8)
