import Foundation
import Testing
import ZooCheckpoints
import ZooConvert
import ZooManifests
import ZooModels
import ZooTensors
import ZooTestSupport

/// The sources of choices that tensors do not reveal.
@Suite struct IdentifyTests {
  /// A sparse file with the tensors of a registered architecture, all zeros.
  private func checkpoint(_ scratch: ScratchFolder, _ name: String, of architecture: String) throws -> Checkpoint {
    let manifest = try #require(Registry.builtIn.manifest(architecture))
    let layout = try #require(CheckpointLayout.named("openclip"))
    return try sparseCheckpoint(scratch, name, layout.sourceTensors(of: manifest.architecture))
  }

  @Test(arguments: [
    ("openclip-vit-h14.safetensors", "ViT-H-14", "ViT-H-14:laion2b_s32b_b79k", Activation.gelu),
    ("ViT-H-14-laion2b_s32b_b79k.safetensors", "ViT-H-14", "ViT-H-14:laion2b_s32b_b79k", .gelu),
    ("vit-h-14-dfn5b.safetensors", "ViT-H-14", "ViT-H-14:dfn5b", .quickGELU),
    ("ViT-H-14-quickgelu-dfn5b.safetensors", "ViT-H-14", "ViT-H-14-quickgelu:dfn5b", .quickGELU),
    (
      "CLIP-ViT-H-14-laion2B-s32B-b79K/open_clip_model.safetensors", "ViT-H-14", "ViT-H-14:laion2b_s32b_b79k", .gelu
    ),
    (
      "models--laion--CLIP-ViT-B-32-laion2B-s34B-b79K/snapshots/0123abcd/open_clip_model.safetensors", "ViT-B-32",
      "ViT-B-32:laion2b_s34b_b79k", .gelu
    ),
    ("vit_b_32-quickgelu-laion400m_e32-46683a32.safetensors", "ViT-B-32", "ViT-B-32:laion400m_e32", .quickGELU),
  ])
  func namesTellTheModel(file: String, architecture: String, expected: String, activation: Activation) throws {
    let scratch = try ScratchFolder()
    let model = try identify(try checkpoint(scratch, file, of: architecture), registry: .builtIn)
    #expect(model.name.description == expected)
    #expect(model.architecture.activations == TowerActivations(vision: activation, text: activation))
  }

