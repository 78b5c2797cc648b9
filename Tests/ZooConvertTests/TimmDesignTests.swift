import Foundation
import Testing
import ZooCheckpoints
import ZooManifests
import ZooModels
import ZooTestSupport

@testable import ZooConvert

/// The known facts about timm's towers, by name, combined with the reference's shapes, give the towers in the manifests.
@Suite struct TimmDesignTests {
  @Test(arguments: [
    ("EVA01-g-14", "eva_giant_patch14_clip_224"), ("EVA01-g-14-plus", "eva_giant_patch14_clip_224"),
    ("EVA02-B-16", "eva02_base_patch16_clip_224"), ("EVA02-L-14", "eva02_large_patch14_clip_224"),
    ("EVA02-L-14-336", "eva02_large_patch14_clip_336"), ("EVA02-E-14", "eva02_enormous_patch14_clip_224"),
    ("EVA02-E-14-plus", "eva02_enormous_patch14_clip_224"), ("PE-Core-T-16-384", "vit_pe_core_tiny_patch16_384"),
    ("PE-Core-S-16-384", "vit_pe_core_small_patch16_384"), ("PE-Core-B-16", "vit_pe_core_base_patch16_224"),
    ("PE-Core-L-14-336", "vit_pe_core_large_patch14_336"),
    ("PE-Core-bigG-14-448", "vit_pe_core_gigantic_patch14_448"), ("MobileCLIP-B", "vit_base_mci_224"),
    ("MobileCLIP2-B", "vit_base_mci_224"), ("MobileCLIP2-L-14", "vit_large_patch14_clip_224"),
    ("vit_medium_patch16_gap_256", "vit_medium_patch16_gap_256"),
    ("ViT-B-16-SigLIP2-naflex", "naflexvit_base_patch16_siglip"),
    ("ViT-SO400M-16-SigLIP2-naflex", "naflexvit_so400m_patch16_siglip"),
    ("moderntext-naflex_ViT-B-16", "naflexvit_base_patch16_map"),
    ("moderntext-naflex_ViT-SO150M2-16", "naflexvit_so150m2_patch16_reg1_map"),
    ("naflex_ViT-B-16", "naflexvit_base_patch16_gap"), ("naflex_ViT-B-32", "naflexvit_base_patch16_gap"),
  ])
  func aNameWithItsShapesIsTheManifestsTower(_ architecture: String, _ timmName: String) throws {
    let manifest = try #require(Registry.builtIn.manifest(architecture))
    let facts = TimmVision.measure(Headers(try ManifestTests.reference(architecture)), prefix: "visual.trunk.")
    var choices = VisionChoices()
    (choices.timmName, choices.image) = (timmName, manifest.architecture.vision?.image)
    choices.hasSwiGLU = manifest.architecture.vision?.blocks.gated == true && timmName.hasPrefix("naflex")
    try choices.adoptTimmDesign(nil, file: "open_clip_config.json")
    #expect(try facts.tower(choices, path: architecture) == manifest.architecture.vision)
  }

