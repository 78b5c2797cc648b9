import Foundation
import Testing
import ZooCheckpoints
import ZooConvert
import ZooModels
import ZooTensors
import ZooTestSupport

/// Every golden checkpoint converts, and all layouts of one model become the same tensors.
@Suite struct GoldenModelTests {
  @Test(arguments: [
    ("clip_gelu/checkpoints/openclip/open_clip_model.safetensors", "openclip"),
    ("clip_gelu/checkpoints/custom_text/open_clip_model.safetensors", "openclip-text"),
    ("clip_gelu/checkpoints/hf/model.safetensors", "transformers-clip"),
    ("clip_gelu/checkpoints/hf_sharded/model.safetensors.index.json", "transformers-clip"),
    ("clip_h14style/checkpoints/openclip/open_clip_model.safetensors", "openclip"),
    ("clip_layerscale/checkpoints/openclip/open_clip_model.safetensors", "openclip-text"),
    ("clip_quickgelu/checkpoints/openclip/open_clip_model.safetensors", "openclip"),
    ("clip_quickgelu/checkpoints/hf_old/pytorch_model.bin", "transformers-clip"),
    ("coca/checkpoints/openclip/open_clip_model.safetensors", "openclip-coca"),
    ("openai_jit/checkpoints/openai/ViT-tiny.pt", "openclip"),
    ("siglip/checkpoints/hf/model.safetensors", "transformers-siglip"),
    ("siglip/checkpoints/hf_erf_sharded/model.safetensors.index.json", "transformers-siglip"),
    ("siglip2/checkpoints/hf/model.safetensors", "transformers-siglip"),
    ("vit_classifier/checkpoints/timm/model.safetensors", "timm-vit"),
    ("vit_classifier/checkpoints/augreg_npz/vit.npz", "google-vit"),
    ("vit_classifier/checkpoints/augreg_npz_optimizer/vit.npz", "google-vit"),
  ])
  func aCheckpointIsIdentifiedAsTheCaseDescribesIt(path: String, layout: String) throws {
    var options = ConversionOptions()
    if layout == "timm-vit" { options.visionHeads = 4 }
    let conversion = try planned(golden(path), options)
    let (model, plan) = (conversion.model, conversion.plan)
    #expect(model.layout.name == layout)
    #expect(plan.rows.map(\.target) == model.architecture.tensors.map(\.name))
    try expectArchitecture(model, ofCase: String(path.split(separator: "/")[0]), path: path)
  }

