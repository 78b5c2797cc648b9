import Testing
import ZooFixtures
import ZooImages
import ZooModels
import ZooTestSupport

@testable import ZooRuntime

/// Pictures with many shapes, compared with transformers' Siglip2ImageProcessor (Pillow) and Siglip2Model (`Tools/golden/make_siglip2.py`).
@Suite struct NaFlexTests {
  /// The golden model, what is expected, and its pictures.
  private func load(_ checkpoint: String = "hf/model.safetensors") throws -> (
    model: ZooModel, expected: GoldenModel.Expected, pictures: [Picture]
  ) {
    let golden = try GoldenModel("siglip2_hf", checkpoint, group: "families") {
      if checkpoint.hasSuffix("npz") { $0.visionActivation = .geluTanh }
    }
    let expected = try golden.expected("naflex.npz")
    let pictures = (0..<expected["grids"].shape[0]).map { index in
      let array = expected["picture\(index)"]
      return Picture(width: array.shape[1], height: array.shape[0], pixels: array.ints.map { UInt8($0) })
    }
    #expect(pictures.count == 7)
    return (golden.model, expected, pictures)
  }

  @Test func sizesAreThoseOfTheSearch() throws {
    let sizes = try Golden.arrays("families/siglip2_hf/expected/naflex.npz")["sizes"]
    let rows = try #require(sizes)
    #expect(rows.shape == [305, 6])
    for row in 0..<rows.shape[0] {
      let values = rows[row].ints
      let size = NaFlex(patch: values[2], maxPatches: values[3]).size(height: values[0], width: values[1])
      #expect(size == GridSize(height: values[4], width: values[5]), "\(values)")
    }
  }

  @Test func pixelsAreTheProcessors() throws {
    let (model, expected, pictures) = try load()
    #expect(try model.preprocessing.naflex == NaFlex(patch: 8, maxPatches: 26))
    for (index, picture) in pictures.enumerated() {
      let want = expected["picture\(index).pixels"], tensor = try model.preprocess(picture).tensor
      #expect([3, tensor.height, tensor.width] == want.shape)
      #expect(tensor.values == want.floats, "picture \(index)")
      let grid = expected["grids"][index].ints
      #expect(try model.vision.grid(of: tensor) == GridSize(height: grid[0], width: grid[1]))
    }
  }

  /// Also from big_vision's file, for which pictures have as many patches as the table unless stated otherwise.
  @Test(arguments: ["hf/model.safetensors", "npz/naflex.npz"])
  func tokensAndEmbeddingsAreTheModels(_ checkpoint: String) throws {
    let (model, expected, pictures) = try load(checkpoint), vision = try model.vision
    var preprocessing = try model.preprocessing
    if checkpoint.hasSuffix("npz") {
      #expect(preprocessing.naflex == NaFlex(patch: 8, maxPatches: 9))
      preprocessing.naflex?.maxPatches = 26
      preprocessing.interpolation = .bilinear
      preprocessing.convention = .transformers
    }
    let tensors = pictures.map { preprocess($0, preprocessing).tensor }
    for (index, tensor) in tensors.enumerated() {
      let grid = vision.grid(of: tensor)
      func check(_ rows: FloatBuffer, _ key: String) {
        let values = Array(UnsafeBufferPointer(start: rows.pointer, count: grid.count * vision.tower.blocks.width))
        let distance = expected.distance(values, to: "picture\(index).\(key)")
        #expect(distance <= 1, "picture \(index) \(key): \(distance)")
      }
      check(vision.positionRows(grid), "positions")
      _ = try vision.forward(
        [tensor], PassRequest(layers: 0..<vision.blocks.count, parts: .tokens), engine: model.engine,
        observe: { check($0.output, "block\($0.layer)") }, embedded: { check($0.x, "block-1") })
    }
    for (index, embedding) in try model.imageEmbeddings(tensors).enumerated() {
      #expect(expected.distance(embedding, to: "image_embeddings", row: index) <= 1)
    }
  }

  /// One size for all was the only possibility before.
  @Test func aFixedSizeStaysPossible() throws {
    let (model, _, pictures) = try load()
    var preprocessing = try model.preprocessing
    preprocessing.scale(to: GridSize(height: 24, width: 40))
    for picture in pictures {
      let tensor = preprocess(picture, preprocessing).tensor
      #expect(GridSize(height: tensor.height, width: tensor.width) == GridSize(height: 24, width: 40))
    }
  }

  /// Labels and crops follow a picture's own size.
  @Test func labelsLieOverTheirPicture() throws {
    let (model, expected, pictures) = try load()
    let loader = PictureLoader(preprocessing: try model.preprocessing)
    for (index, picture) in pictures.enumerated() {
      let loaded = loader.load(picture), grid = expected["grids"][index].ints
      #expect(loaded.source.shareCutAway == 0)
      let labels = Picture(
        width: picture.width, height: picture.height, mode: .l,
        pixels: [UInt8](repeating: 7, count: picture.width * picture.height))
      let fitted = try #require(loader.fit(labels: labels, to: loaded.source))
      #expect([fitted.height, fitted.width] == grid.map { 8 * $0 })
    }
  }
}
