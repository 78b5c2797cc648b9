import Foundation
import Testing
import ZooCheckpoints
import ZooConvert
import ZooManifests
import ZooModels
import ZooTensors
import ZooTestSupport

/// Files with the names of the code that models were first published with.
@Suite struct OriginalLayoutTests {
  /// The files made by `Tools/golden/make_originals.py`; if the original head has no bias, the registered architecture's is zero.
  @Test(arguments: [
    ("pe_core", "pe-core", false), ("pe_core_gigantic", "pe-core", false), ("eva01", "eva-clip", true),
    ("eva02", "eva-clip", true), ("mobileclip_base", "mobileclip", false), ("longclip", "openclip", true),
  ])
  func theyBecomeTheTensorsOfOpenCLIPsFile(family: String, layout: String, hasHeadBias: Bool) throws {
    let scratch = try ScratchFolder()
    let folder = Golden.url("families/\(family)/checkpoints").path
    let published = try converted("\(folder)/openclip/open_clip_model.safetensors", in: scratch)
    var options = ConversionOptions()
    options.configuration = "\(folder)/openclip/open_clip_config.json"
    let original = try converted("\(folder)/original/model.pt", options, in: scratch)
    #expect(original.model.layout.name == layout)
    #expect(original.model.architecture.vision == published.model.architecture.vision)
    #expect(original.model.architecture.text == published.model.architecture.text)
    var expected = try contents(published.weights), found = try contents(original.weights)
    if !hasHeadBias {
      #expect(try original.weights.tensor("vision.projection.bias").floats()?.allSatisfy { $0 == 0 } == true)
      (expected["vision.projection.bias"], found["vision.projection.bias"]) = (nil, nil)
    }
    #expect(found == expected)
  }

  /// The archive and timm's file made by `Tools/golden/make_originals.py`.
  @Test func aResNetIsReadFromOpenAIsArchiveAndFromTimm() throws {
    let scratch = try ScratchFolder()
    let folder = Golden.url("families/resnet/checkpoints").path
    let published = try converted("\(folder)/openclip/open_clip_model.safetensors", in: scratch)
    let expected = try contents(published.weights), vision = try #require(published.model.architecture.vision)
    #expect(vision.stem == .resNet(ResNetStem(width: 4, bottlenecks: [2, 1, 2, 1])))
    #expect(vision.prefixTokens == 1 && vision.depth == 1 && vision.blocks.activation == .relu)
    var options = ConversionOptions()
    // OpenAI's models have heads of width 64.
    (options.visionHeads, options.textHeads) = (8, 4)
    let archive = try converted("\(folder)/openai/model.pt", options, in: scratch)
    #expect(archive.model.layout.name == "openclip")
    #expect(archive.model.architecture.vision == vision)
    #expect(archive.model.architecture.text == published.model.architecture.text)
    #expect(try contents(archive.weights) == expected)
    let timm = try converted("\(folder)/timm/model.safetensors", options, in: scratch)
    #expect(timm.model.layout.name == "timm-resnet-image")
    #expect(timm.model.architecture.vision == vision)
    #expect(try contents(timm.weights) == expected.filter { $0.key.hasPrefix("vision.") })
  }

  /// At full size, from names and shapes alone.
  @Test(arguments: [
    ("pe-core", "PE-Core-B-16"), ("pe-core", "PE-Core-L-14-336"), ("pe-core", "PE-Core-bigG-14-448"),
    ("pe-core", "PE-Core-S-16-384"), ("pe-core", "PE-Core-T-16-384"), ("eva-clip", "EVA01-g-14"),
    ("eva-clip", "EVA01-g-14-plus"), ("eva-clip", "EVA02-B-16"), ("eva-clip", "EVA02-L-14"),
    ("eva-clip", "EVA02-L-14-336"), ("eva-clip", "EVA02-E-14"), ("eva-clip", "EVA02-E-14-plus"),
    ("mobileclip", "MobileCLIP-B"), ("openclip", "RN50"), ("openclip", "RN50x64"), ("openclip-text", "RN101"),
  ])
  func registeredArchitecturesAreRecognised(layout name: String, architecture: String) throws {
    let manifest = try #require(Registry.builtIn.manifest(architecture))
    let layout = try #require(CheckpointLayout.named(name))
    #expect(layout.holds(manifest.architecture))
    let headers = Headers(
      layout.sourceTensors(of: manifest.architecture).map { .init(name: $0.name, dtype: .f16, shape: $0.shape) })
    #expect(try detectLayout(headers, path: architecture).name == name)
    #expect(candidates(layout, headers, .builtIn).contains(manifest))
  }

