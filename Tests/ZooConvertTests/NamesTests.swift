import Foundation
import Testing
import ZooCheckpoints
import ZooConvert
import ZooManifests
import ZooModels
import ZooTestSupport

/// What a name may decide, and how models are named that nobody named.
@Suite struct NamesTests {
  private func checkpoint(_ scratch: ScratchFolder, _ name: String, of architecture: String) throws -> Checkpoint {
    let manifest = try #require(Registry.builtIn.manifest(architecture))
    let layout = try #require(CheckpointLayout.named("openclip"))
    return try sparseCheckpoint(scratch, name, layout.sourceTensors(of: manifest.architecture))
  }

  @Test(arguments: [
    ("openai-ViT-B-32.safetensors", "ViT-B-32:openai"), ("ViT-B-32/openai/model.safetensors", "ViT-B-32:openai"),
    ("openclip-vit-b-32.safetensors", "ViT-B-32:laion2b_e16"),
    ("vit_b32-laion2b_e16-fp16.safetensors", "ViT-B-32:laion2b_e16"),
    ("laion--CLIP-ViT-B-32-laion2B-s34B-b79K/open_clip_model.safetensors", "ViT-B-32:laion2b_s34b_b79k"),
    (
      "models--laion--CLIP-ViT-B-32-laion2B-s34B-b79K/snapshots/1627032197142fbe2a7cfec626f4ced3ae60d07a/model.safetensors",
      "ViT-B-32:laion2b_s34b_b79k"
    ),
    (
      "models--openai--clip-vit-base-patch32/snapshots/3d74acf9a28c67741b2f4f2ea7635f0aaf6f0268/model.safetensors",
      "ViT-B-32:openai"
    ),
    ("RemoteCLIP-ViT-B-32.safetensors", "ViT-B-32:remoteclip"), ("plip/model.safetensors", "ViT-B-32-quickgelu:plip"),
  ])
  func aNameThatIsAllAccountedForTellsTheWeights(_ file: String, _ expected: String) throws {
    let scratch = try ScratchFolder()
    let checkpoint = try checkpoint(scratch, file, of: "ViT-B-32")
    #expect(try identify(checkpoint, registry: .builtIn).name.description == expected)
  }

