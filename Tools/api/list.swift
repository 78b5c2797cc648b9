// Prints the public declarations of symbol graphs, one a line, in a stable order: list FOLDER

import Foundation

struct Graph: Decodable {
  struct Symbol: Decodable {
    struct Kind: Decodable { let identifier: String }
    struct Fragment: Decodable { let spelling: String }

    let kind: Kind
    let pathComponents: [String]
    let declarationFragments: [Fragment]?
    /// Absent where the compiler made the declaration.
    let location: Location?
    struct Location: Decodable { let uri: String }
  }

  let symbols: [Symbol]
}

let folder = URL(filePath: CommandLine.arguments[1], directoryHint: .isDirectory)
let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
var lines: Set<String> = []
for file in files where file.lastPathComponent.hasSuffix(".symbols.json") {
  let graph = try JSONDecoder().decode(Graph.self, from: Data(contentsOf: file))
  for symbol in graph.symbols where symbol.location != nil {
    let words = (symbol.declarationFragments ?? []).map(\.spelling).joined().split(whereSeparator: \.isWhitespace)
    lines.insert("\(symbol.pathComponents.joined(separator: "."))\t\(words.joined(separator: " "))")
  }
}
print(lines.sorted().joined(separator: "\n"))
