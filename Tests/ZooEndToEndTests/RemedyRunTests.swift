import Foundation
import Testing
import ZooTestSupport

/// What an error tells a user to type is typed, and works.
@Suite struct RemedyRunTests {
  let zoo: Command
  static let golden = "Tests/Golden/models/clip_gelu/checkpoints"
  static let openCLIP = "\(golden)/openclip/open_clip_model.safetensors"
  static let configuration = "\(golden)/openclip/open_clip_config.json"
  static let picture = "Examples/examples/scene1.jpg"

  init() throws { zoo = try Command() }

  /// Runs a call that is refused with a remedy, then the remedy.
  func refused(_ call: [String], code: Int32 = 2, _ remedy: String, then repaired: [[String]]) throws {
    let result = try zoo.run(call)
    #expect(result.code == code, "\(call): \(result.output)")
    #expect(result.errors.contains(remedy), "\(call): \(result.errors)")
    for call in repaired {
      let result = try zoo.run(call)
      #expect(result.code == 0, "\(call): \(result.errors)")
    }
  }

  /// A copy of a checkpoint with nothing beside it.
  func alone(_ path: String) throws -> String {
    let copy = zoo.file("alone.safetensors")
    try FileManager.default.copyItem(atPath: Golden.repository.appending(path: path).path, toPath: copy)
    return copy
  }

  @Test func aConfigurationSettlesWhatTensorsDoNotSay() throws {
    let file = try alone(Self.openCLIP)
    try refused(
      ["convert", file], "--config FILE",
      then: [["convert", file, "--config", Self.configuration, "-o", zoo.file("model")]])
  }

  @Test func anExistingModelIsReplacedOrLeftByAnotherName() throws {
    let call = ["convert", Self.openCLIP, "-o", zoo.file("model")]
    try zoo.run(call + ["--dtype", "bf16"])
    try refused(
      call, "give it another name with --as ARCHITECTURE:TAG, another folder with --output, or replace what is there",
      then: [
        call + ["--force"], ["convert", Self.openCLIP, "--output", zoo.file("other")],
        ["convert", Self.openCLIP, "--as", "mine:tuned"],
      ])
  }

  @Test func theShapeOfAGridIsGivenByThePictureSize() throws {
    let call = ["convert", "Tests/Cases/timm/rect", "-o", zoo.file("model")]
    try refused(call, "settle it with --image-size", then: [call + ["--image-size", "24x32"]])
  }

  @Test func aTokenizerComesWithAnotherConversion() throws {
    let folder = zoo.file("source"), model = zoo.file("model")
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    for name in ["model.safetensors", "config.json"] {
      try FileManager.default.copyItem(
        atPath: Golden.repository.appending(path: "\(Self.golden)/hf/\(name)").path, toPath: "\(folder)/\(name)")
    }
    try zoo.run("convert", folder, "-o", model)
    let score = ["score", model, Self.picture, "-p", "a cat"]
    try refused(
      score, "give --tokenizer FOLDER to zoo convert",
      then: [["convert", folder, "--tokenizer", "\(Self.golden)/hf", "-o", model, "--force"], score])
  }

  @Test func aClassifierIsAskedByItsClasses() throws {
    let model = zoo.file("model")
    try zoo.run("convert", "Tests/Cases/timm/plain", "-o", model)
    let call = ["explain", model, Self.picture, "-o", zoo.file("out")]
    try refused(
      call + ["-p", "a cat"], "'zoo explain' takes --class NAME or INDEX in place of prompts, and without it explains",
      then: [call + ["--class", "1"], call])
    // If there is no --class, the command that has it is named.
    try refused(
      ["score", model, Self.picture, "-p", "a cat"], "'zoo explain' takes --class NAME or INDEX", then: [call])
  }

  @Test func oneOfSeveralModelsIsChosen() throws {
    // The file is too small for a model: its tensors show which part was read.
    let file = "Tests/Cases/containers/model_and_ema.pt"
    try refused(["inspect", file], "choose one with --part NAME", then: [["inspect", file, "--part", "ema"]])
  }

  @Test func whatFitsNoLayoutIsInspected() throws {
    let file = "Tests/Cases/containers/distillation.pt"
    try refused(
      ["convert", file], "'zoo inspect FILE' lists the tensors, and what each layout misses", then: [["inspect", file]])
  }

  @Test func aModelThatIsNotThereIsLookedUp() throws {
    try refused(["show", "ViT-B-61"], "'zoo list' shows all registered ones", then: [["list"]])
    try refused(
      ["score", "ViT-B-32", Self.picture, "-p", "a cat"], "'zoo show ViT-B-32' lists its", then: [["show", "ViT-B-32"]])
  }
}
