import Foundation
import Testing
import ZooExplain
import ZooFixtures
import ZooImages
import ZooRuntime
import ZooTestSupport

/// Relevance in the original implementations: the LRP family on several picture sizes (`Tools/golden/make_relevance.py`), and CheferCAM on text
/// towers (`Tools/golden/make_text_relevance.py`).
@Suite struct GoldenRelevanceTests {
  static let cases = [
    GoldenMethodFamilyTests.Case(name: "clip_gelu", size: "rect", undefined: []),
    GoldenMethodFamilyTests.Case(name: "clip_gelu", size: "odd", undefined: []),
    GoldenMethodFamilyTests.Case(name: "clip_quickgelu", size: "rect", undefined: []),
    GoldenMethodFamilyTests.Case(name: "clip_quickgelu", size: "odd", undefined: []),
    GoldenMethodFamilyTests.Case(name: "clip_h14style", undefined: []),
    GoldenMethodFamilyTests.Case(name: "vit_classifier", checkpoint: "timm/model.safetensors", undefined: []),
    GoldenMethodFamilyTests.Case(name: "eva01", group: "families", undefined: []),
    GoldenMethodFamilyTests.Case(name: "mobileclip_base", group: "families", undefined: ["lrp"]),
  ]

  /// Some backends multiply by parts of the weights as they read them, others create separate matrices.
  @Test(arguments: cases, Arithmetic.exact)
  func relevanceIsThatOfTheOriginalCode(_ golden: GoldenMethodFamilyTests.Case, _ arithmetic: Arithmetic) throws {
    let compared = try compareAll(golden, arithmetic)
    #expect(compared == GoldenMethodFamilyTests.Case.relevance.subtracting(golden.undefined))
  }

  /// Relevance is divided by sums that nearly cancel. Even in f32 its error is up to 3 % of its spread, and more than 0.02 % for half of the arrays.
  /// bf16 rounds 2^15 times as coarsely, so that nothing is left of LRP. Of the other methods, the maps whose error in f32 is below 0.0004 % can
  /// be compared: those of two models.
  @Test(arguments: [cases[6], cases[7]], Arithmetic.rounding)
  func steadyRelevanceIsNearlyThatOfTheOriginalCode(
    _ golden: GoldenMethodFamilyTests.Case, _ arithmetic: Arithmetic
  ) throws {
    let loaded = try load(golden, arithmetic)
    var comparison = MapComparison(loaded.expected, arithmetic)
    for (size, picture) in loaded.pictures {
      for rules in ["original", "transformer"] {
        for (key, method, options) in Self.methods where key != "lrp" {
          let name = "\(size).\(key).\(rules)"
          let maps = try loaded.maps(method, options.merging(["rules": rules]) { $1 }, picture)
          #expect(maps.allSatisfy { $0.values.allSatisfy(\.isFinite) }, "\(name)")
          if !key.hasSuffix(".start0") {
            comparison.check(maps.flatMap(\.values), name, maps: maps.count, isSteady: false)
          }
        }
      }
    }
    comparison.finish(atLeast: 8)
  }

  @Test(arguments: Arithmetic.rounding)
  func lrpNeedsF32(_ arithmetic: Arithmetic) throws {
    let loaded = try load(Self.cases[6], arithmetic), picture = try #require(loaded.pictures["native"])
    let error = #expect(throws: MethodError.self) { _ = try loaded.maps("lrp", [:], picture) }
    #expect(error?.reason.contains("\(arithmetic.precision.rawValue) is too coarse") == true)
    #expect(HeatmapMethod.defined(on: loaded.model).map(\.id).contains("partial-lrp"))
  }

  private static let methods = [
    ("lrp", "lrp", [:]), ("partial-lrp", "partial-lrp", [:]),
    ("transformer-attribution.start0", "transformer-attribution", ["start-layer": "0"]),
    ("transformer-attribution.start1", "transformer-attribution", [:]),
  ]