  @Test func anArchitectureAloneIsRefusedWithItsTags() throws {
    let scratch = try ScratchFolder()
    let checkpoint = try checkpoint(scratch, "vit-h14.safetensors", of: "ViT-H-14")
    let error = #expect(throws: ConvertError.self) { try identify(checkpoint, registry: .builtIn) }
    #expect(
      error?.description
        == "\(checkpoint.path) does not say which architecture and which weights it has; its shapes fit "
        + "ViT-H-14:laion2b_s32b_b79k, ViT-H-14:metaclip_fullcc, ViT-H-14:metaclip_altogether, ViT-H-14:dfn5b, "
        + "ViT-H-14:georsclip; settle it with --as ARCHITECTURE:TAG")
  }

  @Test func withNoNameAllCandidatesAreListed() throws {
    let scratch = try ScratchFolder()
    let checkpoint = try checkpoint(scratch, "model.safetensors", of: "ViT-L-14-336")
    guard
      case .undecided(_, _, let names, _)? = #expect(
        throws: ConvertError.self, performing: { try identify(checkpoint, registry: .builtIn) })
    else {
      Issue.record("another error")
      return
    }
    #expect(
      names.map(\.description) == [
        "ViT-L-14-336:openai", "ViT-L-14-336-quickgelu:openai", "ViT-L-14-336-quickgelu:streetclip",
      ])
  }

  @Test func optionsWinOverNamesAndFiles() throws {
    let scratch = try ScratchFolder()
    let checkpoint = try checkpoint(scratch, "ViT-H-14-laion2b_s32b_b79k.safetensors", of: "ViT-H-14")
    var options = ConversionOptions()
    options.model = ModelName("ViT-H-14:dfn5b")
    options.textActivation = .geluTanh
    let model = try identify(checkpoint, options: options, registry: .builtIn)
    #expect(model.name.description == "ViT-H-14:dfn5b")
    #expect(model.architecture.activations == TowerActivations(vision: .quickGELU, text: .geluTanh))
    #expect(model.preprocessing?.resizeMode == .squash)
  }

  @Test func aConfigurationWinsOverANameAndTheConflictIsNoted() throws {
    let scratch = try ScratchFolder()
    let checkpoint = try checkpoint(scratch, "ViT-B-32-openai.safetensors", of: "ViT-B-32")
    try Data(
      """
      {"model_cfg": {"embed_dim": 512, "vision_cfg": {"image_size": 224, "layers": 12, "width": 768, "patch_size": 32},
       "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 512, "heads": 8, "layers": 12}}}
      """.utf8
    ).write(to: URL(filePath: scratch.file("open_clip_config.json")))
    let model = try identify(checkpoint, registry: .builtIn)
    #expect(model.name.description == "ViT-B-32:openai")
    #expect(model.architecture.vision?.blocks.activation == .gelu)
    #expect(
      model.notes == [
        "The activation of the image tower is gelu by open_clip_config.json and quick_gelu by ViT-B-32:openai: "
          + "open_clip_config.json wins.",
        "The activation of the text tower is gelu by open_clip_config.json and quick_gelu by ViT-B-32:openai: "
          + "open_clip_config.json wins.",
      ])
    var options = ConversionOptions()
    options.model = ModelName("ViT-B-32:openai")
    let asked = try identify(checkpoint, options: options, registry: .builtIn)
    #expect(asked.architecture.vision?.blocks.activation == .quickGELU)
    #expect(asked.notes.first?.hasSuffix("by open_clip_config.json: --as ViT-B-32:openai wins.") == true)
  }

  /// Another program's `config.json`.
  @Test(arguments: [
    (
      #"{"model_type": "llama", "hidden_size": 4096}"#,
      "its model_type 'llama' is not one of clip, metaclip_2, siglip, siglip2 and tipsv2"
    ),
    (
      #"{"hidden_size": 4096}"#,
      "it has none of 'model_cfg' (OpenCLIP), 'model_type' (Hugging Face) and 'architecture' (timm)"
    ),
  ])
  func aConfigurationThatCannotBeUsedDoesNotBeatRegisteredWeights(_ text: String, _ problem: String) throws {
    let scratch = try ScratchFolder()
    let checkpoint = try checkpoint(scratch, "model.safetensors", of: "ViT-B-32")
    let file = scratch.file("config.json")
    try Data(text.utf8).write(to: URL(filePath: file))
    let reason = "\(file) cannot be used: \(problem)"
    let error = #expect(throws: ConvertError.self) { try identify(checkpoint, registry: .builtIn) }
    #expect(error?.description == reason)
    var options = ConversionOptions()
    options.model = ModelName("ViT-B-32:openai")
    let model = try identify(checkpoint, options: options, registry: .builtIn)
    #expect(model.name.description == "ViT-B-32:openai")
    #expect(model.notes.first?.hasPrefix(reason) == true)
    #expect(model.notes.first?.hasSuffix("--as ViT-B-32:openai says what the model is.") == true)
    // Nor does a name chosen by the caller: what is undecided is asked for as without the file.
    options.model = ModelName("ViT-B-32:cats")
    guard
      case .undecided(_, _, _, ["--like TAG"])? = #expect(
        throws: ConvertError.self, performing: { try identify(checkpoint, options: options, registry: .builtIn) })
    else {
      Issue.record("another error")
      return
    }
    options.like = "openai"
    #expect(try identify(checkpoint, options: options, registry: .builtIn).name.description == "ViT-B-32:cats")
  }

  @Test func anOptionThatContradictsTheNamedWeightsIsNoted() throws {
    let scratch = try ScratchFolder()
    let checkpoint = try checkpoint(scratch, "model.safetensors", of: "ViT-B-32")
    var options = ConversionOptions()
    options.model = ModelName("ViT-B-32:laion2b_s34b_b79k")
    options.visionActivation = .quickGELU
    let model = try identify(checkpoint, options: options, registry: .builtIn)
    #expect(model.architecture.vision?.blocks.activation == .quickGELU)
    #expect(
      model.notes.contains(
        "The activation of the image tower is quick_gelu by the option and gelu by ViT-B-32:laion2b_s34b_b79k: the option wins."
      ))
  }

  @Test func unsupportedArchitecturesAreRefusedWithTheReason() throws {
    let scratch = try ScratchFolder()
    let json = """
      {"architecture": {"name": "swin", "family": "swin", "embedding": 8, "unsupported": "its attention has windows",
        "foreign": [{"name": "stage.weight", "shape": [2]}, {"name": "layers.{N}.weight", "shape": [3], "count": 2}]},
       "weights": []}
      """
    let registry = try Registry(layers: [[(file: "swin.json", json: Data(json.utf8))]])
    let manifest = try #require(registry.manifest("swin"))
    let checkpoint = try sparseCheckpoint(scratch, "x.safetensors", manifest.architecture.foreign.flatMap(\.specs))
    let error = #expect(throws: ConvertError.self) { try identify(checkpoint, registry: registry) }
    #expect(
      error?.description
        == "\(checkpoint.path) is a swin, which cannot be converted: its attention has windows")
  }

  @Test func foreignTensorsAreRefusedWithTheReasonOfEveryLayout() throws {
    let scratch = try ScratchFolder()
    let checkpoint = try sparseCheckpoint(scratch, "x.safetensors", [TensorSpec(name: "weight", shape: [2])])
    guard
      case .unknownLayout(_, let diagnosis)? = #expect(
        throws: ConvertError.self, performing: { try identify(checkpoint, registry: .builtIn) })
    else {
      Issue.record("another error")
      return
    }
    #expect(diagnosis.mismatches.map(\.layout) == CheckpointLayout.all.map(\.name))
    #expect(diagnosis.mismatches.first?.reasons.first == "there is no 'visual.conv1.weight'")
  }

  @Test func tensorsOfTwoLayoutsAtOnceAreRefused() throws {
    let scratch = try ScratchFolder()
    let architecture = try #require(Registry.builtIn.manifest("ViT-B-32")).architecture
    let specs = ["openclip", "transformers-clip"].compactMap(CheckpointLayout.named).flatMap {
      $0.sourceTensors(of: architecture)
    }
    var seen: Set<String> = []
    let checkpoint = try sparseCheckpoint(scratch, "x.safetensors", specs.filter { seen.insert($0.name).inserted })
    let error = #expect(throws: ConvertError.self) { try identify(checkpoint, registry: .builtIn) }
    #expect(
      error?.description
        == "\(checkpoint.path) has the tensors of several layouts at once (openclip, transformers-clip)")
  }

  @Test(arguments: [
    ("webli_en_b16_224_63724782.npz", "ViT-B-16-SigLIP"), ("b16_224/webli.npz", "ViT-B-16-SigLIP"),
  ])
  func bigVisionFilesAreKnownByTheirNames(file: String, architecture: String) throws {
    let scratch = try ScratchFolder()
    let manifest = try #require(Registry.builtIn.manifest(architecture))
    let layout = try #require(CheckpointLayout.named("big-vision"))
    let checkpoint = try sparseCheckpoint(scratch, file, layout.sourceTensors(of: manifest.architecture))
    #expect(try identify(checkpoint, registry: .builtIn).name.description == "\(architecture):webli")
  }

  @Test func openAIsArchiveNeedsNothing() throws {
    let model = try identify(
      try Checkpoint.open(golden("openai_jit/checkpoints/openai/ViT-tiny.pt")), registry: .builtIn)
    #expect(model.name.description == "ViT-tiny:openai")
    #expect(model.architecture.activations == TowerActivations(vision: .quickGELU, text: .quickGELU))
  }

  @Test func aTrunkWithAnUnknownNameAsksForAllThatIsMissing() throws {
    let path = golden("siglip/checkpoints/openclip/open_clip_model.safetensors")
    let error = #expect(throws: ConvertError.self) { try identify(try Checkpoint.open(path), registry: .builtIn) }
    #expect(
      error?.description == "\(path) does not say how many heads the image tower has, the activation of the image "
        + "tower; settle it with --heads --activation")
  }

  /// `config/` of the hostile files, used as the configuration of a real checkpoint.
  @Test(arguments: [
    "patch_zero", "layers_negative", "layers_1e9", "width_not_divisible", "heads_zero", "embed_dim_string",
    "mlp_ratio_nan", "std_zero", "deep",
  ])
  func hostileConfigurationsAreRefusedByName(name: String) throws {
    var options = ConversionOptions()
    options.configuration = Golden.url("hostile/config/\(name).json").path
    let checkpoint = try Checkpoint.open(golden("clip_gelu/checkpoints/openclip/open_clip_model.safetensors"))
    let error = #expect(throws: ConvertError.self) {
      try identify(checkpoint, options: options, registry: .builtIn)
    }
    guard case .configuration? = error else {
      Issue.record("\(name): \(String(describing: error))")
      return
    }
  }

  @Test func thePlausibleConfigurationIsReadAndDoesNotFitOtherTensors() throws {
    var options = ConversionOptions()
    options.configuration = Golden.url("hostile/config/control.json").path
    let checkpoint = try Checkpoint.open(golden("clip_gelu/checkpoints/openclip/open_clip_model.safetensors"))
    let model = try identify(checkpoint, options: options, registry: .builtIn)
    #expect(model.architecture.vision?.blocks.width == 64)
    #expect(!makePlan(model.layout, model.architecture, Headers(checkpoint)).problems.isEmpty)
  }

  @Test func tokenizerFilesMayStandElsewhere() throws {
    var options = ConversionOptions()
    options.configuration = golden("siglip2/checkpoints/openclip/open_clip_config.json")
    (options.visionHeads, options.visionActivation) = (3, .gelu)
    options.tokenizer = Golden.url("tokenizers/gemma_tiny").path
    let checkpoint = try Checkpoint.open(golden("siglip2/checkpoints/npz_scan/siglip2.npz"))
    let model = try identify(checkpoint, options: options, registry: .builtIn)
    #expect(model.tokenizerFiles == [.path(Golden.url("tokenizers/gemma_tiny/tokenizer.json").path)])
    #expect(model.architecture.text?.tokenizer.padID == 0)
    #expect(model.architecture.text?.blocks.activation == .geluTanh)
  }
}

/// A sparse safetensors file of zeros, which takes no space on the disk.
func sparseCheckpoint(_ scratch: ScratchFolder, _ name: String, _ tensors: [TensorSpec]) throws -> Checkpoint {
  var end = 0
  var fields: [String] = []
  for spec in tensors {
    fields.append(
      "\"\(spec.name)\":{\"dtype\":\"F16\",\"shape\":\(spec.shape),\"data_offsets\":[\(end),\(end + 2 * spec.count)]}")
    end += 2 * spec.count
  }
  let header = "{\(fields.joined(separator: ","))}"
  let url = URL(filePath: scratch.file(name))
  try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
  var data = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Data($0) }
  data.append(Data(header.utf8))
  try data.write(to: url)
  let file = try FileHandle(forWritingTo: url)
  try file.truncate(atOffset: UInt64(data.count + end))
  try file.close()
  return try Checkpoint.open(url.path)
}
