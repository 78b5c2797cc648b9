import Testing
import ZooManifests
import ZooModels
import ZooTestSupport

@testable import ZooConvert

/// What is known of timm's towers by name, with the reference's shapes, gives the towers of the manifests.
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
    ("naflex_ViT-B-16", "naflexvit_base_patch16_gap"), ("naflex_ViT-B-32", "naflexvit_base_patch16_gap"),
  ])
  func aNameWithItsShapesIsTheManifestsTower(_ architecture: String, _ timmName: String) throws {
    let manifest = try #require(Registry.builtIn.manifest(architecture))
    let facts = TimmVision.measure(Headers(try ManifestTests.reference(architecture)), prefix: "visual.trunk.")
    var choices = VisionChoices()
    (choices.timmName, choices.image) = (timmName, manifest.architecture.vision?.image)
    try choices.adoptTimmDesign(nil, file: "open_clip_config.json")
    #expect(try facts.tower(choices, path: architecture) == manifest.architecture.vision)
  }

  @Test(arguments: [
    "eva02_tiny_patch14_224", "vit_pe_spatial_base_patch16_512", "vit_base_patch16_rope_224",
    "naflexvit_base_patch16_par_gap",
  ])
  func aNameThatMayHidePartsIsRefused(_ name: String) {
    var choices = VisionChoices()
    choices.timmName = name
    #expect(throws: ConvertError.self) { try choices.adoptTimmDesign(nil, file: "open_clip_config.json") }
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
}