  private func load(_ golden: GoldenMethodFamilyTests.Case, _ arithmetic: Arithmetic) throws -> ExplainedGolden {
    try ExplainedGolden(
      golden.name, golden.checkpoint, group: golden.group, file: "relevance.npz", sizes: ["native", golden.size],
      arithmetic)
  }

  private func compareAll(_ golden: GoldenMethodFamilyTests.Case, _ arithmetic: Arithmetic) throws -> Set<String> {
    let loaded = try load(golden, arithmetic)
    var compared: Set<String> = [], arrays: Set<String> = []
    for (size, picture) in loaded.pictures {
      for rules in ["original", "transformer"] {
        for (key, method, options) in Self.methods {
          let name = "\(size).\(key).\(rules)"
          guard let array = loaded.expected.arrays[name] else { continue }
          let maps = try loaded.maps(method, options.merging(["rules": rules]) { $1 }, picture)
          for (prompt, map) in maps.enumerated() {
            try compare(
              map, array[prompt], largest: array.floats.map(abs).max() ?? 0,
              tolerance: loaded.expected.tolerance(of: name), "\(name), prompt \(prompt)")
          }
          compared.insert(method)
          arrays.insert(name)
        }
      }
    }
    let own = loaded.expected.arrays.keys.filter { key in loaded.pictures.keys.contains { key.hasPrefix("\($0).") } }
    #expect(arrays == Set(own))
    return compared
  }

  /// Within the tolerance; if denominators nearly cancel, single precision only gives the shape of a map and its approximate magnitude.
  private func compare(
    _ map: Heatmap, _ array: GoldenArray, largest: Float, tolerance: Float, _ name: Comment
  ) throws {
    var want = array.floats
    if array.shape.count == 2 {  // A margin that the patches do not cover has no relevance.
      want = (0..<map.grid.height).flatMap { row in
        want[row * array.shape[1]..<row * array.shape[1] + map.grid.width]
      }
    }
    try #require(map.values.count == want.count, name)
    if tolerance <= largest / 1000 || want.allSatisfy({ $0 == 0 }) {
      let distance = zip(map.values, want).map { abs($0 - $1) }.max() ?? 0
      #expect(distance <= tolerance, name)
    } else {
      let correlation = correlation(map.values, want)
      #expect(correlation > 0.99, "\(name): correlation \(correlation)")
      let ratio = map.values.reduce(0) { $0 + abs($1) } / want.reduce(0) { $0 + abs($1) }
      #expect((0.95...1.05).contains(ratio), "\(name): \(ratio) times as large")
    }
  }

  @Test(arguments: ["clip_gelu", "clip_quickgelu", "clip_h14style", "clip_layerscale", "siglip", "siglip2"])
  func tokensHaveTheRelevanceOfTheOriginalCode(_ name: String) throws {
    let loaded = try GoldenModel(name, "openclip/open_clip_model.safetensors") {
      if name == "siglip" { ($0.visionActivation, $0.textActivation) = (.gelu, .gelu) }
      if name == "siglip2" { ($0.visionActivation, $0.textActivation) = (.gelu, .geluTanh) }
    }
    let forward = try loaded.expected(
      ["siglip": "forward_erf.npz", "siglip2": "forward_erf_tanh.npz"][name] ?? "forward.npz")
    let embedding = forward["image_embeddings"][0].floats, expected = try loaded.expected("text_relevance.npz")
    let file = try #require(try Golden.json("models/\(name)/case.json") as? [String: Any])
    let prompts = try #require(file["prompts"] as? [String]), explainer = Explainer(model: loaded.model)
    for (key, start) in [("last", nil), ("all", 0)] {
      for (index, prompt) in prompts.enumerated() {
        let found = try explainer.textRelevance(of: prompt, for: embedding, startLayer: start)
        let distance = expected.distance(found.tokens, to: "\(key).prompt\(index)")
        #expect(distance <= 1, "\(key), prompt \(index): \(distance) times the tolerance")
      }
    }
    #expect(expected.arrays.count == 2 * prompts.count)
  }
}
