import Foundation
import Testing
import ZooFixtures
import ZooImages
import ZooModels
import ZooRuntime
import ZooTestSupport

/// Pictures of other sizes, as computed by the ecosystem that a checkpoint comes from.
@Suite struct GoldenPositionTests {
  private struct Cases: Decodable {
    struct Case: Decodable {
      struct Facts: Decodable { let atol: Double }
      let name, model, checkpoint: String
      let expected: [String: Facts]
    }
    let cases: [Case]
  }

  @Test(arguments: [
    ("transformers_clip", PositionResampling.bicubic, nil), ("transformers_siglip", .bicubic, nil),
    ("big_vision", .bilinearCorners, "openclip"), ("google_vit", .bilinear, nil),
  ])
  func positionsAreResampledAsTheSourceDoes(
    _ name: String, _ method: PositionResampling, _ configuration: String?
  ) throws {
    let golden = try Golden.arrays("positions/positions.npz")
    let cases = try JSONDecoder().decode(Cases.self, from: Data(try Golden.bytes("positions/case.json"))).cases
    let facts = try #require(cases.first { $0.name == name })
    let model = try GoldenModel(facts.model, facts.checkpoint, configuration: configuration) { options in
      if configuration != nil { (options.visionActivation, options.textActivation) = (.geluTanh, .geluTanh) }
    }.model
    #expect(model.architecture.vision?.resampling == method)
    // A second round shows that one size does not affect another.
    for grid in ["6x9", "3x2", "7x3", "6x9"] {
      let picture = try #require(golden["picture.\(grid)"]), key = "\(name).\(grid).embedding"
      let want = try #require(golden[key]), tolerance = try #require(facts.expected[key]).atol
      let pixels = PixelTensor(height: picture.shape[1], width: picture.shape[2], values: picture.floats)
      let got = try model.imageEmbeddings([pixels])[0]
      #expect(got.count == want.count)
      let distance = zip(got, want.doubles).map { abs(Double($0) - $1) }.max() ?? .infinity
      #expect(distance <= tolerance, "\(key): off by \(distance)")
    }
  }
}