  @Test func longCLIPsTablesSayHowLongItsPromptsAre() throws {
    let folder = Golden.url("families/longclip/checkpoints").path, scratch = try ScratchFolder()
    let file = scratch.file("open_clip_config.json")
    let config = try String(contentsOfFile: "\(folder)/openclip/open_clip_config.json", encoding: .utf8)
    try config.replacing("\"context_length\": 248", with: "\"context_length\": 77")
      .write(toFile: file, atomically: true, encoding: .utf8)
    var options = ConversionOptions()
    options.configuration = file
    let conversion = try planned("\(folder)/original/model.pt", options)
    let (model, plan) = (conversion.model, conversion.plan)
    #expect(model.architecture.text?.contextLength == 248)
    #expect(
      withoutTokenizerNotes(model.notes) == [
        "open_clip_config.json says 77 text positions; the tables of Long-CLIP have 248, all of which are used."
      ])
    let row = plan.rows.first { $0.target == "text.positions" }
    #expect(
      row.map { "\($0.expression)" } == "concat(positional_embedding[0..<20], positional_embedding_res[20..<248])")
  }

  /// Names and shapes as written by transformers, timm and Apple's code.
  @Test(arguments: [
    (["image_encoder.model.patch_embed.0.reparam_conv.weight"], "MobileCLIP-B is a ViT"),
    (["visual.trunk.stem.0.conv_kxk.0.conv.weight", "text.token_embedding.weight"], "MobileCLIP-B is a ViT"),
    (["text_model.roberta.embeddings.word_embeddings.weight"], "is a checkpoint of AltCLIP"),
    (
      ["text_model.embeddings.word_embeddings.weight", "vision_model.embeddings.class_embedding"],
      "the tensor names of transformers' ChineseCLIPModel are not read"
    ),
    (
      [
        "vision_model.head.probe", "vision_model.embeddings.patch_embedding.weight", "classifier.weight",
        "classifier.bias",
      ], "is a SiglipForImageClassification"
    ),
  ])
  func whatDoesNotRunIsRefusedByName(names: [String], expected: String) throws {
    let scratch = try ScratchFolder()
    let writer = try SafetensorsWriter(
      scratch.file("model.safetensors"), tensors: names.map { ($0, .f32, [1]) }, metadata: [:])
    for _ in names { try [Float(0)].withUnsafeBytes { try writer.append($0) } }
    try writer.finish()
    let checkpoint = try Checkpoint.open(scratch.file("model.safetensors"))
    let error = #expect(throws: ConvertError.self) { try identify(checkpoint, registry: .builtIn) }
    #expect("\(try #require(error))".contains(expected))
  }

  /// open_clip's `proj_type: none`: embeddings are the tokens themselves.
  @Test func aTextTowerNeedsNoProjection() throws {
    var architecture = try #require(Registry.builtIn.manifest("ViT-B-16-SigLIP")).architecture
    architecture.text?.projection = .none
    for name in ["openclip-timm", "transformers-siglip"] {
      let layout = try #require(CheckpointLayout.named(name))
      let headers = Headers(
        layout.sourceTensors(of: architecture).map { .init(name: $0.name, dtype: .f32, shape: $0.shape) })
      #expect(makePlan(layout, architecture, headers).problems == [])
    }
  }

  @Test func aSingleElementIsAScalar() throws {
    let architecture = try #require(Registry.builtIn.manifest("PE-Core-B-16")).architecture
    for name in ["pe-core", "openclip-timm"] {
      let layout = try #require(CheckpointLayout.named(name))
      let headers = Headers(
        layout.sourceTensors(of: architecture).map {
          .init(name: $0.name, dtype: .f32, shape: $0.name == "logit_scale" ? [1] : $0.shape)
        })
      #expect(makePlan(layout, architecture, headers).problems == [])
    }
  }

  @Test func aSiglip2ModelIsNotASiglipModel() throws {
    let path = Golden.url("families/siglip2_hf/checkpoints/hf/model.safetensors").path
    let conversion = try planned(path)
    let (checkpoint, model, plan) = (conversion.checkpoint, conversion.model, conversion.plan)
    #expect(model.layout.name == "transformers-siglip2")
    #expect(plan.dropped == [])
    let vision = try #require(model.architecture.vision)
    #expect(vision.image == GridSize(height: 40, width: 40))
    #expect(vision.positionGrid == GridSize(height: 3, width: 3))
    #expect(vision.resampling == .bilinearAntialias)
    #expect(model.preprocessing?.interpolation == .bilinear)
    #expect(model.preprocessing?.resizeMode == .squash)
    #expect(model.preprocessing?.naflex == NaFlex(patch: 8, maxPatches: 26))
    #expect(model.notes.contains { $0.contains("is cut into up to 26 patches") })
    let mismatch = layoutMismatches(Headers(checkpoint)).first { $0.layout == "transformers-siglip" }
    #expect(
      mismatch?.reasons == [
        "'vision_model.embeddings.patch_embedding.weight' is 48x192, which is not a tensor of 4 axes"
      ])
  }
}
