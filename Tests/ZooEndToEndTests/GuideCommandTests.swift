import Foundation
import Testing
import ZooTestSupport

/// The commands in the guides, as a reader would type them: with a store of two demo models, in a folder that has the repository's `Examples`.
@Suite struct GuideCommandTests {
  /// The files written by all commands of a page, and text that their output contains.
  static let pages: [(page: String, says: [String], writes: [String])] = [
    ("GettingStarted", ["ViT-Ti-8-emoji:local", "a photo of a panda"], ["heatmaps"]),
    ("Converting", ["openclip", "122 tensors read", "vision.blocks.0.qkv.weight"], []),
    ("RegistryAndZoo", ["ViT-B-16-SigLIP2", "laion2b_s34b_b88k"], []),
    ("Explaining", ["absent", "GradCAM", "Attention rollout"], ["heatmaps"]),
    ("Evaluating", ["POINTING", "GradCAM"], []),
    ("EmbeddingAndRanking", ["SIMILARITY", "scene6.jpg"], ["embeddings"]),
  ]

  @Test(arguments: pages) func theCommandsOfAGuideWork(page: String, says: [String], writes: [String]) throws {
    let shell = try Shell()
    var output = ""
    let blocks = try Shell.blocks(of: page)
    for block in blocks {
      let outcome = try shell.run(block.text)
      #expect(outcome.code == 0, "\(page).md, line \(block.line): \(outcome.errors)")
      output += outcome.output
    }
    #expect(!blocks.isEmpty)
    for text in says { #expect(output.contains(text), "\(text) in\n\(output)") }
    for name in writes {
      let files = try FileManager.default.contentsOfDirectory(atPath: shell.folder.appending(path: name).path)
      #expect(!files.isEmpty)
    }
  }

  @Test func everyPageWithCommandsIsHere() throws {
    let folder = Golden.repository.appending(path: "Sources/ZooLibrary/Zoo.docc")
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".md") }
    let withCommands = try names.map { String($0.dropLast(3)) }.filter { try !Shell.blocks(of: $0).isEmpty }
    #expect(Set(withCommands) == Set(Self.pages.map(\.page) + ["Serving"]))
  }

  @Test func theRequestsOfTheServingGuideAreAnswered() throws {
    let shell = try Shell()
    let server = try shell.zoo.start(["serve", "--port", "0", "--quiet"])
    defer { server.terminate() }
    let pipe = server.standardOutput as! Pipe
    let printed = String(decoding: pipe.fileHandleForReading.availableData, as: UTF8.self)
    let address = try #require(printed.firstMatch(of: /http:\/\/127.0.0.1:[0-9]+/))
    let blocks = try Shell.blocks(of: "Serving")
    #expect(blocks.count == 2)
    let outcomes = try blocks.map {
      try shell.run($0.text.replacing("http://127.0.0.1:8080", with: address.output), server: String(address.output))
    }
    #expect(outcomes.allSatisfy { $0.code == 0 }, "\(outcomes.map(\.errors))")
    let answer = try #require(try outcomes[0].json() as? [String: Any])
    let data = try #require(answer["data"] as? [[String: Any]])
    #expect((data.first?["embedding"] as? [Double])?.count == 128)
    #expect(outcomes[1].output.hasPrefix("a photo of a panda: similarity 0.2"))
  }
}

/// A shell in which `zoo` is the built one, with the demo models installed.
private final class Shell {
  let zoo: Command
  /// The folder in which commands are run.
  let folder: URL

  init() throws {
    zoo = try Command()
    folder = zoo.home.appending(path: "work")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try FileManager.default.createSymbolicLink(
      at: folder.appending(path: "Examples"), withDestinationURL: Golden.repository.appending(path: "Examples"))
    for name in ["ViT-Ti-8-emoji", "ViT-Ti-8-SigLIP-emoji"] {
      try zoo.run("convert", "Examples/\(name)/open_clip_model.safetensors")
    }
  }

  static func blocks(of page: String) throws -> [GuideBlock] {
    try GuideBlock.all(in: Golden.repository.appending(path: "Sources/ZooLibrary/Zoo.docc/\(page).md"))
      .filter { $0.language == "sh" }
  }

  func run(_ script: String, server: String = "") throws -> Command.Outcome {
    let tools = Command.executable.deletingLastPathComponent().path
    let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
    return try zoo.run(
      program: "/bin/sh", ["-euc", "cd '\(folder.path)'\n\(script)"],
      environment: ["PATH": "\(tools):\(path)", "SERVER": server])
  }
}
