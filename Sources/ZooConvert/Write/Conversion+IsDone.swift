import Foundation
import ZooCheckpoints
import ZooModels
import ZooTensors

extension Conversion {
  /// Whether a folder holds what this conversion would write: made from the same bytes, with the same result.
  ///
  /// - Parameter folder: The model's folder. Its weights are not read; only their names, types and shapes are compared.
  package func isDone(in folder: String) -> Bool {
    let file = joinPath(folder, ModelDescription.fileName)
    guard let there = try? ModelDescription.read(file: file) else { return false }
    return there.isResult(of: self, in: folder)
  }
}

extension ModelDescription {
  fileprivate func isResult(of conversion: Conversion, in folder: String) -> Bool {
    let (checkpoint, model, plan) = (conversion.checkpoint, conversion.model, conversion.plan)
    guard architecture == model.architecture, tag == model.tag, preprocessing == model.preprocessing,
      layout == model.layout.name, labels == model.labels, tokenizerFiles == model.tokenizerFiles.map(\.name),
      hasTokenizer(of: model), holds(plan.rows, in: folder)
    else { return false }
    let files = checkpoint.files
    guard files.count == sources.count else { return false }
    return zip(files, sources).allSatisfy { path, source in
      guard let found = try? digest(ofFile: path) else { return false }
      return found.size == source.size && found.sha256 == source.sha256
    }
  }

  private func hasTokenizer(of model: IdentifiedModel) -> Bool {
    model.tokenizerFiles.allSatisfy { file in
      guard let data = file.contents, let known = tokenizerDigests?[file.name] else { return false }
      return "\(data.withUnsafeBytes(sha256))" == known
    }
  }

  private func holds(_ rows: [ConversionPlan.Row], in folder: String) -> Bool {
    guard let weights = try? Checkpoint.openAsStored(joinPath(folder, Self.weightsFileName)) else { return false }
    let found = Dictionary(weights.entries.map { ($0.name, $0) }) { first, _ in first }
    return found.count == rows.count
      && rows.allSatisfy { found["\($0.target)"]?.dtype == $0.dtype && found["\($0.target)"]?.shape == $0.shape }
  }
}
