import Testing
import ZooExplain
import ZooFixtures
import ZooImages
import ZooModels
import ZooTestSupport

/// Maps of pictures with many shapes at once, compared with torch's autograd on transformers' Siglip2Model (`Tools/golden/make_siglip2.py`).
@Suite struct NaFlexMapTests {
  @Test(arguments: [LeGrad.Variant.official, .paper], Arithmetic.exact)
  func mapsHaveTheGridOfTheirPicture(_ variant: LeGrad.Variant, _ arithmetic: Arithmetic) throws {
    let golden = try GoldenModel(
      "siglip2_hf", "hf/model.safetensors", group: "families", algebra: arithmetic.algebra())
    let model = golden.model, key = variant.rawValue
    let expected = try golden.expected("naflex.npz"), grids = expected["grids"]
    let pictures = try (0..<grids.shape[0]).map { index in
      let array = expected["picture\(index)"]
      let image = Picture(width: array.shape[1], height: array.shape[0], pixels: array.ints.map { UInt8($0) })
      return try model.preprocess(image).tensor
    }
    #expect(Set(pictures.map { [$0.height, $0.width] }).count == 6, "two pictures have one size and run together")
    let directions = (0..<2).map { expected["texts"][$0].floats }
    let prompts = PreparedPrompts(
      prompts: ["one", "two"], embeddings: directions, directions: directions, empty: nil, absentBelow: nil)
    var explainer = Explainer(model: model, method: LeGrad(variant: variant))
    explainer.correction = nil
    let found = try explainer.explain(pictures, prompts)
    #expect(found.count == 7)
    for (index, explanation) in found.enumerated() {
      let grid = grids[index].ints, maps = explanation.prompts.map(\.heatmap)
      #expect(maps.allSatisfy { $0.grid == GridSize(height: grid[0], width: grid[1]) })
      let values = (0..<2).flatMap { layer in maps.flatMap { $0.layerValues[layer] } }
      let distance = expected.distance(values, to: "picture\(index).\(key)")
      #expect(distance <= 1, "picture \(index): \(distance) times the tolerance")
      #expect(expected.distance(explanation.embedding, to: "image_embeddings", row: index) <= 1)
    }
  }
}
