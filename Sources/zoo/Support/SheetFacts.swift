import ZooExplain
import ZooModels

/// What a sheet says of how its maps were made.
struct SheetFacts {
  let lines: [String]

  init(_ explainer: Explainer) throws {
    let method = explainer.method, count = try explainer.model.vision.tower.blocks.layers
    let layers = try method.base.ownLayers(of: count).map { layers in
      layers.count == 1
        ? "layer \(layers.lowerBound) of \(count)"
        : "layers \(layers.lowerBound) to \(layers.upperBound - 1) of \(count)"
    }
    let correction = explainer.correction.map { "corrected: blank where \"\($0.prompt)\" is above \($0.threshold)" }
    let negatives = explainer.negatives.map { "\"\($0)\"" }.joined(separator: ", ")
    lines = [
      explainer.model.name, [method.displayName, layers].compactMap { $0 }.joined(separator: ": "),
      correction ?? "not corrected", negatives.isEmpty ? "" : "less \(negatives)",
    ].filter { !$0.isEmpty }
  }
}
