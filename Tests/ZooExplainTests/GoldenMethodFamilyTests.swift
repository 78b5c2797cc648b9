import Testing
import ZooExplain
import ZooFixtures
import ZooImages
import ZooModels
import ZooRuntime
import ZooTestSupport

/// Every method on every kind of block and pooler, on pictures of two sizes, compared with automatic differentiation of the original modules
/// (`Tools/golden/make_methods.py`).
@Suite struct GoldenMethodFamilyTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var name: String
    var group = "models"
    var size = "large"
    var checkpoint = "openclip/open_clip_model.safetensors"
    /// The methods that are undefined for the model.
    var undefined: Set<String>
    var testDescription: String { name }

    static let relevance: Set = ["lrp", "partial-lrp", "transformer-attribution"]
  }

  static let cases: [Case] = {
    let relevance = Case.relevance, patches = relevance.union(["textspan"]), pooler = patches.union(["gem"])
    return [
      Case(name: "clip_gelu", size: "rect", undefined: []),
      Case(name: "clip_layerscale", undefined: relevance),
      Case(name: "clip_h14style", undefined: []),
      Case(name: "coca", undefined: pooler),
      Case(name: "siglip", size: "rect", undefined: pooler),
      Case(name: "vit_classifier", checkpoint: "timm/model.safetensors", undefined: ["gem"]),
      Case(name: "clipa", group: "families", undefined: patches),
      Case(name: "pe_core", group: "families", undefined: pooler),
      Case(name: "eva02", group: "families", undefined: patches),
      Case(name: "eva01", group: "families", undefined: []),
      Case(name: "eva02_enormous", group: "families", undefined: pooler),
      Case(name: "mobileclip_base", group: "families", undefined: ["lrp"]),
      Case(name: "timm_gap", group: "families", undefined: patches),
      Case(name: "naflex_gap", group: "families", undefined: patches),
      Case(name: "naflex_siglip2", group: "families", undefined: pooler),
      Case(name: "relpos", group: "families", undefined: relevance),
      Case(name: "vitamin", group: "families", undefined: patches),
      Case(
        name: "hf_dinov2_registers", group: "classifiers", checkpoint: "hf/model.safetensors",
        undefined: patches.union(["gem"])),
      Case(name: "resnet", group: "families", undefined: pooler.union(["rollout"])),
    ]
  }()

  /// The method for each array.
  static let methods: [(key: String, method: String, options: [String: String])] = [
    ("rollout.start0", "rollout", ["start-layer": "0"]),
    ("rollout.start1", "rollout", [:]),
    ("raw_attention", "raw-attention", [:]),
    ("attentioncam.paper", "attentioncam", [:]),
    ("attentioncam.chefer", "attentioncam", ["form": "chefer"]),
    ("chefercam.last", "chefercam", [:]),
    ("chefercam.all", "chefercam", ["start-layer": "0"]),
    ("chefercam.pooler", "chefercam", [:]),
    ("textspan.heat", "textspan", ["background": "none"]),
    ("textspan.centred", "textspan", [:]),
    ("gem", "gem", [:]),
    ("legrad.no_relu.layers", "legrad", ["relu": "no"]),
    ("legrad.final_score.layers", "legrad", ["final-score": "yes"]),
  ]

  /// Arrays for which large values of both signs cancel, or whose values are nearly equal: in one golden, GEM's differ by 2 %.
  private static let unsteady: Set = ["gradcam.layers", "gem", "legrad.final_score.layers"]

  private func load(_ golden: Case, _ arithmetic: Arithmetic = .standard) throws -> ExplainedGolden {
    try ExplainedGolden(
      golden.name, golden.checkpoint, group: golden.group, file: "methods.npz", sizes: ["native", golden.size],
      arithmetic)
  }

  @Test(arguments: cases, Arithmetic.exact + Arithmetic.rounding)
  func mapsAreThoseOfAutomaticDifferentiation(_ golden: Case, _ arithmetic: Arithmetic) throws {
    let loaded = try load(golden, arithmetic), expected = loaded.expected
    var comparison = MapComparison(expected, arithmetic), compared: Set<String> = []
    func check(_ found: [Float], _ patches: Int, _ size: String, _ key: String) {
      comparison.check(
        found, "\(size).\(key)", maps: found.count / patches, isSteady: !Self.unsteady.contains(key))
    }
    for (size, picture) in loaded.pictures {
      for (key, method, options) in Self.methods {
        guard let array = expected.arrays["\(size).\(key)"] else { continue }
        let maps = try loaded.maps(method, options, picture)
        let found =
          key.hasSuffix(".layers")
          ? maps.flatMap { $0.layerValues.flatMap { $0 } }
          : array.shape.count == 1 ? maps[0].values : maps.flatMap(\.values)
        check(found, maps[0].values.count, size, key)
        compared.insert(method)
      }
      let gradcam = try #require(expected.arrays["\(size).gradcam.layers"])
      let layers = try (0..<gradcam.shape[1]).map { try loaded.maps("gradcam", ["layer": "\($0)"], picture) }
      check(
        loaded.directions.indices.flatMap { prompt in layers.flatMap { $0[prompt].values } },
        layers[0][0].values.count, size, "gradcam.layers")
    }
    #expect(comparison.compared == Set(expected.arrays.keys))
    comparison.finish(atLeast: 10)
    // LRP's family needs published rules, which `GoldenMethodTests` compares with.
    let elsewhere = Case.relevance.union(golden.name == "vit_classifier" ? ["gradcam", "textspan"] : ["gradcam"])
    let all = Set(HeatmapMethod.all.map(\.id))
    #expect(compared == all.subtracting(golden.undefined).subtracting(elsewhere))
  }

  @Test(arguments: cases)
  func whatIsNotDefinedSaysWhyAndWhatRuns(_ golden: Case) throws {
    let model = try load(golden).model, defined = HeatmapMethod.defined(on: model).map(\.id)
    #expect(Set(HeatmapMethod.all.map(\.id)).subtracting(defined) == golden.undefined)
    for id in golden.undefined {
      let method = try HeatmapMethod(named: id), width = model.architecture.embedding
      let picture = PixelTensor(height: 64, width: 64, values: .init(repeating: 0, count: 3 * 64 * 64))
      let error = #expect(throws: MethodError.self) {
        _ = try method.explain([picture], directions: [[Float](repeating: 0, count: width)], model: model)
      }
      guard case .undefined(id, _, let reason, defined) = error else {
        Issue.record("\(String(describing: error))")
        continue
      }
      #expect(!reason.isEmpty && error?.description.hasSuffix(defined.joined(separator: ", ")) == true)
      #expect(method.obstacle(on: model) == error)
    }
  }
}
