import ZooExplain
import ZooRuntime

extension Explainer {
  /// The direction of each class: the normalised mean of the normalised embeddings of its name in all templates.
  ///
  /// For a classifier, the classes are those of the model with these names, or with these indices.
  ///
  /// - Parameters:
  ///   - areImageNets: Whether the classes are ImageNet's 1000 in order, as in every classifier with 1000 classes for it.
  ///   - done: Called with the number of classes done if there are several templates; throwing ends the work.
  ///
  /// Throws `ExplainError.noClassCalled` if a classifier lacks a class.
  package func head(
    _ classes: [String], templates: [String], areImageNets: Bool = false, done: (Int) throws -> Void = { _ in }
  ) throws -> PreparedPrompts {
    if model.architecture.isClassifier {
      let isByPlace = areImageNets && model.architecture.embedding == classes.count
      return try isByPlace ? prepare(classes: Array(classes.indices)) : prepare(classNames: classes)
    }
    guard templates.count > 1, let first = classes.first else {
      return try prepare(classes.map { name in templates[0].replacing("{}", with: name) })
    }
    // Shared by all prompts: the prompt that names nothing, and the mean of the negatives.
    let shared = try prepare([first])
    let negative = zip(shared.embeddings[0], shared.directions[0]).map { $0 - $1 }
    let embeddings = try model.textEmbeddings(of: classes, in: templates, done: done)
    return PreparedPrompts(
      prompts: classes, embeddings: embeddings,
      directions: negatives.isEmpty ? embeddings : embeddings.map { zip($0, negative).map { $0 - $1 } },
      empty: shared.empty, absentBelow: shared.absentBelow)
  }
}
