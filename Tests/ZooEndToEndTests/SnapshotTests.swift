import Foundation
import Testing
import ZooTestSupport

/// What scripts and readers rely on does not change unnoticed: every `--help`, and the keys of every `--json`. `make snapshots` rewrites the files;
/// the diff then shows the effect of a change.
@Suite struct SnapshotTests {
  private static let folder = Golden.repository.appending(path: "Tests/ZooEndToEndTests/Snapshots")
  private static let writes = ProcessInfo.processInfo.environment["ZOO_SNAPSHOTS"] == "write"

  private func check(_ text: String, against name: String) throws {
    let file = Self.folder.appending(path: name)
    if Self.writes { try Data(text.utf8).write(to: file) }
    let kept = String(decoding: try Data(contentsOf: file), as: UTF8.self)
    let changes = text.split(separator: "\n").difference(from: kept.split(separator: "\n"))
    let words = changes.map { change in
      switch change {
      case .insert(_, let line, _): "+ \(line)"
      case .remove(_, let line, _): "- \(line)"
      }
    }
    #expect(words.isEmpty, "\(name) differs ('make snapshots' writes it anew):\n\(words.joined(separator: "\n"))")
    #expect(text == kept || !words.isEmpty, "\(name) differs in empty lines")
  }

  private struct Node: Decodable {
    var commandName: String
    var subcommands: [Node]?

    /// The names of a command and its subcommands, as they are typed.
    func calls(after words: [String] = []) -> [[String]] {
      let subcommands = (subcommands ?? []).filter { $0.commandName != "help" }
      return [words] + subcommands.flatMap { $0.calls(after: words + [$0.commandName]) }
    }
  }

  @Test func theHelpOfEveryCommand() throws {
    struct Tool: Decodable { var command: Node }
    let zoo = try Command()
    let tool = try JSONDecoder().decode(
      Tool.self, from: Data(try zoo.run("--experimental-dump-help").output.utf8))
    let calls = tool.command.calls()
    #expect(calls.count >= 25)
    let pages = try calls.map { words in
      let page = try zoo.run(words + ["--help"], environment: ["COLUMNS": "80"])
      #expect(page.code == 0)
      return "$ \((["zoo"] + words + ["--help"]).joined(separator: " "))\n\(page.output)"
    }
    try check(pages.joined(separator: "\n"), against: "help.txt")
  }

  /// Calls whose results are JSON, ordered so that each finds what it needs. MODEL is the demo model, OUT a folder of the test.
  private static let calls = [
    "convert Examples/ViT-Ti-8-emoji/open_clip_model.safetensors --dry-run",
    "convert Examples/ViT-Ti-8-emoji/open_clip_model.safetensors",
    "convert Tests/Golden/models/clip_gelu/checkpoints/hf/model.safetensors "
      + "--against Tests/Golden/models/clip_gelu/checkpoints/openclip_fp16/open_clip_model.safetensors",
    "list", "list --installed", "show MODEL", "show ViT-B-16",
    "inspect Examples/ViT-Ti-8-emoji/open_clip_model.safetensors",
    "explain MODEL PICTURE -p fox --npy -o OUT", "explain MODEL missing.png -p fox -o OUT", "methods",
    "score MODEL PICTURE -p fox -p bee", "compare MODEL PICTURE -p fox --method legrad,rollout",
    "eval pointing MODEL --data Tests/Cases/upright --min-objects 1",
    "eval segmentation MODEL --data Tests/Cases/upright",
    "embed MODEL PICTURE -o OUT/embeddings", "search OUT/embeddings fox", "verify", "du", "doctor",
    "bench MODEL --runs 1 --threads 1", "bench MODEL --cost --runs 1",
    "export MODEL --layout transformers -o OUT/exported",
  ]

  @Test func theKeysOfEveryJSON() throws {
    let zoo = try Command()
    let files = ["MODEL": "ViT-Ti-8-emoji", "PICTURE": "Tests/Golden/images/sources/exif_6.jpg"]
    var text = ""
    for call in Self.calls {
      let words = call.split(separator: " ").map { word in
        files[String(word)] ?? String(word).replacingOccurrences(of: "OUT", with: zoo.file("out"))
      }
      // Without hints that depend on this machine's environment.
      let outcome = try zoo.run(words + ["--json"], environment: ["OPENBLAS_CORETYPE": ""])
      let paths = try Set(keys(outcome.json(), at: ""))
      text += "$ zoo \(call) --json\n\(paths.sorted().joined(separator: "\n"))\n"
    }
    try check(text, against: "json.txt")
  }

  /// The path and type of each value. Lists have `[]`; names that come from a model, a file or a class are `*`.
  private func keys(_ value: Any, at path: String) -> [String] {
    switch value {
    case let object as [String: Any]:
      return object.flatMap { key, value in
        keys(value, at: path + "." + (key.contains(/^[a-z0-9_]+$/) ? key : "*"))
      }
    case let list as [Any]:
      return ["\(path)[]"] + list.flatMap { keys($0, at: path + "[]") }
    case is NSNull: return ["\(path) null"]
    case is String: return ["\(path) text"]
    case let number as NSNumber:
      // Foundation's numbers identify a Boolean by the letter of its type.
      return ["\(path) \(String(cString: number.objCType) == "c" ? "true or false" : "number")"]
    default: return []
    }
  }
}
