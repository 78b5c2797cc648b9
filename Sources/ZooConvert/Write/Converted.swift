import Foundation
import ZooCheckpoints
import ZooModels
import ZooTensors

extension ModelDescription {
  /// True for a model that the same conversion has made before: of the same bytes, with the same result.
  ///
  /// - Parameters:
  ///   - folder: The model's directory. Its weights are not read; only their names, types and shapes are compared.
  ///   - plan: From `makePlan` for the checkpoint.
  public func isResult(
    of plan: ConversionPlan, of model: IdentifiedModel, from checkpoint: Checkpoint, in folder: String
  ) -> Bool {
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
