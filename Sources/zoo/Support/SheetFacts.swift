import ZooExplain
import ZooModels

/// What a sheet says about how its maps were made, line by line.
func sheetFacts(_ explainers: [Explainer]) throws -> [String] {
  guard let first = explainers.first else { return [] }
  let count = try first.model.vision.tower.depth
  let methods = try explainers.map { explainer in
    let layers = try explainer.method.base.ownLayers(of: count).map { layers in
      let first = layers[0], last = layers[layers.count - 1]
      if layers.count == 1 { return "layer \(first) of \(count)" }
      let isWhole = layers.count == last - first + 1
      return "layers \(isWhole ? "\(first) to \(last)" : layers.map(String.init).joined(separator: ", ")) of \(count)"
    }
    return [explainer.method.displayName, layers].compactMap { $0 }.joined(separator: ": ")
  }
  let correction = first.correction.map { "corrected: blank where \"\($0.prompt)\" is above \($0.threshold)" }
  let negatives = first.negatives.map { "\"\($0)\"" }.joined(separator: ", ")
  return [
    first.model.name, methods.joined(separator: "; "), correction ?? "not corrected",
    negatives.isEmpty ? "" : "less \(negatives)",
  ].filter { !$0.isEmpty }
}