  @Test(arguments: [
    ("vit_pe_spatial_base_patch16_512", "timm's 'vit_pe_spatial_base_patch16_512' is not run: it has no final norm"),
    ("vit_base_patch16_rope_224", "timm's 'vit_base_patch16_rope_224' is not run: it has no position table"),
    (
      "beit_base_patch16_224.in22k",
      "timm's 'beit_base_patch16_224.in22k' is not run: its attention has relative position biases"
    ),
    (
      "deit_tiny_distilled_patch16_224",
      "timm's 'deit_tiny_distilled_patch16_224' is not run: it averages two heads on two class tokens"
    ),
    (
      "eva03_base_patch14_224",
      "timm 1.0.31 has no vision transformer 'eva03_base_patch14_224', and others may differ in what is run"
    ),
  ])
  func aModelThatIsNotRunIsRefusedWithItsReason(_ name: String, _ reason: String) {
    var choices = VisionChoices()
    choices.timmName = name
    #expect(throws: ConvertError.configuration(file: "config.json", reason: reason)) {
      try choices.adoptTimmDesign(nil, file: "config.json")
    }
  }

  @Test(arguments: [
    ("vit_base_patch16_clip_224", TimmDesign(heads: 12, eps: 1e-5)),
    ("vit_base_patch16_224.augreg_in21k", TimmDesign(heads: 12)),
    ("vit_base_patch16_gap_224", TimmDesign(heads: 16, pool: "avg")),
    ("vit_large_patch14_clip_quickgelu_336", TimmDesign(heads: 16, eps: 1e-5, activation: .quickGELU)),
    ("vit_base_patch16_rpn_224", TimmDesign(heads: 12, pool: "avg", postNorm: true)),
    ("vit_so400m_patch16_siglip_gap_256", TimmDesign(heads: 16, activation: .geluTanh, pool: "avg")),
    ("vit_base_patch32_plus_256", TimmDesign(heads: 14)),
    ("deit3_small_patch16_224", TimmDesign(heads: 6, positionsCoverPrefix: false)),
    (
      "vit_pe_core_large_patch14_336",
      TimmDesign(
        heads: 16, eps: 1e-5, pool: "map", poolsPrefix: true,
        rope: RotaryEmbedding(
          temperature: 10000, referenceGrid: GridSize(square: 24), offset: 1, indexing: .xy), poolerHeads: 8)
    ),
  ])
  func aNameImpliesWhatTimmBuilds(_ name: String, _ design: TimmDesign) {
    #expect(TimmModel.named(name) == .runs(design))
  }

  /// The table contains no unknown facts, duplicate names or missing head counts.
  @Test func theWholeTableIsRead() {
    let tables = [TimmNames.runnable, TimmNames.refused]
    let names = tables.flatMap { $0.split { " \n:".contains($0) }.map(String.init).filter { $0.contains("_") } }
      .filter { TimmModel.named($0) != nil }
    #expect(names.count == Set(names).count)
    #expect(names.count > 250)
    for name in names {
      if case .runs(let design) = TimmModel.named(name) { #expect((design.heads ?? 0) > 0) }
    }
  }

  @Test func whatTheConfigurationSaysWinsOverTheName() throws {
    var choices = VisionChoices()
    (choices.timmName, choices.heads, choices.eps) = ("vit_pe_core_base_patch16_224", 3, 1e-3)
    var arguments = TimmArguments()
    (arguments.attnPoolNumHeads, arguments.ropeGridOffset, arguments.ropeGridIndexing) = (4, 0.5, "ij")
    try choices.adoptTimmDesign(arguments, file: "open_clip_config.json")
    #expect((choices.heads, choices.poolerHeads) == (3, 4))
    #expect(choices.eps == 1e-3)
    #expect(
      choices.rope
        == RotaryEmbedding(temperature: 10000, referenceGrid: GridSize(square: 14), offset: 0.5, indexing: .ij))
    arguments.ropeGridIndexing = "yx"
    #expect(throws: ConvertError.self) { try choices.adoptTimmDesign(arguments, file: "open_clip_config.json") }
  }

  /// Names of tensors that match no layout, such as those of parallel blocks.
  @Test func aModelThatFitsNoLayoutIsRefusedByItsName() throws {
    let scratch = try ScratchFolder()
    let file = scratch.file("model.safetensors")
    let writer = try SafetensorsWriter(file, tensors: [("blocks.0.in_norm.weight", .f32, [1])], metadata: [:])
    try [Float(0)].withUnsafeBytes { try writer.append($0) }
    try writer.finish()
    try Data(#"{"architecture": "vit_pwee_patch16_reg1_gap_256"}"#.utf8)
      .write(to: URL(filePath: scratch.file("config.json")))
    let error = #expect(throws: ConvertError.self) { try identify(Checkpoint.open(file), registry: .builtIn) }
    #expect(
      error?.description
        == "\(file) is a vit_pwee_patch16_reg1_gap_256, which cannot be converted: its blocks run attention and MLP in parallel"
    )
  }
}
