import Foundation
import Testing
import ZooTestSupport

/// Remedies for checkpoints that lack information, contain too much, or are not models.
extension RemedyRunTests {
  private static let containers = "Tests/Cases/containers"

  /// A folder with some tensors of a golden checkpoint under other names, and files beside it.
  func folder(
    _ name: String, of source: String, beside: [String] = [], rename: (String) -> String?
  ) throws -> String {
    let folder = zoo.file(name)
    let source = Golden.repository.appending(path: "\(Self.golden)/\(source)")
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    for file in beside {
      try FileManager.default.copyItem(
        atPath: source.deletingLastPathComponent().appending(path: file).path, toPath: "\(folder)/\(file)")
    }
    try renamed(Data(contentsOf: source), rename).write(to: URL(filePath: "\(folder)/\(source.lastPathComponent)"))
    return folder
  }

  /// A safetensors file with tensors renamed, without those whose new name is nil.
  private func renamed(_ file: Data, _ rename: (String) -> String?) throws -> Data {
    let length = file.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
    let object = try JSONSerialization.jsonObject(with: file.dropFirst(8).prefix(length))
    var header: [String: Any] = [:], bytes = Data()
    for case (let name, var entry as [String: Any]) in try #require(object as? [String: Any]) {
      guard let new = rename(name), let offsets = entry["data_offsets"] as? [Int] else { continue }
      entry["data_offsets"] = [bytes.count, bytes.count + offsets[1] - offsets[0]]
      bytes += file.dropFirst(8 + length + offsets[0]).prefix(offsets[1] - offsets[0])
      header[new] = entry
    }
    let text = try JSONSerialization.data(withJSONObject: header)
    return Data((0..<8).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) }) + text + bytes
  }

  private func write(_ json: [String: Any], to path: String) throws {
    try JSONSerialization.data(withJSONObject: json).write(to: URL(filePath: path))
  }

  /// The text in a command's output that matches the first group of a pattern.
  private func said(_ call: [String], code: Int32, _ pattern: Regex<(Substring, Substring)>) throws -> String {
    let outcome = try zoo.run(call)
    #expect(outcome.code == code, "\(outcome.errors)")
    let text = outcome.errors + outcome.output
    return String(try #require(text.firstMatch(of: pattern), "\(text)").1)
  }

  // MARK: What a checkpoint does not say

  @Test func activationAndHeadsSettleAnImageTower() throws {
    let tower = try folder("tower", of: "hf/model.safetensors") {
      $0.hasPrefix("vision_model.") || $0.hasPrefix("visual_projection.") ? $0 : nil
    }
    let options = "--config FILE, or with --activation and --heads"
    try refused(
      ["convert", tower], options,
      then: [
        ["convert", tower, "--activation", "gelu", "--heads", "4", "-o", zoo.file("one")],
        ["convert", tower, "--config", "\(Self.golden)/hf/config.json", "-o", zoo.file("two")],
      ])
  }

  @Test func activationAndHeadsSettleATextTower() throws {
    let tower = try folder("text", of: "hf/model.safetensors") { $0.hasPrefix("text_") ? $0 : nil }
    try refused(
      ["convert", tower], "--config FILE, or with --text-activation and --text-heads",
      then: [
        ["convert", tower, "--text-activation", "gelu", "--text-heads", "2", "-o", zoo.file("one")],
        ["convert", tower, "--config", "\(Self.golden)/hf/config.json", "-o", zoo.file("two")],
      ])
  }

  @Test func theClassOfATokenizerIsCorrected() throws {
    let model = try folder("class", of: "hf/model.safetensors", beside: ["config.json", "preprocessor_config.json"]) {
      $0
    }
    let saved = Golden.cases.appending(path: "tokenizers/saved/tokenizer.json").path
    try FileManager.default.copyItem(atPath: saved, toPath: "\(model)/tokenizer.json")
    try write(["tokenizer_class": "GPT2Tokenizer"], to: "\(model)/tokenizer_config.json")
    try refused(
      ["convert", model], "or the class that the model was trained with, such as CLIPTokenizer", then: [])
    for name in ["CLIPTokenizer", "PreTrainedTokenizerFast"] {
      try write(["tokenizer_class": name, "pad_token": "<|endoftext|>"], to: "\(model)/tokenizer_config.json")
      let result = try zoo.run("convert", model, "-o", zoo.file(name))
      #expect(result.code == 0, "\(result.errors)")
    }
  }

  @Test func aConfigurationOfAnotherProgramIsReplaced() throws {
    let model = try folder("foreign", of: "hf/model.safetensors") { $0 }
    try write(["model_type": "llama"], to: "\(model)/config.json")
    try refused(
      ["convert", model], "--as ARCHITECTURE:TAG or --config FILE says what the model is",
      then: [["convert", model, "--config", "\(Self.golden)/hf/config.json", "-o", zoo.file("model")]])
  }

  // MARK: Parts of a file

  @Test func theImageTowerOfALanguageModelIsReadAlone() throws {
    let model = try folder("llava", of: "hf/model.safetensors", beside: ["preprocessor_config.json"]) {
      if $0.hasPrefix("vision_model.") { return "vision_tower.\($0)" }
      return $0.hasPrefix("text_model.encoder.") ? "language_model.\($0)" : nil
    }
    let whole = try JSONSerialization.jsonObject(
      with: Data(contentsOf: Golden.repository.appending(path: "\(Self.golden)/hf/config.json")))
    var vision = try #require((whole as? [String: Any])?["vision_config"] as? [String: Any])
    vision["model_type"] = "clip_vision_model"
    // The language model's activation is not supported.
    try write(
      [
        "model_type": "llava", "text_config": ["model_type": "llama", "hidden_act": "silu"], "vision_config": vision,
      ], to: "\(model)/config.json")
    try refused(
      ["convert", model], "it holds a model under a prefix of its own: read that alone with --part vision_tower",
      then: [["convert", model, "--part", "vision_tower", "-o", zoo.file("model")]])
  }

  /// The original LLaVA names its tower in a configuration of its own, which does not describe it.
  @Test func optionsSettleATowerBesideAnotherProgramsConfiguration() throws {
    let model = try folder("original", of: "hf/model.safetensors") {
      if $0.hasPrefix("vision_model.") { return "model.vision_tower.vision_tower.\($0)" }
      return $0.hasPrefix("text_model.encoder.") ? "model.\($0)" : nil
    }
    try write(["model_type": "llava_llama", "mm_vision_tower": "openai/clip"], to: "\(model)/config.json")
    let whole = try said(["convert", model], code: 2, /read that alone with --part (\S+)/)
    #expect(whole == "vision_tower.vision_tower")
    let part = ["convert", model, "--part", whole]
    try refused(
      part, "--as ARCHITECTURE:TAG or --config FILE says what the model is",
      then: [
        part + ["--config", "\(Self.golden)/hf/config.json", "-o", zoo.file("one")],
        part + ["--activation", "gelu", "--heads", "4", "-o", zoo.file("two")],
      ])
    let notes = try zoo.run(part + ["--activation", "gelu", "--heads", "4", "-o", zoo.file("three")]).output
    #expect(notes.contains("The options say what the tower is."), "\(notes)")
  }

  // MARK: Halves

  @Test func aHalfSaysHowItIsJoined() throws {
    let openCLIP = "openclip/open_clip_model.safetensors", beside = ["open_clip_config.json"]
    let image = try folder("image", of: openCLIP, beside: beside) { $0.hasPrefix("visual.") ? $0 : nil }
    let text = try folder("text", of: openCLIP, beside: beside) { $0.hasPrefix("visual.") ? nil : $0 }
    func call(_ line: String, _ name: String, _ path: String) -> [String] {
      line.split(separator: " ").map { $0 == name ? path : String($0) }
    }
    let forImage = try said(
      ["convert", image, "-o", zoo.file("half")], code: 0, /'zoo (convert \S+ --text OTHER)' joins it/)
    let joined = zoo.file("joined")
    let first = try zoo.run(call(forImage, "OTHER", text) + ["-o", joined])
    #expect(first.code == 0, "\(first.errors)")
    let forText = try said(
      ["convert", text, "-o", zoo.file("other")], code: 0, /'zoo (convert IMAGE --text \S+)' joins it/)
    let second = try zoo.run(call(forText, "IMAGE", image) + ["-o", zoo.file("again")])
    #expect(second.code == 0, "\(second.errors)")
    let tower = zoo.file("half")
    try refused(
      ["score", tower, Self.picture, "-p", "a cat"], "'zoo convert IMAGE_TOWER --text TEXT_TOWER'",
      then: [["inspect", "\(joined)/weights.safetensors"]])
    #expect(try zoo.run("show", joined).output.contains("text"))
  }

  // MARK: What is not a model

  @Test func anAdapterNamesItsBase() throws {
    let folder = zoo.file("adapter"), base = "openai/clip-vit-base-patch32"
    try FileManager.default.copyItem(
      atPath: Golden.repository.appending(path: "\(Self.containers)/peft").path, toPath: folder)
    try write(["peft_type": "LORA", "base_model_name_or_path": base], to: "\(folder)/adapter_config.json")
    try refused(
      ["convert", folder],
      "merge_and_unload() of PEFT, and save that model; its base model is '\(base)' (adapter_config.json)", then: [])
  }

  @Test func aTarArchiveOfSomethingElseIsUnpacked() throws {
    let source = Golden.repository.appending(path: "\(Self.golden)/openclip").path
    let archive = zoo.file("model.tar"), unpacked = zoo.file("unpacked")
    func tar(_ arguments: [String]) throws {
      #expect(try zoo.run(program: "/usr/bin/env", ["tar"] + arguments).code == 0)
    }
    try tar(["-cf", archive, "-C", source, "open_clip_config.json", "open_clip_model.safetensors"])
    try FileManager.default.createDirectory(atPath: unpacked, withIntermediateDirectories: true)
    try tar(["-xf", archive, "-C", unpacked])
    try refused(
      ["convert", archive], "a tar archive: unpack it first", then: [["convert", unpacked, "-o", zoo.file("model")]])
  }

  @Test func aFolderOfFoldersNamesThoseThatHoldAModel() throws {
    let inner = try folder("many/models/image", of: "openclip/open_clip_model.safetensors") { $0 }
    let outer = zoo.file("many")
    let named = try said(["convert", outer], code: 2, /those below it do: '(\S+)'/)
    #expect("\(outer)/\(named)" == inner)
    try refused(
      ["convert", outer], "give one of these folders",
      then: [["convert", inner, "--config", Self.configuration, "-o", zoo.file("model")]])
  }

  @Test func severalCheckpointsInAFolderAreNamed() throws {
    let place = try folder("several", of: "openclip/open_clip_model.safetensors") { $0 }
    try FileManager.default.moveItem(atPath: "\(place)/open_clip_model.safetensors", toPath: "\(place)/a.safetensors")
    let other = try folder("several", of: "hf/model.safetensors") { $0 }
    try FileManager.default.moveItem(atPath: "\(other)/model.safetensors", toPath: "\(place)/b.safetensors")
    try refused(
      ["convert", place], "give one of these files",
      then: [
        ["convert", "\(place)/a.safetensors", "--config", Self.configuration, "-o", zoo.file("a")],
        ["convert", "\(place)/b.safetensors", "--config", "\(Self.golden)/hf/config.json", "-o", zoo.file("b")],
      ])
  }

  @Test func shardsAreFetchedIntoOneFolder() throws {
    func shard(_ index: Int) throws -> String {
      let place = try folder("shard-\(index)", of: "hf/model.safetensors", beside: ["config.json"]) {
        $0.hasPrefix("vision_model.") == (index == 1) ? $0 : nil
      }
      let named = "\(place)/model-0000\(index)-of-00002.safetensors"
      try FileManager.default.moveItem(atPath: "\(place)/model.safetensors", toPath: named)
      return named
    }
    let first = try shard(1), second = try shard(2)
    let place = (first as NSString).deletingLastPathComponent
    try refused(["convert", place], "fetch all shards into one folder, and give the folder", then: [])
    try FileManager.default.moveItem(
      atPath: second, toPath: "\(place)/\((second as NSString).lastPathComponent)")
    let whole = try zoo.run("convert", place, "-o", zoo.file("model"))
    #expect(whole.code == 0, "\(whole.errors)")
  }

  // MARK: Models that were damaged

  @Test func aDamagedModelIsRemovedAndConvertedAgain() throws {
    try zoo.run("convert", Self.openCLIP, "--as", "mine:tuned")
    let models = try FileManager.default.subpathsOfDirectory(atPath: zoo.home.path)
    let file = try #require(models.first { $0.hasSuffix("model.json") && $0.contains("mine") })
    let path = zoo.file(file)
    try Data("{".utf8).write(to: URL(filePath: path))
    try refused(
      ["score", "mine:tuned", Self.picture, "-p", "a cat"], "'zoo rm mine:tuned' removes it; convert or pull it again",
      then: [["rm", "mine:tuned"], ["convert", Self.openCLIP, "--as", "mine:tuned"], ["show", "mine:tuned"]])
  }

  @Test func aModelWithoutItsWeightsIsConvertedAgain() throws {
    let model = zoo.file("model"), call = ["score", model, Self.picture, "-p", "a cat"]
    try zoo.run("convert", Self.openCLIP, "-o", model)
    // Another model's weights: tensors are missing.
    try zoo.run("convert", "Tests/Cases/timm/plain", "-o", zoo.file("other"))
    try FileManager.default.removeItem(atPath: "\(model)/weights.safetensors")
    try FileManager.default.copyItem(
      atPath: "\(zoo.file("other"))/weights.safetensors", toPath: "\(model)/weights.safetensors")
    try refused(
      call, "convert the checkpoint again with 'zoo convert'",
      then: [["convert", Self.openCLIP, "-o", model, "--force"], ["inspect", "\(model)/weights.safetensors"]])
  }

  @Test func whatIsNoModelIsConvertedFirst() throws {
    let folder = "\(Self.golden)/openclip", model = zoo.file("model")
    try refused(
      ["show", folder], "give a directory that 'zoo convert' wrote, or ARCHITECTURE:TAG",
      then: [["convert", folder, "-o", model], ["show", model]])
  }
}
