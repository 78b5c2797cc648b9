import Foundation
import Testing
import ZooTestSupport

/// Remedies for names, folders and files that are in the way, and for files that are not checkpoints.
extension RemedyRunTests {
  private static let hostile = "Tests/Golden/hostile/torch"
  /// A checkpoint with a tokenizer beside it.
  private static let tokenized = "Tests/Cases/tokenizers/clip_added_tokens"

  private func write(_ text: String, to path: String) throws {
    try FileManager.default.createDirectory(
      atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    try Data(text.utf8).write(to: URL(filePath: path))
  }

  // MARK: Names

  @Test func aNameThatNothingHasIsLookedUp() throws {
    try refused(
      ["show", "nothing-like-it"], "'zoo list' shows all registered ones", then: [["list"]])
    try refused(
      ["score", "nothing-like-it", Self.picture, "-p", "a cat"],
      "'zoo list --installed' shows what is here; 'zoo convert FILE' brings a model in",
      then: [["list", "--installed"], ["convert", Self.tokenized, "--as", "nothing-like-it:mine"]])
    #expect(try zoo.run("score", "nothing-like-it", Self.picture, "-p", "a cat").code == 0)
  }

  @Test func oneOfSeveralTagsIsNamed() throws {
    for tag in ["one", "two"] { try zoo.run("convert", Self.tokenized, "--as", "mine:\(tag)") }
    func score(_ name: String) -> [String] { ["score", name, Self.picture, "-p", "a cat"] }
    try refused(score("mine"), "name the tag as well, as in the list", then: [score("mine:one")])
  }

  @Test func aNameThatTwoFoldersClaimIsReplacedByOneOfThem() throws {
    try zoo.run("convert", Self.tokenized, "--as", "mine:one")
    try FileManager.default.copyItem(atPath: zoo.file("models/mine/one"), toPath: zoo.file("models/mine/copy"))
    func score(_ name: String) -> [String] { ["score", name, Self.picture, "-p", "a cat"] }
    try refused(
      score("mine:one"), "give the folder in place of the name", then: [score(zoo.file("models/mine/copy"))])
  }

  /// A fine-tune of an architecture whose tags run differently.
  @Test func aFineTuneIsRunLikeATag() throws {
    let tower = #""norm_eps": 1e-05, "activation": "gelu""#
    let size =
      #""size": [32, 32], "mean": [0.48145466, 0.4578275, 0.40821073], "std": [0.26862954, 0.26130258, 0.27577711]"#
    let pictures = #""preprocessing": {\#(size), "interpolation": "bicubic", "resize_mode": "shortest"}"#
    try write(
      #"""
      {"architecture": {"name": "Tiny", "family": "openclip_native", "embedding": 44, "logit_bias": false,
        "vision": {"image": [32, 32], "patch": 8, "blocks": {"width": 48, "layers": 4, "heads": 4, "mlp_width": 192, \#(tower)},
          "class_token": true, "registers": 0, "patch_bias": false, "norm_pre": true, "pooler": {"type": "class_token"}, "resampling": "bicubic_antialias",
          "projection": "linear", "positions_cover_prefix": true},
        "text": {"blocks": {"width": 32, "layers": 2, "heads": 2, "mlp_width": 128, \#(tower)}, "vocabulary": 1024,
          "causal": true, "pooling": "argmax", "projection": "linear",
          "tokenizer": {"kind": "clip_bpe", "context_length": 77, "clean": "lower", "pad_id": 0}}},
       "weights": [{"tag": "first", \#(pictures)},
         {"tag": "second", "activation": {"vision": "quick_gelu", "text": "quick_gelu"}, \#(pictures)}]}
      """#, to: zoo.file("manifests/Tiny.json"))
    let file = try alone(Self.openCLIP)
    try refused(
      ["convert", file], "for a fine-tune of one of these, --as ARCHITECTURE:MY-TAG --like TAG keeps its own name",
      then: [["convert", file, "--as", "Tiny:mine", "--like", "second"], ["show", "Tiny:mine"]])
    try refused(["convert", file, "--as", "Tiny:other"], "--like TAG", then: [])
  }

  // MARK: Folders

  @Test func whatIsNotAModelIsNotReplaced() throws {
    try write("x", to: zoo.file("photos/holiday.txt"))
    try refused(
      ["convert", Self.openCLIP, "-o", zoo.file("photos"), "--force"],
      "choose a different place, or move away what is there",
      then: [["convert", Self.openCLIP, "-o", zoo.file("model")]])
    try FileManager.default.moveItem(atPath: zoo.file("photos"), toPath: zoo.file("away"))
    #expect(try zoo.run("convert", Self.openCLIP, "-o", zoo.file("photos"), "--force").code == 0)
  }

  @Test func onlyModelsOfTheZooAreRemoved() throws {
    try zoo.run("convert", Self.openCLIP, "--as", "mine:one")
    let elsewhere = FileManager.default.temporaryDirectory.appending(path: "zoo-else-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: elsewhere) }
    try zoo.run("convert", Self.openCLIP, "-o", elsewhere)
    try refused(
      ["rm", elsewhere], "'zoo rm' removes models of the zoo by name; remove other folders yourself",
      then: [["rm", "mine:one"]])
    #expect(FileManager.default.fileExists(atPath: elsewhere))
  }

  @Test func aLinkIsRemovedOrFollowedByItsReader() throws {
    try zoo.run("convert", Self.openCLIP, "--as", "mine:one")
    let link = zoo.file("models/mine/link")
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: zoo.file("models/mine/one"))
    try refused(
      ["rm", link], "remove the link itself, or name what it leads to", then: [["rm", zoo.file("models/mine/one")]])
    try FileManager.default.removeItem(atPath: link)
  }

  // MARK: Files

  @Test func aPartThatIsNotThereIsLookedUp() throws {
    let file = "\(Self.golden)/torch_zip/open_clip_pytorch_model.bin"
    try refused(
      ["inspect", file, "--part", "nothing"], "'zoo inspect FILE' lists the names of the tensors",
      then: [["inspect", file]])
  }

  /// The output of torch.save(model.state_dict(), FILE) can be read.
  @Test func whatIsNoStateDictIsSavedAsOne() throws {
    let saved = ["convert", "\(Self.golden)/torch_zip/open_clip_pytorch_model.bin", "--config", Self.configuration]
    let bare = zoo.file("bare.pt")
    try Data([0x80, 2, 0x7D, 0x2E]).write(to: URL(filePath: bare))
    try refused(
      ["convert", bare], "save it with torch.save(model.state_dict(), FILE)", then: [saved + ["-o", zoo.file("one")]])
    for (place, name) in ["not_a_dict.pt", "torch_load_gadget.pt"].enumerated() {
      try refused(
        ["convert", "\(Self.hostile)/\(name)"], "save the weights alone, with torch.save(model.state_dict(), FILE)",
        then: [saved + ["-o", zoo.file("two\(place)")]])
    }
  }

  @Test func theModelIsGivenInAFormatThatIsRead() throws {
    let npz = "Tests/Golden/models/siglip/checkpoints/npz_stored/siglip.npz"
    try refused(
      ["convert", "Tests/Cases/containers/wrong/gguf_as.safetensors"],
      "'zoo convert' reads safetensors, PyTorch and NPZ files: give the model in one of these",
      then: [
        ["convert", Self.openCLIP, "-o", zoo.file("one")],
        [
          "convert", "\(Self.golden)/torch_zip/open_clip_pytorch_model.bin", "--config", Self.configuration, "-o",
          zoo.file("two"),
        ],
        ["convert", npz, "--activation", "gelu_tanh", "-o", zoo.file("three")],
      ])
  }

  /// The image encoder of an IP-Adapter is in a separate folder.
  @Test func theImageEncoderOfAnIPAdapterIsConverted() throws {
    let adapter = try folder("ip", of: "hf/model.safetensors") {
      $0.hasPrefix("visual_projection") ? "image_proj.proj.weight" : nil
    }
    let encoder = try folder("encoder", of: "hf/model.safetensors", beside: ["preprocessor_config.json"]) {
      $0.hasPrefix("vision_model.") || $0.hasPrefix("visual_projection.") ? $0 : nil
    }
    try refused(
      ["convert", adapter], "convert its image encoder, which is a file of its own",
      then: [["convert", encoder, "--config", "\(Self.golden)/hf/config.json", "-o", zoo.file("model")]])
  }

  @Test func theModelThatADiffusionModelWasMadeWithIsKnown() throws {
    for (name, mark) in [
      ("unet", "down_blocks.0.up_blocks.0.weight"), ("sd", "model.diffusion_model.input_blocks.0.0.weight"),
    ] {
      let file = try folder(name, of: "hf/model.safetensors") { $0 == "visual_projection.weight" ? mark : nil }
      try refused(["convert", file], "such as 'zoo pull ViT-L-14:openai'", then: [["show", "ViT-L-14"]])
    }
  }

  // MARK: Pictures and values

  @Test func aLargePictureIsAllowedByName() throws {
    try zoo.run("convert", Self.tokenized, "-o", zoo.file("model"))
    let score = ["score", zoo.file("model"), Self.picture, "-p", "a cat", "--max-pixels"]
    try refused(score + ["10"], "--max-pixels N raises the limit", then: [score + ["1000000"]])
  }

  @Test func aPictureOfAnotherFormatIsGivenAsJPEG() throws {
    try zoo.run("convert", Self.tokenized, "-o", zoo.file("model"))
    let start: [UInt8] = [0, 0, 0, 0x0C, 0x4A, 0x58, 0x4C, 0x20, 0x0D, 0x0A, 0x87, 0x0A]
    try Data(start + [UInt8](repeating: 0, count: 60)).write(to: URL(filePath: zoo.file("scene.jxl")))
    try refused(
      ["score", zoo.file("model"), zoo.file("scene.jxl"), "-p", "a cat"], "convert it to PNG or 8-bit JPEG first",
      then: [["score", zoo.file("model"), Self.picture, "-p", "a cat"]])
  }

  @Test func weightsThatGiveNoNumbersAreConvertedWithoutATest() throws {
    let broken = try folder("broken", of: "openclip/open_clip_model.safetensors", beside: ["open_clip_config.json"]) {
      $0
    }
    let file = "\(broken)/open_clip_model.safetensors"
    var bytes = try Data(contentsOf: URL(filePath: file))
    // The last tensors are all NaN.
    bytes.replaceSubrange(bytes.count - 300_000..<bytes.count, with: repeatElement(0xFF, count: 300_000))
    try bytes.write(to: URL(filePath: file))
    try refused(
      ["convert", broken], code: 1, "'zoo convert --no-probe' converts it anyway",
      then: [["convert", broken, "--no-probe"]])
  }
}
