import Foundation
import Testing
import ZooExplain
import ZooFixtures
import ZooImages
import ZooModels
import ZooRuntime
import ZooTestSupport

/// Per-layer values and final maps, compared with the authors' package and automatic differentiation.
@Suite struct GoldenHeatmapTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var name: String
    var checkpoint = "openclip/open_clip_model.safetensors"
    var file = "heatmaps.npz"
    var activation: (Activation, Activation)?
    var group = "models"
    var testDescription: String { "\(name) \(file)" }
    /// False for a maximum over patches: where two are nearly equal, rounding decides which one it takes.
    var isSteady: Bool { !name.contains("max") }

    func load(_ arithmetic: Arithmetic = .standard) throws -> GoldenModel {
      try GoldenModel(name, checkpoint, group: group, algebra: arithmetic.algebra()) { options in
        if let activation { (options.visionActivation, options.textActivation) = (activation.0, activation.1) }
      }
    }
  }

  /// The method for each key in the golden files.
  static let methods: [(key: String, method: LeGrad)] = [
    ("mean_cosine", LeGrad(variant: .official)),
    ("mean_dot", LeGrad(variant: .official, score: .dot)),
    ("mean_logit", LeGrad(variant: .official)),
    ("patch_mean_cosine", LeGrad(tokens: .patches)),
    ("patch_mean_logit", LeGrad(tokens: .patches)),
    ("cls_dot", LeGrad(variant: .paper)),
    ("cls_logit", LeGrad(variant: .paper)),
    ("cls_cosine", LeGrad(variant: .paper, score: .cosine)),
    ("official", LeGrad(variant: .official)),
    ("paper", LeGrad(variant: .paper)),
    ("paper_cosine", LeGrad(variant: .paper, score: .cosine)),
    ("normed_cosine", LeGrad(variant: .paper, score: .cosine)),
    ("paper_normed_dot", LeGrad(variant: .paper)),
    ("model_cosine", LeGrad(variant: .paper, score: .cosine)),
  ]

  static let finals: [(key: String, method: LeGrad)] = [
    ("official_all", LeGrad()),
    ("official_last2", LeGrad(layers: .last(2))),
    ("patch_mean_all", LeGrad(tokens: .patches)),
    ("paper_cls_dot_all", LeGrad(variant: .paper)),
    ("cls_cosine_last2", LeGrad(variant: .paper, layers: .last(2), score: .cosine)),
    ("model_cosine_all", LeGrad(variant: .paper, score: .cosine)),
    ("mean_logit_all", LeGrad()),
    ("cls_logit_all", LeGrad(variant: .paper)),
    ("official_all.uncorrected", LeGrad()),
    ("official_last2.uncorrected", LeGrad(layers: .last(2))),
  ]

  static let cases: [Case] =
    [
      Case(name: "clip_gelu"), Case(name: "clip_quickgelu"), Case(name: "clip_layerscale"), Case(name: "clip_h14style"),
      Case(name: "openai_jit", checkpoint: "openai/ViT-tiny.pt"), Case(name: "coca"),
      Case(name: "siglip", file: "heatmaps_erf.npz", activation: (.gelu, .gelu)),
      Case(name: "siglip", file: "heatmaps_tanh.npz", activation: (.geluTanh, .geluTanh)),
      Case(name: "siglip2", file: "heatmaps_erf_tanh.npz", activation: (.gelu, .geluTanh)),
      Case(name: "vit_classifier", checkpoint: "timm/model.safetensors"),
      Case(name: "clipa", group: "families"), Case(name: "metaclip2", group: "families"),
      Case(name: "pe_core", group: "families"), Case(name: "pe_core_gigantic", group: "families"),
      Case(name: "eva02", group: "families"), Case(name: "eva01", group: "families"),
      Case(name: "eva02_enormous", group: "families"), Case(name: "mobileclip2_large", group: "families"),
      Case(name: "mobileclip_base", group: "families"), Case(name: "timm_gap", group: "families"),
      Case(name: "naflex_siglip2", group: "families"), Case(name: "naflex_gap", group: "families"),
      Case(name: "hf_roberta", group: "families"), Case(name: "hf_coca_roberta", group: "families"),
      Case(name: "hf_bert", group: "families"), Case(name: "hf_nllb", group: "families"),
      Case(name: "hf_nllb_siglip", group: "families"), Case(name: "hf_mt5", group: "families"),
      Case(name: "hf_modernbert", group: "families"), Case(name: "modern_causal", group: "families"),
      Case(name: "modern_map", group: "families"),
      Case(name: "siglip_i18n", group: "families"),
      Case(name: "relpos", group: "families"), Case(name: "resnet", group: "families"),
      Case(name: "tipsv2", checkpoint: "hf/model.safetensors", group: "families"),
      Case(name: "tipsv2_swiglu", checkpoint: "hf/model.safetensors", group: "families"),
      Case(name: "vitamin", group: "families"), Case(name: "vitamin_without_positions", group: "families"),
    ]
    + [
      "timm_max", "timm_max_norm_first", "timm_avgmax", "timm_avgmax_norm_first", "timm_map", "timm_rpn_max",
      "timm_mean_of_all", "timm_eva02", "timm_deit3",
    ].map { Case(name: $0, checkpoint: "timm/model.safetensors", group: "classifiers") }
    + [
      "hf_vit", "hf_vit_without_qkv_bias", "hf_deit", "hf_clip", "hf_dinov2", "hf_dinov2_swiglu",
      "hf_dinov2_registers", "hf_dinov2_registers_swiglu",
    ].map {
      Case(name: $0, checkpoint: "hf/model.safetensors", group: "classifiers")
    }

  @Test(arguments: cases, Arithmetic.exact)
  func mapsAreTheReferencesAtEverySize(_ golden: Case, _ arithmetic: Arithmetic) throws {
    let loaded = try golden.load(arithmetic)
    try compare(golden, loaded, arithmetic)
    loaded.model.pack()
    try compare(golden, loaded, arithmetic)
  }

  @Test(arguments: cases, Arithmetic.rounding)
  func roundedProductsGiveNearlyTheReferencesMaps(_ golden: Case, _ arithmetic: Arithmetic) throws {
    try compare(golden, golden.load(arithmetic), arithmetic)
  }

  /// Compares the values of all layers in the expected file and, in f32, its finished maps.
  private func compare(_ golden: Case, _ loaded: GoldenModel, _ arithmetic: Arithmetic) throws {
    let model = loaded.model, isExact = arithmetic.precision == .f32
    let expected = try loaded.expected(golden.file), inputs = try loaded.expected("preprocess.npz")
    let prompts = try prompts(of: expected, model: model, classes: [0, 3, 7])
    var comparison = MapComparison(expected, arithmetic)
    for size in ["native", "large", "rect", "odd"] {
      guard let array = inputs.arrays["image_a.\(size).tensor"] else { continue }
      let picture = PixelTensor(height: array.shape[1], width: array.shape[2], values: array.floats)
      func maps(_ method: LeGrad) throws -> [Heatmap] {
        try method.explain([picture], prompts: prompts, model: model)[0].heatmaps
      }
      if isExact, expected.arrays["\(size).image_embedding"] != nil {
        let embedding = try model.imageEmbeddings([picture])[0]
        #expect(expected.distance(embedding, to: "\(size).image_embedding") <= 1)
      }
      for (key, method) in Self.methods {
        let name = "\(size).\(key).layers"
        guard let want = expected.arrays[name] else { continue }
        let found = try maps(method)
        #expect(found.allSatisfy { $0.layerValues.count == want.shape[0] })
        for layer in 0..<want.shape[0] {
          comparison.check(
            found.flatMap { $0.layerValues[layer] }, name, row: layer, maps: found.count, isSteady: golden.isSteady)
        }
      }
      for (key, method) in Self.finals where isExact {
        let name = "\(size).\(key).final"
        guard expected.arrays[name] != nil else { continue }
        comparison.check(try maps(method).flatMap { $0.pixels() }, name, maps: prompts.count)
      }
    }
    // Corrected maps are tested in `theEmptyPromptCorrectionIsTheAuthors`; zoo does not merge prompts.
    let wanted = expected.arrays.keys.filter {
      $0.hasSuffix(".layers")
        || isExact && $0.hasSuffix(".final") && !$0.contains(".corrected.") && !$0.contains(".merged_prompts.")
    }
    #expect(comparison.compared == Set(wanted))
    comparison.finish(atLeast: 2)
  }

  @Test(arguments: [
    Case(name: "siglip", file: "heatmaps_erf.npz", activation: (.gelu, .gelu)),
    Case(name: "siglip", file: "heatmaps_tanh.npz", activation: (.geluTanh, .geluTanh)),
    Case(name: "siglip2", file: "heatmaps_erf_tanh.npz", activation: (.gelu, .geluTanh)),
  ])
  func theEmptyPromptCorrectionIsTheAuthors(_ golden: Case) throws {
    let loaded = try golden.load(), model = loaded.model
    let expected = try loaded.expected(golden.file), inputs = try loaded.expected("preprocess.npz")
    let methods: [(String, LeGrad)] = [
      ("official_all", LeGrad()), ("official_last2", LeGrad(layers: .last(2))),
      ("normed_cosine_all", LeGrad(variant: .paper, score: .cosine)), ("paper_normed_dot_all", LeGrad(variant: .paper)),
    ]
    var compared = 0
    for size in ["native", "large", "rect"] {
      guard let array = inputs.arrays["image_a.\(size).tensor"] else { continue }
      let picture = PixelTensor(height: array.shape[1], width: array.shape[2], values: array.floats)
      for (key, method) in methods {
        let name = "\(size).\(key).corrected.final"
        guard expected.arrays[name] != nil else { continue }
        var explainer = Explainer(model: model, method: method)
        #expect(explainer.correction == Correction(prompt: "a photo of a", threshold: 0.8))
        let prompts = try explainer.prepare(["a photo of a cat", "a red car on the street", "two zebras & an elephant"])
        let maps = try explainer.explain([picture], prompts)[0].prompts.map(\.heatmap)
        let distance = expected.distance(maps.flatMap { $0.pixels() }, to: name)
        #expect(distance <= 1, "\(name): \(distance) times the tolerance")
        compared += 1
        explainer.correction = nil
        let plain = try explainer.explain([picture], prompts)[0].prompts.map(\.heatmap)
        #expect(plain.map(\.values) != maps.map(\.values))
      }
    }
    #expect(compared >= 4)
  }

  @Test func halfPrecisionFilesGiveTheMapsOfTheirRoundedWeights() throws {
    for half in ["fp16", "bf16"] {
      let loaded = try GoldenModel(
        "clip_gelu", "openclip_\(half)/open_clip_model.safetensors", configuration: "openclip")
      let expected = try loaded.expected("forward_\(half).npz")
      let array = try loaded.expected("preprocess.npz")["image_a.native.tensor"]
      let picture = PixelTensor(height: array.shape[1], width: array.shape[2], values: array.floats)
      let texts = (0..<3).map { normalised(expected["text_embeddings"][$0].floats) }
      let maps = try LeGrad(layers: .last(2)).explain([picture], prompts: texts, model: loaded.model)[0].heatmaps
      #expect(expected.distance(maps.flatMap { $0.pixels() }, to: "official_last2.final") <= 1)
    }
  }

  @Test func picturesInABatchAndPromptsTogetherGiveTheSameMapsAsAlone() throws {
    let loaded = try Case(name: "clip_gelu").load(), model = loaded.model
    let inputs = try loaded.expected("preprocess.npz"), expected = try loaded.expected("heatmaps.npz")
    let pictures = ["image_a", "image_b"].map { name in
      let array = inputs["\(name).native.tensor"]
      return PixelTensor(height: array.shape[1], width: array.shape[2], values: array.floats)
    }
    let prompts = try prompts(of: expected, model: model, classes: [])
    let together = try LeGrad().explain(pictures, prompts: prompts, model: model)
    for (index, picture) in pictures.enumerated() {
      for (number, prompt) in prompts.enumerated() {
        let alone = try LeGrad().explain([picture], prompts: [prompt], model: model)[0].heatmaps[0]
        let both = zip(together[index].heatmaps[number].values, alone.values)
        let scale = alone.values.max() ?? 0
        #expect(scale > 0)
        #expect(both.allSatisfy { abs($0 - $1) <= 1e-5 * scale })
      }
    }
  }

  @Test func aMapThatIsTheSameEverywhereIsZeroAndFlagged() throws {
    let loaded = try Case(name: "clip_gelu").load(), model = loaded.model
    let array = try loaded.expected("preprocess.npz")["image_a.native.tensor"]
    let picture = PixelTensor(height: array.shape[1], width: array.shape[2], values: array.floats)
    // A text embedding of zeros has no direction: the official code gives NaN.
    let zero = [Float](repeating: 0, count: model.architecture.embedding)
    let map = try LeGrad(score: .dot).explain([picture], prompts: [zero], model: model)[0].heatmaps[0]
    #expect(map.isFlat && map.energy == 0)
    #expect(map.pixels().allSatisfy { $0 == 0 })
  }

  private func prompts(of expected: GoldenModel.Expected, model: ZooModel, classes: [Int]) throws -> [[Float]] {
    if model.architecture.isClassifier {
      return classes.map { index in (0..<model.architecture.embedding).map { $0 == index ? 1 : 0 } }
    }
    let texts = expected["text_embeddings_norm"]
    return (0..<3).map { texts[$0].floats }
  }
}
