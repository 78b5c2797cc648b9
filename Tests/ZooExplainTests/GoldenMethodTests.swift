import Foundation
import Testing
import ZooExplain
import ZooFixtures
import ZooImages
import ZooModels
import ZooRuntime
import ZooTestSupport

/// Every method that the paper compares, against the published code and automatic differentiation.
@Suite struct GoldenMethodTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var name: String
    var checkpoint = "openclip/open_clip_model.safetensors"
    var file = "baselines.npz"
    var arrays: Int
    /// The number of them that are compared in f32 only: TextSpan's values of heads and finished maps.
    var heads = 0
    var testDescription: String { name }
  }

  static let cases = [
    Case(name: "clip_gelu", arrays: 18, heads: 2), Case(name: "clip_quickgelu", arrays: 18, heads: 2),
    Case(name: "siglip", file: "baselines_erf.npz", arrays: 8),
    Case(name: "vit_classifier", checkpoint: "timm/model.safetensors", arrays: 11),
  ]

  /// The method for each array.
  static let methods: [(key: String, method: String, options: [String: String])] = [
    ("rollout.start0", "rollout", ["start-layer": "0"]),
    ("rollout.start1", "rollout", [:]),
    ("rollout_pooler.start0", "rollout", ["start-layer": "0"]),
    ("rollout_pooler.start1", "rollout", [:]),
    ("raw_attention", "raw-attention", [:]),
    ("attentioncam_eq10", "attentioncam", [:]),
    ("attentioncam_chefer", "attentioncam", ["form": "chefer"]),
    ("attentioncam_pooler", "attentioncam", [:]),
    ("chefercam.last_logit", "chefercam", [:]),
    ("chefercam.last_cosine", "chefercam", ["scaled": "no"]),
    ("chefercam.all_logit", "chefercam", ["start-layer": "0"]),
    ("chefercam.all_cosine", "chefercam", ["start-layer": "0", "scaled": "no"]),
    ("chefercam_rule10.normalised_logit", "chefercam", [:]),
    ("chefercam_rule10.normalised_cosine", "chefercam", ["scaled": "no"]),
    ("chefercam_rule10.plain_cosine", "chefercam", ["scaled": "no", "normalised": "no"]),
    ("textspan.heat", "textspan", ["background": "none"]),
    ("textspan.centred", "textspan", [:]),
    ("lrp_full", "lrp", [:]),
    ("lrp_partial", "partial-lrp", [:]),
    ("transformer_attribution.start0", "transformer-attribution", ["start-layer": "0"]),
    ("transformer_attribution.start1", "transformer-attribution", [:]),
  ]

  @Test(arguments: cases, Arithmetic.exact + Arithmetic.rounding)
  func mapsAreThoseOfThePublishedCode(_ golden: Case, _ arithmetic: Arithmetic) throws {
    let loaded = try ExplainedGolden(golden.name, golden.checkpoint, file: golden.file, sizes: ["native"], arithmetic)
    let expected = loaded.expected, picture = try #require(loaded.pictures["native"])
    let isExact = arithmetic.precision == .f32
    var comparison = MapComparison(expected, arithmetic), elsewhere: Set<String> = []
    for (key, method, options) in Self.methods {
      let name = "native.\(key)"
      guard let array = expected.arrays[name] else { continue }
      // In bf16 and int8 relevance is compared in `GoldenRelevanceTests`.
      if !isExact, GoldenMethodFamilyTests.Case.relevance.contains(method) {
        elsewhere.insert(name)
        continue
      }
      let maps = try loaded.maps(method, options, picture)
      let found = array.shape.count == 2 ? maps[0].values : maps.flatMap(\.values)
      if ["lrp_full", "lrp_partial"].contains(key) {
        // Denominators nearly cancel: in single precision, only the shape of the map is meaningful.
        let correlation = correlation(found, array.floats)
        #expect(correlation > 0.99, "\(name): correlation \(correlation)")
        elsewhere.insert(name)
      } else {
        comparison.check(found, name, maps: found.count / maps[0].values.count)
      }
    }
    for layer in 0..<(expected.arrays["native.gradcam_eq9.layers"]?.shape[0] ?? 0) {
      let maps = try loaded.maps("gradcam", ["layer": "\(layer)"], picture)
      comparison.check(
        maps.flatMap(\.values), "native.gradcam_eq9.layers", row: layer, maps: maps.count, isSteady: false)
    }
    if isExact, expected.arrays["native.textspan.final"] != nil {
      let maps = try loaded.maps("textspan", [:], picture)
      comparison.check(maps.flatMap { $0.pixels() }, "native.textspan.final", maps: maps.count)
    }
    if isExact, let heads = expected.arrays["native.textspan.per_head"] {
      let (layers, count) = (heads.shape[1], heads.shape[2])
      let prefix = try heads.shape[3] - loaded.maps("rollout", [:], picture)[0].grid.count
      for (layer, head) in [(0, 0), (layers - 1, count - 1)] {
        let maps = try loaded.maps("textspan", ["background": "none", "heads": "\(layer).\(head)"], picture)
        for (prompt, map) in maps.enumerated() {
          let want = heads[prompt][layer][head].floats.dropFirst(prefix)
          let tolerance = expected.tolerance(of: "native.textspan.per_head")
          #expect(
            map.values.count == want.count && zip(map.values, want).allSatisfy { abs($0 - $1) <= tolerance },
            "head \(layer).\(head)")
        }
      }
      elsewhere.insert("native.textspan.per_head")
    }
    let compared = comparison.compared.union(elsewhere)
    #expect(compared.count == golden.arrays - (isExact ? 0 : golden.heads))
    comparison.finish(atLeast: isExact ? 8 : 7)
  }

  @Test(arguments: ["clip_gelu", "clip_quickgelu"])
  func thePartsOfAPromptHaveThePublishedRelevance(_ name: String) throws {
    let loaded = try GoldenModel(name, "openclip/open_clip_model.safetensors"), model = loaded.model
    let expected = try loaded.expected("baselines.npz")
    let array = try loaded.expected("preprocess.npz")["image_a.native.tensor"]
    let picture = PixelTensor(height: array.shape[1], width: array.shape[2], values: array.floats)
    let embedding = try model.imageEmbeddings([picture])[0], explainer = Explainer(model: model)
    let file = try #require(try Golden.json("models/\(name)/case.json") as? [String: Any])
    let prompts = try #require(file["prompts"] as? [String])
    for (key, start) in [("last", nil), ("all", 0)] {
      for (index, prompt) in prompts.prefix(3).enumerated() {
        let found = try explainer.textRelevance(of: prompt, for: embedding, startLayer: start)
        let distance = expected.distance(found.tokens, to: "native.chefercam_text.\(key)_logit.prompt\(index)")
        #expect(distance <= 1, "\(key), prompt \(index): \(distance) times the tolerance")
        #expect(abs(found.parts.reduce(0) { $0 + $1.share } - 1) < 1e-5)
      }
    }
  }
}
