import Foundation
import Testing
import ZooManifests
import ZooModels
import ZooTestSupport

/// Names are folders: one that leads elsewhere, is hidden or controls a terminal is rejected wherever it comes from.
@Suite struct NamesThatArePathsTests {
  static let evil = [
    "", ".", "..", "../../../Documents", "a/b", "/etc", ".hidden", "-rf", "a\\b", "a b", "a:b", "a\u{1B}[2J", "a\nb",
    "a\u{0}b", "ä", "a\u{202E}b", "a*", String(repeating: "x", count: 97),
  ]
  private static let manifest = Golden.repository.appending(path: "Manifests/models/ViT-B-32.json")

  @Test(arguments: evil) func areNoNames(text: String) {
    #expect(throws: NameError(text: text)) { try PlainName(text) }
    #expect(throws: NameError(text: text)) { try ModelName(architecture: text, tag: nil).check() }
    #expect(throws: NameError(text: text)) { try ModelName(architecture: "a", tag: text).check() }
    if let near = PlainName(nearest: text) { #expect((try? PlainName(near.description)) == near) }
  }

  @Test func allRegisteredNamesAreNames() throws {
    for manifest in Registry.builtIn.manifests {
      for weights in manifest.weights { try ModelName(architecture: manifest.name, tag: weights.tag).check() }
    }
    for name in ["ViT-H-14", "a", "v1.2+fine-tune_3", String(repeating: "x", count: 96)] {
      #expect(try PlainName(name).description == name)
    }
    #expect(PlainName(nearest: "my model (1)")?.description == "my-model--1-")
    #expect(PlainName(nearest: "../../x")?.description == "x")
    #expect(PlainName(nearest: "..") == nil)
  }

  @Test(arguments: [
    ("\"name\": \"ViT-B-32\"", "\"name\": \"../x\"", "architecture.name"),
    ("\"tag\": \"openai\"", "\"tag\": \"../../../Documents\"", "weights.tag"),
    ("\"open_clip_model.safetensors\"", "\"../../../.bashrc\"", "weights.files of '"),
  ])
  func areRefusedInManifests(from: String, to: String, field: String) throws {
    let text = try String(contentsOf: Self.manifest, encoding: .utf8)
    let evil = text.replacing(from, with: to)
    try #require(evil != text)
    #expect {
      try Manifest(json: Data(evil.utf8), file: "x.json")
    } throws: {
      "\($0)".hasPrefix("x.json: \(field)")
    }
  }

  @Test func areRefusedInModelDescriptions() throws {
    let architecture = try #require(Registry.builtIn.manifest("ViT-B-32")?.architecture)
    func read(tag: String = "one", tokenizerFiles: [String] = []) throws -> ModelDescription {
      let description = ModelDescription(
        architecture: architecture, tag: tag, preprocessing: Preprocessing(size: GridSize(square: 224)),
        layout: "openclip", tokenizerFiles: tokenizerFiles, sources: [], digests: [:], notes: [])
      return try ModelDescription(json: description.encoded(), file: "model.json")
    }
    #expect(try read(tokenizerFiles: ["vocab.json", "merges.txt"]).tag == "one")
    for tag in Self.evil {
      #expect { try read(tag: tag) } throws: { "\($0)".hasPrefix("model.json: tag must ") }
    }
    for file in ["../../../../etc/passwd", "/etc/passwd", "..", ".", ".ssh", "a/b", "a\nb", ""] {
      #expect {
        try read(tokenizerFiles: [file])
      } throws: { "\($0)".hasPrefix("model.json: tokenizer_files must ") }
    }
  }
}
