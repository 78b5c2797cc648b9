import Foundation
import Testing
import ZooFixtures
import ZooImages
import ZooModels
import ZooRuntime
import ZooTestSupport

/// Embeddings and every block's output, compared with the original implementations.
@Suite struct GoldenForwardTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var name: String
    var checkpoint: String
    var configuration: String?
    var file = "forward.npz"
    var activation: (Activation, Activation)?
    var imageSize: Int?
    var group = "models"
    var testDescription: String { "\(name) \(checkpoint) \(file)" }
    /// How many times more products follow one another than in the blocks of other models: a ResNet's convolutions.
    var products: Double { name == "resnet" ? 4 : 1 }

    func load(_ arithmetic: Arithmetic = .standard) throws -> GoldenModel {
      try GoldenModel(
        name, checkpoint, group: group, configuration: configuration, algebra: try arithmetic.algebra()
      ) { options in
        if let activation { (options.visionActivation, options.textActivation) = (activation.0, activation.1) }
        options.imageSize = imageSize.map { GridSize(square: $0) }
      }
    }
  }

  static let cases: [Case] = [
    .init(name: "clip_gelu", checkpoint: "openclip/open_clip_model.safetensors"),
    .init(name: "clip_gelu", checkpoint: "custom_text/open_clip_model.safetensors"),
    .init(name: "clip_gelu", checkpoint: "hf/model.safetensors"),
    .init(name: "clip_gelu", checkpoint: "hf_sharded/model.safetensors.index.json"),
    .init(name: "clip_gelu", checkpoint: "sharded/model.safetensors.index.json", configuration: "openclip"),
    .init(name: "clip_gelu", checkpoint: "torch_zip/open_clip_pytorch_model.bin", configuration: "openclip"),
    .init(name: "clip_gelu", checkpoint: "torch_wrapped/epoch_32.pt", configuration: "openclip"),
    .init(name: "clip_gelu", checkpoint: "torch_legacy/open_clip_pytorch_model.pt", configuration: "openclip"),
    .init(
      name: "clip_gelu", checkpoint: "openclip_fp16/open_clip_model.safetensors", configuration: "openclip",
      file: "forward_fp16.npz"),
    .init(
      name: "clip_gelu", checkpoint: "openclip_bf16/open_clip_model.safetensors", configuration: "openclip",
      file: "forward_bf16.npz"),
    .init(name: "clip_quickgelu", checkpoint: "openclip/open_clip_model.safetensors"),
    .init(name: "clip_quickgelu", checkpoint: "hf_old/pytorch_model.bin"),
    .init(name: "clip_layerscale", checkpoint: "openclip/open_clip_model.safetensors"),
    .init(name: "clip_h14style", checkpoint: "openclip/open_clip_model.safetensors"),
    .init(name: "openai_jit", checkpoint: "openai/ViT-tiny.pt"),
    .init(name: "coca", checkpoint: "openclip/open_clip_model.safetensors"),
    .init(
      name: "siglip", checkpoint: "openclip/open_clip_model.safetensors", file: "forward_erf.npz",
      activation: (.gelu, .gelu)),
    .init(
      name: "siglip", checkpoint: "openclip/open_clip_model.safetensors", file: "forward_tanh.npz",
      activation: (.geluTanh, .geluTanh)),
    .init(name: "siglip", checkpoint: "hf/model.safetensors", file: "forward_tanh.npz"),
    .init(name: "siglip", checkpoint: "hf_erf_sharded/model.safetensors.index.json", file: "forward_erf.npz"),
    .init(
      name: "siglip", checkpoint: "npz_stored/siglip.npz", configuration: "openclip", file: "forward_tanh.npz",
      activation: (.geluTanh, .geluTanh)),
    .init(
      name: "siglip", checkpoint: "npz_deflated/siglip.npz", configuration: "openclip", file: "forward_erf.npz",
      activation: (.gelu, .gelu)),
    .init(
      name: "siglip", checkpoint: "npz_scan/siglip.npz", configuration: "openclip", file: "forward_tanh.npz",
      activation: (.geluTanh, .geluTanh)),
    .init(
      name: "siglip", checkpoint: "npz_bf16/siglip.npz", configuration: "openclip", file: "forward_npz_bf16_tanh.npz",
      activation: (.geluTanh, .geluTanh)),
    .init(
      name: "siglip2", checkpoint: "openclip/open_clip_model.safetensors", file: "forward_erf_tanh.npz",
      activation: (.gelu, .geluTanh)),
    .init(name: "siglip2", checkpoint: "hf/model.safetensors", file: "forward_tanh_tanh.npz"),
    .init(
      name: "siglip2", checkpoint: "npz_scan/siglip2.npz", configuration: "openclip", file: "forward_erf_tanh.npz",
      activation: (.gelu, .geluTanh)),
    .init(name: "vit_classifier", checkpoint: "timm/model.safetensors"),
    .init(name: "vit_classifier", checkpoint: "augreg_npz/vit.npz"),
    .init(name: "vit_classifier", checkpoint: "augreg_npz_optimizer/vit.npz"),
  ]

  /// Cases from `Tools/golden/make_families.py`.
  static let families: [Case] =
    [
      "clipa", "metaclip2", "pe_core", "pe_core_gigantic", "eva02", "eva01", "eva02_enormous", "mobileclip2_large",
      "mobileclip_base", "timm_gap", "naflex_siglip2", "naflex_gap", "hf_roberta", "hf_coca_roberta", "hf_bert",
      "hf_nllb",
      "hf_nllb_siglip", "hf_mt5", "hf_modernbert", "modern_causal", "modern_map", "modern_plain", "siglip_i18n",
      "relpos", "resnet", "vitamin", "vitamin_without_positions",
    ].map {
      Case(name: $0, checkpoint: "openclip/open_clip_model.safetensors", group: "families")
    } + [
      Case(name: "siglip2_hf", checkpoint: "hf/model.safetensors", group: "families"),
      Case(name: "tipsv2", checkpoint: "hf/model.safetensors", group: "families"),
      Case(name: "tipsv2_swiglu", checkpoint: "hf/model.safetensors", group: "families"),
      Case(
        name: "siglip2_hf", checkpoint: "npz/naflex.npz", activation: (.geluTanh, .geluTanh), imageSize: 40,
        group: "families"),
    ]

  /// Cases from `Tools/golden/make_classifiers.py`.
  static let classifiers: [Case] =
    [
      "timm_max", "timm_max_norm_first", "timm_avgmax", "timm_avgmax_norm_first", "timm_map", "timm_rpn_max",
      "timm_mean_of_all", "timm_eva02", "timm_deit3",
    ].map {
      Case(name: $0, checkpoint: "timm/model.safetensors", group: "classifiers")
    }
    + [
      "hf_vit", "hf_vit_without_qkv_bias", "hf_deit", "hf_clip", "hf_dinov2", "hf_dinov2_swiglu", "hf_dinov2_registers",
      "hf_dinov2_registers_swiglu",
    ].map {
      Case(name: $0, checkpoint: "hf/model.safetensors", group: "classifiers")
    }

  /// Other arrays in the files: inputs, and those that follow from the others or are not the output of a block.
  private static let others: Set = [
    "pixel_values", "token_ids", "probabilities", "image0.trunk_norm", "image0.norm_cls", "image0.attn_pool",
    "image0.ln_post", "image0.ln_post_cls", "text.prompt0.ln_final", "official_last2.final",
  ]

  /// Every file with this machine's default; each model once with everything else it supports.
  private static let runs: [(Case, Arithmetic)] = {
    var seen: Set<String> = []
    return (cases + families + classifiers).flatMap { golden in
      let others = seen.insert(golden.name).inserted ? Arithmetic.all.filter { $0 != .standard } : []
      return ([.standard] + others).map { (golden, $0) }
    }
  }()

  @Test(arguments: runs)
  func towersGiveTheReferencesNumbers(_ golden: Case, _ arithmetic: Arithmetic) throws {
    let loaded = try golden.load(arithmetic), model = loaded.model
    let expected = try loaded.expected(golden.file), share = arithmetic.share * golden.products
    var compared: Set<String> = []
    func check(_ values: [Float], _ key: String, row: Int? = nil) {
      guard expected.arrays[key] != nil else { return }
      compared.insert(key)
      let distance = expected.distance(values, to: key, row: row, share: share)
      #expect(distance <= 1, "\(key) row \(row ?? 0): \(distance) times the tolerance")
    }
    defer {
      // Every array was compared.
      #expect(Set(expected.arrays.keys).subtracting(compared).subtracting(Self.others) == [])
      #expect(compared.count >= 3)
    }
    // The half-precision files contain only results: their inputs are those in forward.npz, or in the tanh file.
    let inputs =
      expected.arrays["pixel_values"] != nil
      ? expected : try loaded.expected(golden.name == "siglip" ? "forward_tanh.npz" : "forward.npz")
    let vision = try model.vision, size = vision.tower.image
    let pictures = (0..<2).map { index in
      PixelTensor(height: size.height, width: size.width, values: inputs["pixel_values"][index].floats)
    }

    // Image tower: the first picture's tokens before and after every block, from a batch of two.
    let width = vision.tower.blocks.width
    func tokens(_ rows: FloatBuffer, _ count: Int) -> [Float] {
      Array(UnsafeBufferPointer(start: rows.pointer, count: count * width))
    }
    let work = try vision.forward(
      pictures, PassRequest(layers: 0..<vision.blocks.count, parts: .tokens), engine: model.engine,
      observe: { check(tokens($0.output, $0.tokens), "image0.block\($0.layer)") },
      embedded: { check(tokens($0.x, $0.tokens), "image0.tokens_in") })
    let embeddings = vision.pool(work, engine: model.engine)
    for (index, embedding) in embeddings.enumerated() {
      check(embedding, "image_embeddings", row: index)
      check(normalised(embedding), "image_embeddings_norm", row: index)
      if model.architecture.isClassifier { check(embedding, "logits", row: index) }
    }
    guard model.architecture.text != nil else {
      return
    }

    // Text tower: every block of the first prompt, then all prompts at once.
    let ids = inputs["token_ids"]
    let prompts = (0..<ids.shape[0]).map { ids[$0].ints.map { Int32($0) } }
    let text = try model.text()
    _ = text.forward(
      [prompts[0]], places: text.tower.hidesPadding ? nil : [Array(prompts[0].indices)], engine: model.engine,
      observe: { layer, work in
        let values = Array(UnsafeBufferPointer(start: work.x.pointer, count: work.tokens * text.tower.blocks.width))
        check(values, layer < 0 ? "text.prompt0.tokens_in" : "text.prompt0.block\(layer)")
      })
    let texts = try model.textEmbeddings(tokens: prompts)
    for (index, embedding) in texts.enumerated() {
      check(embedding, "text_embeddings", row: index)
      check(normalised(embedding), "text_embeddings_norm", row: index)
    }
    check([model.logitScale], "logit_scale_exp")
    check([model.logitBias], "logit_bias")
    let logits = embeddings.flatMap { image in
      texts.map { model.logit(cosine: dot(normalised(image), normalised($0))) }
    }
    check(logits, "logits")
  }

  /// The mean of no tokens has no direction.
  @Test func aPromptOfPaddingAloneIsRefused() throws {
    let model = try GoldenModel("tipsv2", "hf/model.safetensors", group: "families").model
    let prompt: [Int32] = [5] + Array(repeating: 0, count: 11)
    #expect(try model.textEmbeddings(tokens: [prompt])[0].contains { $0 != 0 })
    #expect(throws: ModelError.self) { try model.textEmbeddings(tokens: [prompt, Array(repeating: 0, count: 12)]) }
  }

  @Test(arguments: ["openclip", "openclip_fp16"])
  func streamedWeightsGiveTheSameEmbeddings(_ checkpoint: String) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "zoo-streamed-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    try GoldenModel.convert(
      "clip_gelu", "\(checkpoint)/open_clip_model.safetensors", configuration: "openclip", to: folder)
    let file = checkpoint == "openclip" ? "forward.npz" : "forward_fp16.npz"
    let loaded = try GoldenModel("clip_gelu", "openclip/open_clip_model.safetensors")
    let inputs = try loaded.expected("forward.npz"), expected = try loaded.expected(file)
    let model = try ZooModel(directory: folder, algebra: Kernels(streams: true))
    let pixels = PixelTensor(height: 32, width: 32, values: inputs["pixel_values"][0].floats)
    #expect(expected.distance(try model.imageEmbeddings([pixels])[0], to: "image_embeddings", row: 0) <= 1)
    let ids = inputs["token_ids"][0].ints.map { Int32($0) }
    #expect(expected.distance(try model.textEmbeddings(tokens: [ids])[0], to: "text_embeddings", row: 0) <= 1)
  }

  @Test(arguments: ["clip_gelu", "siglip", "siglip2", "coca"])
  func promptsBecomeTheReferencesTokens(_ name: String) throws {
    let loaded = try GoldenModel(name, "openclip/open_clip_model.safetensors") {
      if name.hasPrefix("siglip") { $0.visionActivation = .gelu }
    }
    let file = try #require(try Golden.json("models/\(name)/case.json") as? [String: Any])
    let prompts = try #require(file["prompts"] as? [String])
    let forward = name == "siglip" ? "forward_erf.npz" : name == "siglip2" ? "forward_erf_tanh.npz" : "forward.npz"
    let ids = try loaded.expected(forward)["token_ids"]
    let tokenizer = try loaded.model.tokenizer()
    for (index, prompt) in prompts.enumerated() {
      #expect(tokenizer.encode(prompt).map { Int($0) } == ids[index].ints, "\(prompt)")
    }
  }
}
