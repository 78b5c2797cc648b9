import Testing
import ZooConvert
import ZooManifests
import ZooModels
import ZooTensors
import ZooTestSupport

/// Compares every registered architecture with the names and shapes of the reference models.
@Suite struct ManifestTests {
  /// The reference's tensors for one model, expanded.
  static func reference(_ name: String) throws -> [Headers.Entry] {
    let files = try ["tensor_shapes", "tensor_shapes_authors", "tensor_shapes_timm", "tensor_shapes_convolutions"].map {
      file in
      let file = try #require(try Golden.json("reference/\(file).json") as? [String: Any])
      return try #require(file["tensors"] as? [String: [String: Any]])
    }
    // An activation has no tensors.
    let names = [name, name.replacing("-quickgelu", with: "")]
    let tensors = try #require(
      names.lazy.compactMap { name in files.lazy.compactMap { $0[name] }.first }.first, "the reference has no \(name)")
    return tensors.flatMap { name, value -> [Headers.Entry] in
      func entry(_ name: String, _ shape: [Int]) -> Headers.Entry {
        Headers.Entry(name: name, dtype: name.hasSuffix("num_batches_tracked") ? .i64 : .f32, shape: shape)
      }
      if let shape = value as? [Int] { return [entry(name, shape)] }
      guard let group = value as? [String: Any], let shape = group["shape"] as? [Int],
        let count = group["count"] as? Int
      else { return [] }
      return (0..<count).map { entry(name.replacing("{N}", with: "\($0)"), shape) }
    }
  }

  @Test(arguments: Registry.builtIn.manifests.map(\.name))
  func aReferenceModelBecomesTheCanonicalTensorsWithoutRest(_ name: String) throws {
    let manifest = try #require(Registry.builtIn.manifest(name))
    let headers = Headers(try Self.reference(manifest.name))
    let layout = try detectLayout(headers, path: manifest.name)
    let plan = makePlan(layout, manifest.architecture, headers)
    #expect(plan.problems == [])
    #expect(plan.rows.map(\.target) == manifest.architecture.tensors.map(\.name))
    #expect(
      plan.dropped.allSatisfy {
        ["text_decoder.*", "*.num_batches_tracked", "*.embeddings.mask_token", "*.mask_token", "temperature"].contains(
          $0.rule)
      })
    #expect(plan.usedCount + plan.dropped.count == headers.entries.count)
    #expect(candidates(layout, headers, .builtIn).contains(manifest))
    #expect(manifest.verified?.shapes != nil, "this test is what it stands for")
  }

  @Test func theDefaultSpellingOfTheNativeLayoutIsTheReferences() throws {
    let architecture = try #require(Registry.builtIn.manifest("ViT-B-32")).architecture
    let specs = try #require(CheckpointLayout.named("openclip")).sourceTensors(of: architecture)
    let expected = Dictionary(uniqueKeysWithValues: try Self.reference("ViT-B-32").map { ($0.name, $0.shape) })
    #expect(Dictionary(uniqueKeysWithValues: specs.map { ($0.name, $0.shape) }) == expected)
  }
}
