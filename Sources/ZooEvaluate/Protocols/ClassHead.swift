import ZooExplain
import ZooRuntime

extension Explainer {
  /// The direction of each class: the normalised mean of the normalised embeddings of its name in all templates.
  ///
  /// Of a classifier, the classes are those of the model with these names.
  ///
  /// Throws `EvaluateError.templateWithoutPlace`, and `ExplainError.noClassCalled` where a classifier lacks a class.
  public func head(_ classes: [String], templates: [String]) throws -> PreparedPrompts {
    for template in templates where !template.contains("{}") { throw EvaluateError.templateWithoutPlace(template) }
    if model.architecture.isClassifier {
      return try prepare(classNames: classes)
    }
    let prompts = classes.flatMap { name in templates.map { $0.replacing("{}", with: name) } }
    let all = try prepare(prompts)
    guard templates.count > 1 else { return all }
    func means(_ vectors: [[Float]]) -> [[Float]] {
      classes.indices.map { index in
        let own = vectors[index * templates.count..<(index + 1) * templates.count]
        return normalised(own.dropFirst().reduce(own.first ?? []) { sum, vector in zip(sum, vector).map { $0 + $1 } })
      }
    }
    return PreparedPrompts(
      prompts: classes, embeddings: means(all.embeddings), directions: means(all.directions), empty: all.empty,
      absentBelow: all.absentBelow)
  }
}

/// Sentences that class names are put into, at `{}`.
public enum PromptTemplates {
  public static let plain = ["a photo of a {}"]
}
