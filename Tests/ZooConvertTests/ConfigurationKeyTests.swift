import Foundation
import Testing
import ZooCheckpoints
import ZooManifests
import ZooModels
import ZooTestSupport

@testable import ZooConvert

/// Every key of a configuration file is used, known to be irrelevant, or named in a note.
@Suite struct ConfigurationKeyTests {
  private func file(_ scratch: ScratchFolder, _ json: String) throws -> String {
    let path = scratch.file("config.json")
    try Data(json.utf8).write(to: URL(filePath: path))
    return path
  }

  /// Files as written by transformers 5.24 and open_clip 3.3 themselves, with every field.
  @Test(arguments: [
    ("transformers5_clip", TransformersFile.keys), ("transformers5_siglip", TransformersFile.keys),
    ("transformers5_metaclip_2", TransformersFile.keys), ("open_clip", OpenCLIPFile.keys),
    ("transformers5_clip_preprocessor", TransformersPreprocessor.keys),
    ("transformers5_siglip_preprocessor", TransformersPreprocessor.keys),
    ("transformers5_processor", TransformersPreprocessor.processorKeys),
  ])
  func ordinaryFilesGiveNoNotes(name: String, table: KeyTable) throws {
    let path = Golden.repository.appending(path: "Tests/Cases/configurations/\(name).json").path
    #expect(try notes(onKeysOf: path, by: table) == [])
  }

  @Test func configurationsOfTheGoldenModelsGiveNoNotes() throws {
    var count = 0
    for folder in try FileManager.default.subpathsOfDirectory(atPath: Golden.url("models").path) {
      let path = Golden.url("models/\(folder)").path
      let table: KeyTable
      switch (path as NSString).lastPathComponent {
      case "config.json": table = folder.contains("timm") ? TimmFile.keys : TransformersFile.keys
      case "preprocessor_config.json": table = TransformersPreprocessor.keys
      case "open_clip_config.json": table = OpenCLIPFile.keys
      default: continue
      }
      count += 1
      #expect(try notes(onKeysOf: path, by: table) == [], "\(folder)")
    }
    #expect(count > 10)
  }

  @Test func unknownKeysAreNamedWithTheirValues() throws {
    let scratch = try ScratchFolder()
    let one = try file(scratch, #"{"model_type": "clip", "vision_config": {"new_gate": 0.5, "old_gate": null}}"#)
    #expect(
      try notes(onKeysOf: one, by: TransformersFile.keys)
        == ["config.json: 'vision_config.new_gate' = 0.5 is not known to zoo, which ignores it."])
    let long = String(repeating: "x", count: 100)
    let two = try file(scratch, #"{"b": {"c": [1]}, "a": "\#(long)"}"#)
    #expect(
      try notes(onKeysOf: two, by: TransformersFile.keys)
        == ["config.json: 'a' = \"\(long.prefix(56))..., 'b' = {c} are not known to zoo, which ignores them."])
  }

  @Test func keysOfASecondConfigurationAreNamedToo() throws {
    let scratch = try ScratchFolder(), golden = Golden.url("models/clip_gelu/checkpoints").path
    for (from, to) in [
      ("openclip/open_clip_model.safetensors", "open_clip_model.safetensors"),
      ("openclip/open_clip_config.json", "open_clip_config.json"),
    ] { try FileManager.default.copyItem(atPath: "\(golden)/\(from)", toPath: scratch.file(to)) }
    let config = try String(contentsOfFile: "\(golden)/hf/config.json", encoding: .utf8)
    try config.replacing("\"model_type\": \"clip\",", with: "\"model_type\": \"clip\", \"odd\": 1,")
      .write(toFile: scratch.file("config.json"), atomically: true, encoding: .utf8)
    let model = try identify(
      Checkpoint.open(scratch.file("open_clip_model.safetensors")), registry: Registry.builtIn)
    #expect(model.notes.contains("config.json: 'odd' = 1 is not known to zoo, which ignores it."), "\(model.notes)")
  }

  @Test func manyUnknownKeysAreCounted() throws {
    let scratch = try ScratchFolder()
    let members = (0..<25).map { "\"key\($0)\": [\(Array(repeating: "1", count: 1000).joined(separator: ","))]" }
    let path = try file(scratch, "{\(members.joined(separator: ","))}")
    let note = try #require(try notes(onKeysOf: path, by: [:]).first)
    #expect(note.hasSuffix(" and 5 more are not known to zoo, which ignores them.") && note.count < 2000)
  }

  @Test func aValueThatCannotBeHonouredStopsTheConversion() throws {
    let scratch = try ScratchFolder()
    let path = try file(scratch, #"{"vision_config": {"num_channels": 4}}"#)
    let error = #expect(throws: ConvertError.self) { try notes(onKeysOf: path, by: TransformersFile.keys) }
    #expect(
      error?.description == "\(path) cannot be used: 'vision_config.num_channels' is 4, which cannot be honoured; "
        + "zoo reads pictures as red, green and blue")
  }
}