  /// The dimensions and choices of `case.json`.
  private func expectArchitecture(_ model: IdentifiedModel, ofCase name: String, path: String) throws {
    let file = try #require(try Golden.json("models/\(name)/case.json") as? [String: Any])
    let expected = try #require(file["architecture"] as? [String: Any])
    let vision = try #require(expected["vision"] as? [String: Any])
    func same(_ field: String, _ value: Int, _ dictionary: [String: Any]) {
      #expect(dictionary[field] as? Int == value, "\(field) of \(path)")
    }
    let tower = try #require(model.architecture.vision)
    same("width", tower.blocks.width, vision)
    same("layers", tower.blocks.layers, vision)
    same("heads", tower.blocks.heads, vision)
    same("mlp_width", tower.blocks.mlpWidth, vision)
    same("patch_size", tower.patch, vision)
    same("prefix_tokens", tower.prefixTokens, vision)
    #expect(vision["image_size"] as? [Int] == [tower.image.height, tower.image.width])
    #expect(vision["pre_norm"] as? Bool == tower.normPre)
    #expect(vision["patch_bias"] as? Bool == tower.patchBias)
    let eps = try #require(expected["layer_norm_eps"] as? Double)
    #expect(abs(Double(tower.blocks.normEps) - eps) < eps * 1e-5)
    let isTanh = ["siglip/checkpoints/hf/", "siglip2/checkpoints/hf/"].contains { path.hasPrefix($0) }
    let act = expected["activation"] ?? expected["activation_vision"]
    #expect(tower.blocks.activation.rawValue == (isTanh ? "gelu_tanh" : act as? String))
    let preprocess = try #require(file["preprocess"] as? [String: Any])
    #expect(preprocess["resize_mode"] as? String == model.preprocessing?.resizeMode.rawValue)
    #expect(preprocess["interpolation"] as? String == model.preprocessing?.interpolation.rawValue)
    #expect((preprocess["mean"] as? [Double])?.map { Float($0) } == model.preprocessing?.mean)
    let size = try #require(model.preprocessing).size
    #expect(preprocess["size"] as? [Int] == [size.height, size.width])
    guard let text = expected["text"] as? [String: Any] else {
      #expect(model.architecture.text == nil)
      return same("num_classes", model.architecture.embedding, expected)
    }
    same("embed_dim", model.architecture.embedding, expected)
    let textTower = try #require(model.architecture.text)
    same("width", textTower.blocks.width, text)
    same("layers", textTower.blocks.layers, text)
    same("heads", textTower.blocks.heads, text)
    same("mlp_width", textTower.blocks.mlpWidth, text)
    same("context_length", textTower.contextLength, text)
    same("vocab_size", textTower.vocabulary, text)
    #expect(text["causal"] as? Bool == textTower.causal)
    let poolings: [String: TextPooling] = ["argmax": .argmax, "last": .last, "appended_cls": .classToken]
    #expect(poolings[text["pooling"] as? String ?? ""] == textTower.pooling)
    if let pad = (file["tokenizer"] as? [String: Any])?["pad_id"] as? Int { #expect(textTower.tokenizer.padID == pad) }
  }

  @Test(arguments: [
    ("clip_gelu", "openclip/open_clip_model.safetensors", "custom_text/open_clip_model.safetensors"),
    ("clip_gelu", "openclip/open_clip_model.safetensors", "hf/model.safetensors"),
    ("clip_gelu", "openclip/open_clip_model.safetensors", "hf_sharded/model.safetensors.index.json"),
    ("clip_gelu", "openclip/open_clip_model.safetensors", "sharded/model.safetensors.index.json"),
    ("clip_gelu", "openclip/open_clip_model.safetensors", "torch_zip/open_clip_pytorch_model.bin"),
    ("clip_gelu", "openclip/open_clip_model.safetensors", "torch_wrapped/epoch_32.pt"),
    ("clip_gelu", "openclip/open_clip_model.safetensors", "torch_legacy/open_clip_pytorch_model.pt"),
    ("clip_quickgelu", "openclip/open_clip_model.safetensors", "hf_old/pytorch_model.bin"),
    ("siglip", "openclip/open_clip_model.safetensors", "hf/model.safetensors"),
    ("siglip", "openclip/open_clip_model.safetensors", "hf_erf_sharded/model.safetensors.index.json"),
    ("siglip", "openclip/open_clip_model.safetensors", "npz_stored/siglip.npz"),
    ("siglip", "openclip/open_clip_model.safetensors", "npz_deflated/siglip.npz"),
    ("siglip", "openclip/open_clip_model.safetensors", "npz_scan/siglip.npz"),
    ("siglip2", "openclip/open_clip_model.safetensors", "hf/model.safetensors"),
    ("siglip2", "openclip/open_clip_model.safetensors", "npz_scan/siglip2.npz"),
    ("vit_classifier", "timm/model.safetensors", "augreg_npz/vit.npz"),
    ("vit_classifier", "timm/model.safetensors", "augreg_npz_optimizer/vit.npz"),
  ])
  func pairedLayoutsBecomeTheSameTensorsBitForBit(model: String, first: String, second: String) throws {
    let scratch = try ScratchFolder()
    let one = try converted(golden("\(model)/checkpoints/\(first)"), goldenOptions(model), in: scratch)
    var other = goldenOptions(model)
    // If there is nothing beside the weights, the first one's configuration describes both.
    let folder = (golden("\(model)/checkpoints/\(second)") as NSString).deletingLastPathComponent
    if !FileManager.default.fileExists(atPath: "\(folder)/config.json") {
      let file = golden("\(model)/checkpoints/openclip/open_clip_config.json")
      if FileManager.default.fileExists(atPath: file) { other.configuration = file }
    }
    let two = try converted(golden("\(model)/checkpoints/\(second)"), other, in: scratch)
    #expect(try contents(one.weights) == contents(two.weights))
    #expect(one.weights.entries.map(\.name) == one.model.architecture.tensors.map(\.name))
    #expect(one.description.digests == two.description.digests)
  }

  @Test(arguments: [
    ("clip_gelu/checkpoints/openclip_fp16", DType.f16), ("clip_gelu/checkpoints/openclip_bf16", .bf16),
  ])
  func halfPrecisionIsKeptOrWidenedExactly(folder: String, dtype: DType) throws {
    let scratch = try ScratchFolder()
    var options = ConversionOptions()
    options.configuration = golden("clip_gelu/checkpoints/openclip/open_clip_config.json")
    let path = golden("\(folder)/open_clip_model.safetensors")
    let kept = try converted(path, options, in: scratch)
    let widened = try converted(path, options, in: scratch, dtype: .f32)
    let source = try Checkpoint.open(path)
    for entry in widened.weights.entries { #expect(entry.dtype == .f32) }
    #expect(kept.weights.entry("vision.patch.weight")?.dtype == dtype)
    let wide = try widened.weights.tensor("vision.blocks.1.qkv.weight").floats()
    #expect(try source.tensor("visual.transformer.resblocks.1.attn.in_proj_weight").floats() == wide)
  }

  @Test func brainFloatLeavesOfAnNPZAreKept() throws {
    let scratch = try ScratchFolder()
    var options = ConversionOptions()
    (options.visionActivation, options.textActivation) = (.geluTanh, .geluTanh)
    let result = try converted(golden("siglip/checkpoints/npz_bf16/siglip.npz"), options, in: scratch)
    let types = Set(result.weights.entries.map(\.dtype))
    #expect(types == [.bf16, .f32])
    #expect(result.model.architecture.text?.blocks.activation == .geluTanh)
    #expect(result.model.architecture.vision?.blocks.heads == 4)
    #expect(result.model.architecture.text?.blocks.heads == 2)
  }

  @Test(arguments: [
    ("ViT-Ti-8-emoji/open_clip_model.safetensors", "ViT-Ti-8-emoji", ["bpe_simple_vocab_16e6.txt.gz"]),
    ("ViT-Ti-8-SigLIP-emoji/open_clip_model.safetensors", "ViT-Ti-8-SigLIP-emoji", ["tokenizer.json"]),
  ])
  func theDemoModelsConvertWithNothingSaid(path: String, name: String, tokenizer: [String]) throws {
    let scratch = try ScratchFolder()
    let result = try converted(Golden.repository.appending(path: "Examples/\(path)").path, in: scratch)
    #expect(result.model.name == ModelName(architecture: name, tag: "local"))
    #expect(result.description.tokenizerFiles == tokenizer)
    #expect(result.description.digests.count == result.model.architecture.tensors.count)
  }

  @Test func theDemosNPZIsTheSameModel() throws {
    let scratch = try ScratchFolder()
    let folder = Golden.repository.appending(path: "Examples/ViT-Ti-8-SigLIP-emoji").path
    let one = try converted("\(folder)/open_clip_model.safetensors", in: scratch)
    let two = try converted("\(folder)/siglip_emoji_bv.npz", in: scratch, dtype: .f16)
    #expect(one.model.architecture.vision?.resampling == .bicubicAntialias)
    #expect(two.model.architecture.vision?.resampling == .bilinearCorners)
    var vision = two.model.architecture.vision
    vision?.resampling = .bicubicAntialias
    #expect(one.model.architecture.vision == vision)
    #expect(one.model.architecture.text == two.model.architecture.text)
    #expect(one.model.architecture.text?.tokenizer.padID == 1)
    #expect(one.model.architecture.vision?.blocks.activation == .geluTanh)
    let names = one.weights.entries.map(\.name)
    #expect(names == two.weights.entries.map(\.name))
  }
}
