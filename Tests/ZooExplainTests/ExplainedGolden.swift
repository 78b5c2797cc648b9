import ZooExplain
import ZooFixtures
import ZooImages
import ZooModels
import ZooRuntime
import ZooTestSupport

/// A golden model with its pictures, and three prompts or classes with their background.
struct ExplainedGolden {
  let model: ZooModel
  let expected: GoldenModel.Expected
  /// By the name of their size.
  let pictures: [String: PixelTensor]
  let directions: [[Float]]
  let background: [[Float]]

  /// - Parameter file: The expected file.
  init(
    _ name: String, _ checkpoint: String, group: String = "models", file: String, sizes: [String],
    _ arithmetic: Arithmetic = .standard
  ) throws {
    let loaded = try GoldenModel(name, checkpoint, group: group, algebra: arithmetic.algebra()) {
      if name == "siglip" { ($0.visionActivation, $0.textActivation) = (.gelu, .gelu) }
    }
    model = loaded.model
    expected = try loaded.expected(file)
    let arrays = try loaded.expected("preprocess.npz")
    pictures = sizes.reduce(into: [:]) { pictures, size in
      let array = arrays["image_a.\(size).tensor"]
      pictures[size] = PixelTensor(height: array.shape[1], width: array.shape[2], values: array.floats)
    }
    if model.architecture.isClassifier {
      let count = model.architecture.embedding
      (directions, background) = ([0, 3, 7].map { index in (0..<count).map { $0 == index ? 1 : 0 } }, [])
    } else {
      let texts = try loaded.expected(name == "siglip" ? "forward_erf.npz" : "forward.npz")["text_embeddings_norm"]
      background = (0..<texts.shape[0]).map { texts[$0].floats }
      directions = Array(background.prefix(3))
    }
  }

  func maps(_ method: String, _ options: [String: String], _ picture: PixelTensor) throws -> [Heatmap] {
    let base = try HeatmapMethod(named: method, options: options).base
    let wanted = base.background == .prompts ? background : []
    return try base.explain([picture], prompts: directions, background: wanted, model: model)[0].heatmaps
  }
}

func correlation(_ a: [Float], _ b: [Float]) -> Double {
  let count = Double(a.count)
  let (x, y) = (a.map { Double($0) }, b.map { Double($0) })
  let (mx, my) = (x.reduce(0, +) / count, y.reduce(0, +) / count)
  let cross = zip(x, y).reduce(0) { $0 + ($1.0 - mx) * ($1.1 - my) }
  func spread(_ values: [Double], _ mean: Double) -> Double { values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } }
  return cross / (spread(x, mx) * spread(y, my)).squareRoot()
}