  @Test(arguments: [
    "my-openclip-ViT-B-32-finetuned.safetensors", "vit_b32_400m_laion.safetensors", "openai/my-vit-b-32.safetensors",
    "openai/ViT-B-32-cats.safetensors", "ViT-B-32/openai/cats.safetensors", "ViT-B-32-openai-finetuned.safetensors",
    "CLIP-ViT-B-32-laion2B-s34B-b79K/cats.safetensors", "myopenai-vit-b-32.safetensors", "openai/model.safetensors",
    "CLIP-ViT-B-32-laion2B-s34B-b79K-lora.safetensors", "CLIP-ViT-B-32-laion2B-s34B-b79K/cats/last.safetensors",
    "CLIP-ViT-B-32-laion2B-s34B-b79K/finetuned/model.safetensors",
    "CLIP-ViT-B-32-laion2B-s34B-b79K/checkpoints/epoch_3.safetensors",
    "CLIP-ViT-B-32-laion2B-s34B-b79K/best_model.safetensors", "CLIP-ViT-B-32-laion2B-s34B-b79K/last.safetensors",
    "CLIP-ViT-B-32-laion2B-s34B-b79K/a/b/model.safetensors", "ViT-B-32.safetensors",
  ])
  func aNameWithOtherWordsDecidesNothing(_ file: String) throws {
    let scratch = try ScratchFolder()
    let checkpoint = try checkpoint(scratch, file, of: "ViT-B-32")
    guard
      case .undecided? = #expect(
        throws: ConvertError.self, performing: { try identify(checkpoint, registry: .builtIn) })
    else {
      Issue.record("\(file) was taken for something, or refused for another reason")
      return
    }
  }

  @Test func aRegisteredClassifierHasTheNamesOfImageNet() throws {
    let scratch = try ScratchFolder()
    let manifest = try #require(Registry.builtIn.manifest("deit_tiny_patch16_224"))
    let layout = try #require(CheckpointLayout.named("timm-vit"))
    let checkpoint = try sparseCheckpoint(
      scratch, "deit_tiny_patch16_224.fb_in1k/model.safetensors", layout.sourceTensors(of: manifest.architecture))
    let model = try identify(checkpoint, registry: .builtIn)
    #expect(model.name.description == "deit_tiny_patch16_224:fb_in1k")
    let labels = try #require(model.labels)
    #expect(labels.count == 1000 && labels[0] == "tench" && labels[999] == "toilet paper")
  }

  @Test func aFineTuneRunsLikeARegisteredTagUnderItsOwn() throws {
    let scratch = try ScratchFolder()
    let checkpoint = try checkpoint(scratch, "cats.safetensors", of: "ViT-H-14")
    var options = ConversionOptions()
    options.model = ModelName("ViT-H-14:cats")
    guard
      case .undecided(_, ["how 'cats' was trained"], let tags, ["--like TAG"])? = #expect(
        throws: ConvertError.self, performing: { try identify(checkpoint, options: options, registry: .builtIn) })
    else {
      Issue.record("another error")
      return
    }
    #expect(tags.count == 5)
    options.like = "dfn5b"
    let model = try identify(checkpoint, options: options, registry: .builtIn)
    #expect(model.name.description == "ViT-H-14:cats")
    #expect(model.architecture.activations == TowerActivations(vision: .quickGELU, text: .quickGELU))
    #expect(model.preprocessing?.resizeMode == .squash)
    #expect(
      model.notes == ["It is run like ViT-H-14:dfn5b, from which --like says it was fine-tuned."])
    options.visionActivation = .gelu
    let changed = try identify(checkpoint, options: options, registry: .builtIn)
    #expect(changed.architecture.activations.vision == .gelu)
    #expect(
      changed.notes.last
        == "The activation of the image tower is gelu by the option and quick_gelu by ViT-H-14:dfn5b: the option wins.")
    options.model = ModelName("ViT-H-14:dfn5b")
    #expect(throws: ConvertError.badLike("dfn5b", reason: "--as must give the fine-tune a tag that is not registered"))
    {
      try identify(checkpoint, options: options, registry: .builtIn)
    }
    options.model = nil
    #expect(throws: ConvertError.badLike("dfn5b", reason: "--as ARCHITECTURE:MY-TAG must go with it")) {
      try identify(checkpoint, options: options, registry: .builtIn)
    }
  }

  private static let config = """
    {"model_cfg": {"embed_dim": 512, "vision_cfg": {"image_size": 224, "layers": 12, "width": 768, "patch_size": 32},
     "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 512, "heads": 8, "layers": 12}}}
    """

  /// The name of the index says nothing, whatever the precision of its shards.
  @Test func shardsOfAPrecisionAreCalledLikeTheirFolder() throws {
    let scratch = try ScratchFolder()
    let names = try ["cats", "dogs", "runs/one", "runs/out"].map { folder in
      let shard = "model.fp16-00001-of-00001.safetensors"
      let tensors = try checkpoint(scratch, "\(folder)/\(shard)", of: "ViT-B-32").entries
      let map = Dictionary(uniqueKeysWithValues: tensors.map { ($0.name, shard) })
      try JSONSerialization.data(withJSONObject: ["weight_map": map])
        .write(to: URL(filePath: scratch.file("\(folder)/model.safetensors.index.fp16.json")))
      try Data(Self.config.utf8).write(to: URL(filePath: scratch.file("\(folder)/open_clip_config.json")))
      return try identify(Checkpoint.open(scratch.file(folder)), registry: .builtIn).name.description
    }
    #expect(names.prefix(3) == ["ViT-B-32:cats", "ViT-B-32:dogs", "ViT-B-32:one"])
    #expect(names[3].wholeMatch(of: /ViT-B-32:model-[0-9a-f]{8}/) != nil, "\(names[3])")
  }

  @Test func filesWithNamesThatSayNothingDoNotCollide() throws {
    let scratch = try ScratchFolder()
    func name(_ file: String) throws -> String {
      let checkpoint = try checkpoint(scratch, file, of: "ViT-B-32")
      let folder = URL(filePath: checkpoint.path).deletingLastPathComponent()
      try Data(Self.config.utf8).write(to: folder.appending(path: "open_clip_config.json"))
      return try identify(checkpoint, registry: .builtIn).name.description
    }
    #expect(try name("cats/checkpoints/epoch_3.safetensors") == "ViT-B-32:cats-epoch_3")
    #expect(try name("cats/checkpoints/epoch_4.safetensors") == "ViT-B-32:cats-epoch_4")
    #expect(try name("cats/run2/last.fp16.safetensors") == "ViT-B-32:cats-run2")
    #expect(try name("cats/b/checkpoint.safetensors") == "ViT-B-32:cats-b")
    #expect(try name("cats/open_clip_pytorch_model.bf16.safetensors") == "ViT-B-32:cats")
    #expect(try name("dogs/model.safetensors") == "ViT-B-32:dogs")
    #expect(try name("birds.safetensors") == "ViT-B-32:birds")
    #expect(try name("runs/openai.safetensors") == "ViT-B-32:openai")
    let nameless = try name("runs/out/best.safetensors"), prefix = "ViT-B-32:model-"
    #expect(nameless.hasPrefix(prefix) && nameless.count == prefix.count + 8)
  }
}
